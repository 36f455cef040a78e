#pragma once

#include "base/error.h"
#include "virtual/at_device.h"
#include "virtual/boot_chain.h"
#include "virtual/efs.h"
#include "virtual/faults.h"
#include "virtual/persona.h"

#include <cstdint>
#include <string>
#include <string_view>

/// What a modem tells of itself once its Linux runs: out of what was booted, what EFS holds, and who it is.
namespace modemedic::twin {

/// The chip's serial as a number, as it goes over the wire.
/// @param hex  at most 8 digits
std::uint32_t serial_number(std::string_view hex);

/// The IMEI as AT tells it; empty when EFS is lost, or holds none.
std::string told_imei(const Result<EfsContent>& efs);

/// What AT begins with after a boot. EFS decides on the radio: without calibration it is in factory test mode, with
/// another module's offline. Faults wrong-revision, cfun, no-sim, sim-pin, sim-fails and at-error show here.
/// @param serial  of the chip, 8 hex digits
AtModem booted_modem(const BootOutcome& booted, const Result<EfsContent>& efs, const Persona& persona,
                     std::string_view serial, const Faults& faults);

}  // namespace modemedic::twin
