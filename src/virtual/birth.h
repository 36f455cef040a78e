#pragma once

#include "virtual/efs.h"
#include "virtual/faults.h"
#include "virtual/nand.h"
#include "virtual/persona.h"

#include <string_view>

/// Faults that a modem has on its chip when it is first powered on: what follows from them follows from the bytes, and
/// writing better ones cures it.
namespace modemedic::twin {

/// What EFS holds where an IMEI should be, when there is none; AT+CGSN then says 0.
constexpr std::string_view no_imei = "000000000000000";

/// Does what the faults blank, torn, force-fastboot, no-imei, no-calibration and foreign-efs say.
void spoil_chip(Nand& nand, const Persona& persona, std::string_view serial, const Faults& faults);

/// Whether the faults are possible on this persona.
/// @return Code::usage: it has no partition or composition of that name; a 9x15 has the usual composition only
Result<void> check_faults(const Persona& persona, const Faults& faults);

}  // namespace modemedic::twin
