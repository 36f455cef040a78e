#include "protocol/sahara_wake_up.h"

#include "protocol/firehose_host.h"

#include <utility>

namespace modemedic::protocol {

std::optional<Buffer> SaharaWakeUp::next() {
  switch (rung_++) {
    case 0:
      return sahara::hello_response(sahara_host_version, sahara_host_lowest, 0, wanted_);
    case 1:
      if (auto reset = reset_state_machine()) {
        return reset;
      }
      ++rung_;
      [[fallthrough]];
    case 2:
      return firehose::document(firehose::Nop{});  // a programmer may run, and have greeted already
    default:
      return std::nullopt;
  }
}

std::optional<Buffer> SaharaWakeUp::reset_state_machine() {
  if (std::exchange(reset_tried_, true)) {
    return std::nullopt;
  }
  return sahara::packet(sahara::Command::reset_state_machine);
}

}  // namespace modemedic::protocol
