#pragma once

#include "base/bytes.h"
#include "base/events.h"
#include "operation/gate.h"
#include "protocol/fastboot_host.h"
#include "usb/bus.h"

#include <functional>
#include <stop_token>
#include <string>

/// What a person may say to a boot loader in fastboot. It guards nothing itself (facts: fastboot.md, trap 1).
namespace modemedic::operation {

struct FastbootVerb {
  enum class Kind { getvar, flash, erase, go_on, reboot };
  Kind kind = Kind::getvar;
  std::string name;  ///< getvar: a variable or "all"; flash, erase: a partition as fastboot has it
  Buffer image;      ///< flash
};

/// Does it, if the rules let it: those that judge a flash judge this, and what is not known of modem and image stops it
/// likewise. Partitions that no flash by fastboot may touch are refused whatever is lifted.
/// @param tell  told of the image's bytes that went out
/// @return Code::refused with the rule, and nothing was sent; Code::device_refused with the boot loader's own words
Result<protocol::FastbootReply> run_verb(usb::Bus& bus, const Found& modem, const FastbootVerb& verb,
                                         const GateOptions& gate, Events& events,
                                         const std::function<void(std::uint64_t)>& tell, const std::stop_token& stop);

}  // namespace modemedic::operation
