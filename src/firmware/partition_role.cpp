#include "firmware/partition_role.h"

#include "firmware/safe_path.h"

#include <algorithm>
#include <array>
#include <utility>

namespace modemedic::firmware {

Role role_of(std::string_view partition) {
  static constexpr std::array<std::pair<std::string_view, Role>, 8> roles{{
      {"sbl", Role::sbl},
      {"mibib", Role::mibib},
      {"efs2", Role::calibrated},
      {"rawdata", Role::calibrated},
      {"sec", Role::calibrated},
      {"sys_rev", Role::kept},
      {"cust_info", Role::kept},
      {"misc", Role::kept},
  }};
  auto name = fold_case(partition);
  const auto* row = std::find_if(roles.begin(), roles.end(), [&](const auto& r) { return r.first == name; });
  return row == roles.end() ? Role::plain : row->second;
}

}  // namespace modemedic::firmware
