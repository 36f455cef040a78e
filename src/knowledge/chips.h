#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::knowledge {

/// A row of data/chips.toml: what the boot ROM says of a chip in Sahara's command mode.
struct Chip {
  std::string name;              ///< "MDM9207"
  std::string family;            ///< "9x07"
  std::uint32_t msm_id = 0;      ///< the upper half of HWID
  std::string unfused_key_hash;  ///< hex digits: the key hash of a chip without a maker's key
};

/// @return Code::bug naming the row and key that is wrong
Result<std::vector<Chip>> parse_chips(std::string_view toml);

/// The row of a chip with this HWID, or nullptr.
const Chip* find_chip(std::uint64_t hwid);

}  // namespace modemedic::knowledge
