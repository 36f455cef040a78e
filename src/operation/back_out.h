#pragma once

#include "base/events.h"
#include "operation/identify.h"
#include "operation/run_firehose.h"
#include "usb/bus.h"

#include <functional>
#include <optional>
#include <string>

namespace modemedic::operation {

/// How far a flash had come when it has to be given up before its first erase.
struct Given {
  const usb::DeviceInfo& modem;      ///< as it is on the bus now
  bool in_edl = false;               ///< else it still runs its firmware
  usb::Pipe* pipe = nullptr;         ///< open to it in EDL; nullptr before anything was said there
  FirehoseLink* link = nullptr;      ///< to its programmer; nullptr before the upload
  std::function<void()> hang_up;     ///< closes pipe and link: what comes after the reset is another device
  const Identity* before = nullptr;  ///< what it said before the switch; nullptr when it was found in EDL
};

/// Puts a modem to which nothing was written back to where it came from: a reset, then the proof that it runs its old
/// firmware, if it ran before.
/// @return one sentence on how that went, for the hint
std::string back_out(usb::Bus& bus, const Given& given, Events& events);

}  // namespace modemedic::operation
