#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "virtual/nand.h"
#include "virtual/persona.h"

#include <string>
#include <string_view>

/// What is each modem's own and is lost with EFS: IMEI and RF calibration. The file system in EFS2's partition is a
/// vendor's secret, so the twin has a format of its own there; what counts is that losing it shows.
namespace modemedic::twin {

struct EfsContent {
  std::string imei;  ///< 15 digits
  Buffer calibration;

  bool operator==(const EfsContent&) const = default;
};

/// The IMEI that a modem of this persona gets at birth: its type's code, six digits out of `serial`, Luhn's digit.
std::string imei_for(const Persona& persona, std::string_view serial);

/// What a modem gets at birth: its IMEI, and calibration data that no other has.
EfsContent efs_for(const Persona& persona, std::string_view serial);

/// @return any failure means that EFS is lost: erased, torn, or not what was written. Its `what` says which
Result<EfsContent> read_efs(const Nand& nand, const Persona& persona);

/// Erases the block it stands in and writes it anew.
/// @return Code::usage: no EFS2 partition, or too small a one; Code::io: the chip didn't take it
Result<void> write_efs(Nand& nand, const Persona& persona, const EfsContent& content);

}  // namespace modemedic::twin
