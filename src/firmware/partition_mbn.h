#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// partition.mbn, the "user" partition table: sizes without places (docs/protocols/mibib.md). The old streaming
/// download works from it; a Firehose flash doesn't touch it.
namespace modemedic::firmware {

struct UserPartition {
  std::string name;                   ///< without the leading "0:"
  std::optional<std::uint32_t> size;  ///< nothing: the rest of the chip
  bool in_blocks = false;             ///< size counts blocks, else KiB
  std::uint16_t pad_kib = 0;          ///< spare room for bad blocks
  std::uint16_t which_flash = 0;
  std::array<std::uint8_t, 3> attributes{0xFF, 0x01, 0x00};

  bool operator==(const UserPartition&) const = default;
};

/// @return Code::package_bad: wrong magic, or fewer bytes than its count needs
Result<std::vector<UserPartition>> parse_user_table(ByteView bytes);

Buffer make_user_table(const std::vector<UserPartition>& table);

}  // namespace modemedic::firmware
