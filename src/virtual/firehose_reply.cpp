#include "virtual/firehose_reply.h"

#include <string>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr std::size_t longest_log = 255;

Buffer packet(std::string_view body) {
  auto text = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n{}</data>", body);
  auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::string escaped(std::string_view text) {
  std::string result;
  for (auto c : text) {
    if (c == '"') {
      result += "&quot;";
    } else if (c == '<') {
      result += "&lt;";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

Buffer log_packet(std::string_view text) {
  return packet(fmt::format("<log value=\"{}\"/>\n", escaped(text.substr(0, longest_log))));
}

Buffer response_packet(bool ack, std::string_view attributes) {
  return packet(fmt::format("<response value=\"{}\" {}/>\n", ack ? "ACK" : "NAK", attributes));
}

}  // namespace modemedic::twin
