#include "operation/run_diag.h"

#include "protocol/diag.h"
#include "protocol/hdlc.h"

#include <algorithm>
#include <array>
#include <optional>
#include <variant>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration send_patience = 2s;

/// A busy modem may miss a request: it is asked again this often.
constexpr Duration ask_again_after = 1s;

/// The version among the frames that have come so far, if it is there.
std::optional<std::string> version_in(protocol::HdlcReader& reader) {
  while (auto frame = reader.next()) {
    if (auto* body = std::get_if<Buffer>(&*frame)) {
      if (auto version = protocol::diag::parse_version(*body)) {
        return version;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Result<void> send_diag(usb::Pipe& pipe, const Clock& clock, ByteView body) {
  TRY(pipe.send(protocol::hdlc_frame(body), usb::Zlp::never, Deadline::in(clock, send_patience)));
  return pipe.flush(Deadline::in(clock, send_patience));
}

Result<std::string> prove_diag(usb::Pipe& pipe, const Clock& clock, Deadline deadline) {
  protocol::HdlcReader reader;
  std::array<std::byte, 4096> buffer{};
  while (!deadline.passed(clock)) {
    TRY(send_diag(pipe, clock, protocol::diag::version_request()));
    auto round = std::min(deadline.at, Deadline::in(clock, ask_again_after).at);
    while (clock.now() < round) {
      auto received = pipe.receive(buffer, {round});
      if (!received && received.error().code == Code::timeout) {
        break;
      }
      TRY_ASSIGN(auto count, std::move(received));
      reader.feed(ByteView(buffer).first(count));
      if (auto version = version_in(reader)) {
        return *version;
      }
    }
  }
  return fail(Code::timeout)
      .what("the interface that looks like DIAG did not answer a version request")
      .hint("another program may hold the port, or the modem is busy: close other tools, power-cycle it and try again");
}

}  // namespace modemedic::operation
