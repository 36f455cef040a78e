#pragma once

#include "base/bytes.h"
#include "protocol/sahara_wire.h"

#include <cstdint>
#include <optional>

namespace modemedic::protocol {

/// What our HELLO_RESPONSE offers.
constexpr std::uint32_t sahara_host_version = 2;
constexpr std::uint32_t sahara_host_lowest = 1;

/// The ways back to a modem whose HELLO doesn't come, gentlest first. HELLO is said once an enumeration: another
/// program may have read it, or a host that died has left the modem in the middle (facts: sahara-firehose.md).
/// What is left after them, a reset, takes the modem off the bus and is not for a protocol machine.
class SaharaWakeUp {
public:
  /// @param wanted  what the modem shall do when it takes an unasked HELLO_RESPONSE
  explicit SaharaWakeUp(sahara::Mode wanted) : wanted_(wanted) {}

  /// The next to send: HELLO_RESPONSE, RESET_STATE_MACHINE, a Firehose nop. Empty when all have been tried.
  std::optional<Buffer> next();

  /// RESET_STATE_MACHINE, out of turn. Empty when it has been sent before.
  std::optional<Buffer> reset_state_machine();

  bool reset_tried() const { return reset_tried_; }

private:
  sahara::Mode wanted_;
  unsigned rung_ = 0;
  bool reset_tried_ = false;
};

}  // namespace modemedic::protocol
