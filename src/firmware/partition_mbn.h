#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/units.h"
#include "firmware/partition.h"

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

/// 3 on a 9x15, 4 on a 9x07; nothing when the bytes are no such table.
std::optional<std::uint32_t> user_table_version(ByteView bytes);

Buffer make_user_table(const std::vector<UserPartition>& table, std::uint32_t version = 4);

/// The places that the partitions get on a chip: one behind the other from its start, each with its spare room, in
/// whole blocks; the one without a size takes the rest.
/// @return Code::package_bad: they don't fit, one has no room at all, or two want the rest
Result<PartitionTable> lay_out(const std::vector<UserPartition>& table, const Geometry& geometry);

}  // namespace modemedic::firmware
