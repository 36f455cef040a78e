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

using Parse = std::optional<std::string> (*)(ByteView body);

/// The answer among the frames that have come so far, if it is there.
std::optional<std::string> answer_in(protocol::HdlcReader& reader, Parse parse) {
  while (auto frame = reader.next()) {
    if (auto* body = std::get_if<Buffer>(&*frame)) {
      if (auto answer = parse(*body)) {
        return answer;
      }
    }
  }
  return std::nullopt;
}

/// Asks until `parse` finds the answer in what comes; frames of other kinds are dropped.
/// @return nothing when the deadline passed first
Result<std::optional<std::string>> ask_diag(usb::Pipe& pipe, const Clock& clock, ByteView request, Parse parse,
                                            Deadline deadline) {
  protocol::HdlcReader reader;
  std::array<std::byte, 4096> buffer{};
  while (!deadline.passed(clock)) {
    TRY(send_diag(pipe, clock, request));
    auto round = std::min(deadline.at, Deadline::in(clock, ask_again_after).at);
    while (clock.now() < round) {
      auto received = pipe.receive(buffer, {round});
      if (!received && received.error().code == Code::timeout) {
        break;
      }
      TRY_ASSIGN(auto count, std::move(received));
      reader.feed(ByteView(buffer).first(count));
      if (auto answer = answer_in(reader, parse)) {
        return answer;
      }
    }
  }
  return std::optional<std::string>();
}

}  // namespace

Result<void> send_diag(usb::Pipe& pipe, const Clock& clock, ByteView body) {
  TRY(pipe.send(protocol::hdlc_frame(body), usb::Zlp::never, Deadline::in(clock, send_patience)));
  return pipe.flush(Deadline::in(clock, send_patience));
}

Result<std::string> prove_diag(usb::Pipe& pipe, const Clock& clock, Deadline deadline) {
  TRY_ASSIGN(auto version,
             ask_diag(pipe, clock, protocol::diag::version_request(), protocol::diag::parse_version, deadline));
  if (!version) {
    return fail(Code::timeout)
        .what("the interface that looks like DIAG did not answer a version request")
        .hint(
            "another program may hold the port, or the modem is busy: close other tools, power-cycle it and try again");
  }
  return *version;
}

Result<std::string> ask_build_id(usb::Pipe& pipe, const Clock& clock, Deadline deadline) {
  TRY_ASSIGN(auto build_id,
             ask_diag(pipe, clock, protocol::diag::build_id_request(), protocol::diag::parse_build_id, deadline));
  if (!build_id) {
    return fail(Code::timeout)
        .what("DIAG did not answer the question for its build id")
        .hint("the modem may be busy: power-cycle it and try again");
  }
  return *build_id;
}

}  // namespace modemedic::operation
