#include "operation/run_dload.h"

#include "operation/feed_machine.h"
#include "protocol/dload_host.h"
#include "protocol/hdlc.h"
#include "protocol/streaming_wire.h"

namespace modemedic::operation {

using protocol::dload::Listener;

namespace {

constexpr Duration send_patience = std::chrono::seconds(2);

}  // namespace

Result<Listener> ask_dload(usb::Pipe& pipe, const Clock& clock, Deadline deadline) {
  protocol::DloadHost host({});
  TRY(walk_machine(pipe, clock, host, deadline));
  return *host.listener();  // it is Done only when one has answered
}

Result<void> reset_download(usb::Pipe& pipe, const Clock& clock, Listener listener) {
  auto reset = listener == Listener::streaming ? protocol::streaming::reset()
                                               : protocol::dload::command(protocol::dload::Command::reset);
  TRY(pipe.send(protocol::hdlc_frame(reset, true), usb::Zlp::never, Deadline::in(clock, send_patience)));
  return pipe.flush(Deadline::in(clock, send_patience));
}

}  // namespace modemedic::operation
