#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::knowledge {

/// A row of data/models.toml: the product behind a vendor and product id.
struct Model {
  std::string name;  ///< "EC25 family"
  std::uint16_t vid = 0;
  std::vector<std::uint16_t> pids;
  std::string family;  ///< "9x07"; empty when unknown
  std::string maker;   ///< of a chip that is not Qualcomm's: "Unisoc"; empty for Qualcomm
};

/// @return Code::bug naming the row and key that is wrong
Result<std::vector<Model>> parse_models(std::string_view toml);

/// The built-in rows.
const std::vector<Model>& models();

/// The row of these ids, or nullptr.
const Model* find_model(std::uint16_t vid, std::uint16_t pid);

}  // namespace modemedic::knowledge
