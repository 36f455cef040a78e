#pragma once

#include "firmware/partition.h"
#include "virtual/fastboot_flasher.h"
#include "virtual/fastboot_input.h"
#include "virtual/persona.h"

#include <functional>
#include <span>
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
  boot,        ///< `boot`: starts the kernel that was downloaded
};

/// Little-kernel in fastboot (facts: fastboot.md), with all its traps. It guards nothing.
class FastbootDevice {
public:
  struct Setup {
    const Persona& persona;
    Nand& nand;
    firmware::PartitionTable table;             ///< that the boot loader found on the chip
    std::string serial;                         ///< what getvar shows
    bool real_timing = false;                   ///< NAND work takes the persona's time
    std::function<void(FastbootExit)> on_exit;  ///< after the OKAY; this object must outlive the call
  };

  FastbootDevice(DeviceLink& link, Setup setup);

  DeviceTask run();

  /// Power goes away now: what the flash was working at is torn.
  void power_cut() { worker_.power_cut(); }

private:
  struct Command {
    std::string_view prefix;
    DeviceTask (FastbootDevice::*run)(std::string_view argument);
  };

  static std::span<const Command> commands();

  DeviceTask obey(std::string_view command);
  DeviceTask download(std::string_view argument);
  DeviceTask get_variable(std::string_view name);
  DeviceTask device_info(std::string_view argument);
  DeviceTask unlock(std::string_view argument);
  DeviceTask lock(std::string_view argument);
  DeviceTask preflash(std::string_view argument);
  DeviceTask reboot_bootloader(std::string_view argument);
  DeviceTask reboot(std::string_view argument);
  DeviceTask go_on(std::string_view argument);
  DeviceTask boot(std::string_view argument);
  DeviceTask erase(std::string_view name);
  DeviceTask flash(std::string_view name);
  DeviceTask exit(FastbootExit way);
  DeviceTask answer(std::string text);

  const firmware::Partition* find(std::string_view name) const;
  std::uint32_t spare_in(std::string_view name) const;

  DeviceLink& link_;
  Setup setup_;
  FlashWorker worker_;
  FastbootFlasher flasher_;
  FastbootInput input_;
  std::vector<std::pair<std::string, std::string>> variables_;
};

}  // namespace modemedic::twin
