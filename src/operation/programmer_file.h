#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "firmware/package.h"
#include "protocol/sahara_host.h"

#include <cstdint>
#include <optional>
#include <string>

namespace modemedic::operation {

/// A Firehose programmer on this machine, and for which chip it is.
struct Programmer {
  std::string name;    ///< last part of its path
  std::string family;  ///< "9x07": by its certificate's hardware id, else by its name; empty when nothing tells
  std::string digest;  ///< SHA-256, hex digits
  Buffer bytes;
};

/// The one that a package brings.
/// @return Code::package_bad, Code::io
Result<Programmer> programmer_of(const firmware::Package& package);

/// One that lies in a file of its own.
/// @return Code::io; Code::package_bad when it is no programmer that a boot ROM could start
Result<Programmer> read_programmer(const std::string& path);

/// Is this programmer for this chip? Looked at before it is handed over.
/// @param chip    what the boot ROM told
/// @param family  what the modem's USB identity tells, for a boot ROM that doesn't; may be empty
/// @return Code::refused with rule `chip`, also when one of the two is not known: unknown is never ok
Result<void> check_programmer(const Programmer& programmer, const protocol::ChipIdentity& chip,
                              const std::string& family);

}  // namespace modemedic::operation
