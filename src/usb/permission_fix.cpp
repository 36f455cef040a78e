#include "usb/permission_fix.h"

#include "base/shell.h"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::usb {

namespace fs = std::filesystem;

namespace {

constexpr const char* rules_file = "70-modemedic.rules";
constexpr const char* apply = "sudo udevadm control --reload && sudo udevadm trigger --action=add -s usb";
constexpr const char* join_group = "sudo usermod -aG plugdev $USER, then log in again";

/// The first that is there; nothing when none is.
fs::path first_of(const std::vector<fs::path>& files) {
  auto found = std::ranges::find_if(files, [](const auto& file) {
    std::error_code error;
    return fs::is_regular_file(file, error);
  });
  return found == files.end() ? fs::path() : *found;
}

}  // namespace

PermissionSigns PermissionSigns::here() {
  PermissionSigns signs;
  for (const auto* folder : {"/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d",
                             "/usr/lib/udev/rules.d", "/lib/udev/rules.d"}) {
    signs.installed.push_back(fs::path(folder) / rules_file);
  }
  std::error_code error;
  auto program = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (!error) {
    signs.copies.push_back((program / "../share/modemedic" / rules_file).lexically_normal());
    signs.copies.push_back((program / "../../packaging/udev" / rules_file).lexically_normal());
  }
  signs.copies.push_back(fs::path("/usr/share/modemedic") / rules_file);
  signs.copies.push_back(fs::path("/usr/local/share/modemedic") / rules_file);
  signs.root = geteuid() == 0;
  signs.has_udev = fs::exists("/run/udev", error);
  return signs;
}

std::string permission_fix(const PermissionSigns& signs) {
  if (signs.root) {
    return "you are root already, so a container or a security policy forbids it: give it /dev/bus/usb, or run "
           "modemedic outside";
  }
  if (!signs.has_udev) {
    return "this machine has no udev that would let others than root: run modemedic with sudo";
  }
  if (auto rules = first_of(signs.installed); !rules.empty()) {
    return fmt::format(
        "the udev rules are installed ({}): {}, or plug the modem in again. Who isn't at this machine's own screen "
        "(ssh) also needs the group: {}",
        rules.string(), apply, join_group);
  }
  auto copy = first_of(signs.copies);
  return fmt::format(
      "install the udev rules: sudo cp {} /etc/udev/rules.d/ && {}. Who isn't at this machine's own screen (ssh) also "
      "needs the group: {}. Or run modemedic with sudo",
      copy.empty() ? fmt::format("packaging/udev/{}", rules_file) : shell_word(copy.string()), apply, join_group);
}

}  // namespace modemedic::usb
