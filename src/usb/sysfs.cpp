#include "usb/sysfs.h"

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>

namespace modemedic::usb {

namespace fs = std::filesystem;

namespace {

/// A USB string has at most 126 characters, three bytes each in UTF-8.
constexpr std::size_t longest_attribute = 512;

std::string read_line(const fs::path& file) {
  std::ifstream in(file);
  std::array<char, longest_attribute> buffer{};
  in.read(buffer.data(), buffer.size());
  std::string text(buffer.data(), static_cast<std::size_t>(in.gcount()));
  return text.substr(0, text.find('\n'));
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    found.push_back(it->path());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::string Sysfs::text(const std::string& port, const std::string& attribute) const {
  return read_line(root_ / port / attribute);
}

std::string Sysfs::driver(const std::string& port, std::uint8_t interface_number) const {
  for (const auto& folder : interface_folders(port, interface_number)) {
    std::error_code error;
    auto driver = fs::read_symlink(folder / "driver", error);
    if (!error) {
      return driver.filename();
    }
  }
  return "";
}

std::vector<std::string> Sysfs::nodes(const std::string& port, std::uint8_t interface_number) const {
  // usb-serial drivers keep a folder ttyUSBn; cdc-acm and cdc-wdm one of the class, with the node's name in it.
  std::vector<std::string> found;
  for (const auto& folder : interface_folders(port, interface_number)) {
    for (const auto& entry : entries(folder)) {
      auto name = entry.filename().string();
      if (name.starts_with("ttyUSB")) {
        found.push_back("/dev/" + name);
      } else if (name == "tty" || name == "usbmisc") {
        for (const auto& node : entries(entry)) {
          found.push_back("/dev/" + node.filename().string());
        }
      }
    }
  }
  return found;
}

std::string Sysfs::signature() const {
  std::string signature;
  for (const auto& entry : entries(root_)) {
    auto name = entry.filename().string();
    if (name.find(':') == std::string::npos) {
      signature += fmt::format("{}={} ", name, read_line(entry / "devnum"));
    }
  }
  return signature;
}

/// "1-1.4:1.2" is interface 2 in configuration 1 of the device at 1-1.4.
std::vector<fs::path> Sysfs::interface_folders(const std::string& port, std::uint8_t interface_number) const {
  std::vector<fs::path> found;
  auto prefix = port + ":";
  auto suffix = fmt::format(".{}", interface_number);
  for (const auto& entry : entries(root_)) {
    auto name = entry.filename().string();
    if (name.starts_with(prefix) && name.ends_with(suffix)) {
      found.push_back(entry);
    }
  }
  return found;
}

}  // namespace modemedic::usb
