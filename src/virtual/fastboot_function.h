#pragma once

#include "virtual/byte_port.h"
#include "virtual/usb_function.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modemedic::twin {

/// What the boot loader does when fastboot ends.
enum class FastbootExit {
  reboot,      ///< clears the force flag in misc, then starts anew
  bootloader,  ///< starts anew into fastboot
  go_on,       ///< `continue`: boots what is in boot, and leaves the flag as it is
};

/// The boot loader waiting in fastboot (facts: fastboot.md). So far it answers getvar, reboot, reboot-bootloader and
/// continue as the real one does; download, flash, erase, oem and the rest are still to come and end in
/// `FAILunknown command`.
class FastbootFunction final : public UsbFunction {
public:
  struct Setup {
    usb::Fingerprint fingerprint;  ///< its serial is what getvar shows
    bool fused = false;
    std::function<void(FastbootExit)> on_exit;  ///< after the OKAY; the function must outlive the call
  };

  explicit FastbootFunction(Setup setup);

private:
  void execute(std::string_view command);
  void get_variable(std::string_view name);
  void exit(FastbootExit way);
  void answer(std::string_view text);

  std::function<void(FastbootExit)> on_exit_;
  std::vector<std::pair<std::string, std::string>> variables_;
  std::unique_ptr<BytePort> port_;
  bool left_ = false;
};

}  // namespace modemedic::twin
