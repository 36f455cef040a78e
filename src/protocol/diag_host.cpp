#include "protocol/diag_host.h"

#include <fmt/format.h>

namespace modemedic::protocol {

DiagHost::DiagHost(Question question) : question_(std::move(question)) {}

void DiagHost::feed(ByteView bytes) {
  reader_.feed(bytes);
  while (auto frame = reader_.next()) {
    auto* body = std::get_if<Buffer>(&*frame);
    // What came before the request was sent answers another one.
    if (!done_ && !failed_ && sent_ > 0 && body != nullptr && question_.is_answer(*body)) {
      answer_ = std::move(*body);
      done_ = true;
    }
  }
}

void DiagHost::timed_out() {
  if (done_) {
    return;
  }
  if (sent_ < question_.tries) {
    sends_ = true;
  } else {
    failed_ = true;
  }
}

DiagHost::Action DiagHost::next() {
  if (done_) {
    return Done{};
  }
  if (failed_) {
    return Failed{fail(Code::timeout)
                      .what("DIAG does not answer: " + printable(question_.what))
                      .hint("close other programs that use the port, power-cycle the modem and try again")};
  }
  if (sends_) {
    sends_ = false;
    ++sent_;
    return Send{hdlc_frame(question_.request), Zlp::never};
  }
  return Await{question_.patience};
}

}  // namespace modemedic::protocol
