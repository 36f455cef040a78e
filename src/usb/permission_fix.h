#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace modemedic::usb {

/// Where to look when USB may not be opened.
struct PermissionSigns {
  std::vector<std::filesystem::path> installed;  ///< where udev would read our rules
  std::vector<std::filesystem::path> copies;     ///< where we may have a copy of them
  bool root = false;
  bool has_udev = true;

  /// Those of this machine and this process.
  static PermissionSigns here();
};

/// What a person does when this machine's USB may not be opened: the commands that install our udev rules, or, where
/// they are installed, what else is missing. One sentence or two, fit for a hint.
std::string permission_fix(const PermissionSigns& signs = PermissionSigns::here());

}  // namespace modemedic::usb
