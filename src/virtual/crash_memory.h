#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>

namespace modemedic::twin {

/// What a crashed modem offers in Sahara's memory debug: a table of regions, and their bytes.
///
/// An entry of the table is 52 bytes: u32 kind, u32 address, u32 length, description and file name of 20 characters.
class CrashMemory {
public:
  static constexpr std::uint32_t table_address = 0x08600000;

  explicit CrashMemory(std::uint32_t serial) : serial_(serial) {}

  Buffer table() const;

  /// @return nothing when the range isn't all in the table or in one region
  std::optional<Buffer> read(std::uint32_t address, std::uint32_t length) const;

private:
  std::uint32_t serial_;
};

}  // namespace modemedic::twin
