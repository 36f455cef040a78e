#include "operation/programmer_file.h"

#include "base/digest.h"
#include "base/durable_file.h"
#include "firmware/chip_family.h"
#include "firmware/mbn.h"
#include "firmware/safe_path.h"
#include "firmware/signing.h"
#include "knowledge/chips.h"

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

/// Programmers are 100 to 700 KB.
constexpr std::size_t largest_programmer = 4_MiB;

Programmer describe(const std::string& path, Buffer bytes) {
  Programmer programmer;
  programmer.name = std::string(firmware::last_part(path));
  programmer.digest = hex_digits(digest<Sha256>(bytes));
  auto signing = firmware::read_signing(bytes, bytes.size());
  if (signing && signing->hardware_id) {
    programmer.family = firmware::family_of_hardware(*signing->hardware_id);
  }
  if (programmer.family.empty()) {
    programmer.family = firmware::family_of_programmer(path);
  }
  programmer.bytes = std::move(bytes);
  return programmer;
}

}  // namespace

Result<Programmer> programmer_of(const firmware::Package& package) {
  TRY_ASSIGN(auto bytes, firmware::read_file(package, package.programmer, largest_programmer));
  auto programmer = describe(package.files[package.programmer].path, std::move(bytes));
  if (!package.chip.empty()) {
    programmer.family = package.chip;
  }
  return programmer;
}

Result<Programmer> read_programmer(const std::string& path) {
  TRY_ASSIGN(auto text, read_beginning(path, largest_programmer + 1));
  auto bytes = as_bytes(text);
  if (bytes.size() > largest_programmer) {
    return fail(Code::package_bad).what(fmt::format("{} is too large for a programmer", printable(path)));
  }
  if (auto image = firmware::check_program(bytes); !image) {
    return fail(Code::package_bad)
        .what(fmt::format("{} is no programmer: {}", printable(path), image.error().what))
        .hint("name the prog_nand_firehose_*.mbn of a package for this module, or the package itself by --package");
  }
  return describe(path, Buffer(bytes.begin(), bytes.end()));
}

Result<void> check_programmer(const Programmer& programmer, const protocol::ChipIdentity& chip,
                              const std::string& family) {
  const auto* row = chip.hwid ? knowledge::find_chip(*chip.hwid) : nullptr;
  const auto& wanted = row != nullptr ? row->family : family;
  auto refuse = [&](std::string what) {
    return fail(Code::refused)
        .rule("chip")
        .what(std::move(what))
        .hint("use the programmer out of a package for this very module; nothing was uploaded");
  };
  if (programmer.family.empty()) {
    return refuse(fmt::format("nothing tells for which chip {} is", printable(programmer.name)));
  }
  if (wanted.empty()) {
    return refuse(chip.hwid ? fmt::format("the chip with HWID {:#018x} is not known", *chip.hwid)
                            : "the modem does not tell which chip it has");
  }
  if (programmer.family != wanted) {
    return refuse(
        fmt::format("{} is for {}, the modem's chip is {}", printable(programmer.name), programmer.family, wanted));
  }
  return {};
}

}  // namespace modemedic::operation
