#include "virtual/fastboot_device.h"

#include "firmware/boot_image.h"
#include "virtual/force_flag.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr std::size_t longest_answer = 64;

/// Of a modem with 256 MiB of RAM; the limit is inclusive.
constexpr std::uint32_t largest_download = 0xd000000;

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return small;
}

/// Hex digits up to the first other character.
std::uint64_t hex_number(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 15), number, 16);
  return number;
}

}  // namespace

/// Matched by prefix in this order: `reboot-edl` is a reboot.
std::span<const FastbootDevice::Command> FastbootDevice::commands() {
  using F = FastbootDevice;
  static constexpr std::array all = {
      Command{"download:", &F::download},
      Command{"getvar:", &F::get_variable},
      Command{"oem device-info", &F::device_info},
      Command{"oem unlock", &F::unlock},
      Command{"oem lock", &F::lock},
      Command{"preflash", &F::preflash},
      Command{"flashing unlock", &F::unlock},
      Command{"flashing lock", &F::lock},
      Command{"reboot-bootloader", &F::reboot_bootloader},
      Command{"reboot", &F::reboot},
      Command{"continue", &F::go_on},
      Command{"boot", &F::boot},
      Command{"erase:", &F::erase},
      Command{"flash:", &F::flash},
  };
  return all;
}

FastbootDevice::FastbootDevice(DeviceLink& link, Setup setup)
    : link_(link),
      setup_(std::move(setup)),
      worker_(link, setup_.nand, setup_.persona.timing, setup_.real_timing),
      flasher_(worker_, setup_.nand),
      input_(link),
      variables_{{"version", "0.5"},
                 {"variant", ""},
                 {"secure", setup_.persona.fused ? "yes" : "no"},
                 {"version-baseband", ""},
                 {"version-bootloader", ""},
                 {"display-panel", ""},
                 {"off-mode-charge", "0"},
                 {"charger-screen-enabled", "0"},
                 {"max-download-size", fmt::format("\t{:#x}", largest_download)},
                 {"serialno", setup_.serial},
                 {"kernel", "lk"},
                 {"product", ""}} {}

DeviceTask FastbootDevice::run() {
  for (;;) {
    co_await input_.read_command();
    co_await obey(input_.command());
  }
}

DeviceTask FastbootDevice::obey(std::string_view command) {
  for (const auto& known : commands()) {
    if (command.starts_with(known.prefix)) {
      return (this->*known.run)(command.substr(known.prefix.size()));
    }
  }
  return answer("FAILunknown command");
}

DeviceTask FastbootDevice::answer(std::string text) {
  auto bytes = as_bytes(std::string_view(text).substr(0, longest_answer));
  co_await link_.sent(Buffer(bytes.begin(), bytes.end()), false);
}

/// A download that fails forgets the one before.
DeviceTask FastbootDevice::download(std::string_view argument) {
  auto size = hex_number(argument);
  input_.drop_data();
  if (size > largest_download) {
    co_await answer("FAILdata too large");
    co_return;
  }
  co_await answer(fmt::format("DATA{:08x}", size));
  co_await input_.read_data(size);
  co_await answer("OKAY");
}

/// An unknown variable is OKAY and empty; any prefix of "all", the empty one too, lists them.
DeviceTask FastbootDevice::get_variable(std::string_view name) {
  if (std::string_view("all").starts_with(name)) {
    for (const auto& [key, value] : variables_) {
      co_await answer(fmt::format("INFO{}:{}", key, value));
    }
    co_await answer("OKAY");
    co_return;
  }
  auto found = std::find_if(variables_.begin(), variables_.end(), [name](const auto& v) { return v.first == name; });
  std::string okay = "OKAY";
  if (found != variables_.end()) {
    okay += found->second;
  }
  co_await answer(std::move(okay));
}

DeviceTask FastbootDevice::device_info(std::string_view /*argument*/) {
  for (const auto* line : {"Device tampered: false", "Device unlocked: false", "Device critical unlocked: false",
                           "Charger screen enabled: false", "Display panel: "}) {
    co_await answer(fmt::format("INFO\t{}", line));
  }
  co_await answer("OKAY");
}

DeviceTask FastbootDevice::unlock(std::string_view /*argument*/) {
  return answer("FAILoem unlock is not allowed");
}

DeviceTask FastbootDevice::lock(std::string_view /*argument*/) {
  co_await answer("INFO\tDevice already : locked!");
  co_await answer("OKAY");
}

DeviceTask FastbootDevice::preflash(std::string_view /*argument*/) {
  return answer("OKAY");
}

DeviceTask FastbootDevice::exit(FastbootExit way) {
  co_await answer("OKAY");
  setup_.on_exit(way);
  co_await link_.halt();
}

DeviceTask FastbootDevice::reboot_bootloader(std::string_view /*argument*/) {
  return exit(FastbootExit::bootloader);
}

DeviceTask FastbootDevice::reboot(std::string_view /*argument*/) {
  return exit(FastbootExit::reboot);
}

DeviceTask FastbootDevice::go_on(std::string_view /*argument*/) {
  return exit(FastbootExit::go_on);
}

DeviceTask FastbootDevice::boot(std::string_view /*argument*/) {
  return firmware::has_boot_magic(input_.data()) ? exit(FastbootExit::boot) : answer("FAILinvalid bootimage header");
}

const firmware::Partition* FastbootDevice::find(std::string_view name) const {
  for (const auto& partition : setup_.table) {
    auto known = setup_.persona.fastboot_names.find(partition.name);
    if (name == (known != setup_.persona.fastboot_names.end() ? known->second : lower(partition.name))) {
      return &partition;
    }
  }
  return nullptr;
}

DeviceTask FastbootDevice::erase(std::string_view name) {
  const auto* partition = find(name);
  if (partition == nullptr) {
    co_await answer("FAILunknown partition name");
    co_return;
  }
  co_await flasher_.erase(partition->range);
  co_await answer(flasher_.ok() ? "OKAY" : "FAILfailed to erase partition");
}

/// What the boot loader takes for a spare area behind each page of the data. On a 9x07 that is wrong whatever the data
/// are, unless they are UBI; on a 9x15 it is right for YAFFS2.
std::uint32_t FastbootDevice::spare_in(std::string_view name) const {
  if (is_9x15(setup_.persona)) {
    return name == "system" || name == "userdata" || name == "recoveryfs" ? setup_.persona.spare_size : 0;
  }
  auto file_system = name == "system" || name == "modem" || name == "recoveryfs";
  auto ubi = as_text(input_.data()).starts_with("UBI#");
  return file_system && !ubi ? setup_.persona.geometry.page_size / 2048 * 80 : 0;  // strides of 2128 and 4256
}

/// Nothing downloaded, or a download that failed: the partition is erased, and that is OKAY.
DeviceTask FastbootDevice::flash(std::string_view name) {
  const auto* misc = find("misc");
  if (misc == nullptr || !set_force_fastboot(setup_.nand, misc->range)) {
    co_await answer("FAILset fastboot force flag failed");
    co_return;
  }
  const auto* partition = find(name);
  if (partition == nullptr) {
    co_await answer("FAILupdate_ubi_vol failed");  // it looks for a UBI volume of `system`
    co_return;
  }
  if ((name == "boot" || name == "recovery") && !firmware::has_boot_magic(input_.data())) {
    co_await answer("FAILImage is not a boot image");
    co_return;
  }
  const auto& geometry = setup_.nand.geometry();
  auto spare = spare_in(name);
  auto pages =
      input_.data().size() / (geometry.page_size + spare) + (input_.data().size() % (geometry.page_size + spare) != 0);
  if (pages > partition->range.count.n) {
    co_await answer("FAILImage size too large");
    co_return;
  }
  auto ubi = as_text(input_.data()).starts_with("UBI#");
  if (ubi && input_.data().size() % geometry.page_size != 0) {
    co_await answer("FAILflash write failure");
    co_return;
  }
  co_await flasher_.write(partition->range, input_.data(), spare);
  co_await answer(flasher_.ok() ? "OKAY" : "FAILflash write failure");
}

}  // namespace modemedic::twin
