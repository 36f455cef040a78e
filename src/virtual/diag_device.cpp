#include "virtual/diag_device.h"

#include <algorithm>
#include <array>

namespace modemedic::twin {

namespace {

constexpr std::byte bad_command{0x13};

Buffer version() {
  ByteWriter writer(Endian::little);
  writer.u8(0x00).text("Apr 21 2021", 11).text("15:42:43", 8).text("Apr 21 2021", 11).text("12:00:00", 8);
  writer.text("9607.gen", 8).fill(8);  // directory, then versions of parts that a twin doesn't have
  return writer.take();
}

Buffer build_id(const std::string& build) {
  ByteWriter writer(Endian::little);
  writer.u8(0x7C).fill(11).bytes(as_bytes(build)).u8(0).u8(0);
  return writer.take();
}

Buffer echo(ByteView body) {
  return {body.begin(), body.end()};
}

struct Switch {
  std::string_view body;  ///< in hex
  ModemRequest request;
};

constexpr std::array switches = {
    Switch{"4b 65 01 00", ModemRequest::edl},
    Switch{"3a", ModemRequest::download},
    Switch{"29 02 00", ModemRequest::restart},
};

constexpr std::size_t longest_known = 4;

}  // namespace

Buffer DiagDevice::answer(ByteView body, Reply& reply) {
  const auto asked = body.size() <= longest_known ? hex(body) : std::string();
  const auto* way = std::find_if(switches.begin(), switches.end(), [&](const Switch& s) { return s.body == asked; });
  if (way != switches.end()) {
    reply.request = way->request;
    return echo(body);
  }
  if (asked == "29 01 00") {
    reply.offline = true;
    return echo(body);
  }
  if (asked == "00") {
    return version();
  }
  if (asked == "7c") {
    return build_id(build_);
  }
  if (auto answered = files_.answer(body)) {
    return *answered;
  }
  auto refused = echo(body);
  refused.insert(refused.begin(), bad_command);
  return refused;
}

DiagDevice::Reply DiagDevice::feed(ByteView bytes) {
  Reply reply;
  // Seen both ways: a request with a flag in front got an answer with one, a bare one a bare one.
  auto leading_flag = !bytes.empty() && bytes.front() == std::byte{0x7E};
  reader_.feed(bytes);
  while (!reply.request) {
    auto frame = reader_.next();
    if (!frame) {
      break;
    }
    const auto* body = std::get_if<Buffer>(&*frame);
    if (body != nullptr && !body->empty()) {
      auto answered = protocol::hdlc_frame(answer(*body, reply), leading_flag);
      reply.bytes.insert(reply.bytes.end(), answered.begin(), answered.end());
    }
  }
  return reply;
}

}  // namespace modemedic::twin
