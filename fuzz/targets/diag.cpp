// DIAG, both sides.

#include "protocol/diag.h"

#include "operation/run_diag.h"
#include "peer/peer_pipe.h"
#include "protocol/hdlc.h"
#include "virtual/diag_device.h"

using namespace modemedic;
using namespace modemedic::protocol;

namespace {

void host(fuzz::Input& input) {
  twin::SimulatedClock clock;
  auto speak = [&]() -> std::optional<Buffer> {
    auto what = input.u8();
    if (what == 0xE0) {
      return std::nullopt;
    }
    auto bytes = input.bytes();
    if (what < 0x80) {
      return hdlc_frame(bytes);
    }
    if (what < 0xC0) {  // a build id of any shape
      ByteWriter body(Endian::little);
      body.u8(0x7c).u8(input.u8()).u16(0).u32(input.u32()).u32(input.u32()).bytes(bytes);
      return hdlc_frame(body.take());
    }
    return Buffer(bytes.begin(), bytes.end());
  };
  fuzz::PeerPipe pipe(input, clock, {[](ByteView, auto&) {}, speak});
  auto deadline = Deadline::in(clock, std::chrono::seconds(3));
  auto answer = input.u8() % 2 == 0 ? operation::prove_diag(pipe, clock, deadline)
                                    : operation::ask_build_id(pipe, clock, deadline);
  fuzz::must(clock.now().time_since_epoch() < std::chrono::seconds(6), "the deadline holds");
  if (answer) {
    fuzz::must(printable(*answer, 100'000) == *answer, "what it tells can be printed");
  }
}

void device(ByteView bytes, std::size_t piece) {
  twin::DiagDevice device("EC25EFAR06A06M4G");
  for (auto rest = bytes; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    auto reply = device.feed(rest.first(std::min(piece, rest.size())));
    HdlcReader reader;
    reader.feed(reply.bytes);
    while (auto frame = reader.next()) {
      fuzz::must(std::holds_alternative<Buffer>(*frame), "it answers in whole frames");
    }
    if (reply.request) {
      break;
    }
  }
}

}  // namespace

MODEMEDIC_FUZZ(diag) {
  fuzz::Input input(bytes);
  auto what = input.u8() % 4;
  if (what == 0) {
    host(input);
  } else if (what == 1) {
    device(input.rest(), 1 + bytes.size() % 16);
  } else if (what == 2) {  // frames, so that it gets past the CRC
    Buffer frames;
    while (!input.empty()) {
      auto frame = hdlc_frame(input.bytes());
      frames.insert(frames.end(), frame.begin(), frame.end());
    }
    device(frames, 1 + bytes.size() % 16);
  } else {
    diag::parse_version(input.rest());
    diag::parse_build_id(input.rest());
  }
}
