#include "usb/sysfs.h"

#include "usb/descriptors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include <fmt/format.h>

namespace modemedic::usb {

namespace fs = std::filesystem;

namespace {

/// A USB string has at most 126 characters, three bytes each in UTF-8.
constexpr std::size_t longest_attribute = 512;
/// The kernel keeps eight configurations (USB_MAXCONFIG), each of 64 KiB by its own count.
constexpr std::size_t longest_descriptors = device_descriptor_size + 8 * 64_KiB;

/// @param most  bytes; what is beyond is left out
std::string read(const fs::path& file, std::size_t most) {
  std::ifstream in(file, std::ios::binary);
  std::string text;
  std::array<char, 512> buffer{};
  while (text.size() < most && (in.read(buffer.data(), buffer.size()), in.gcount() > 0)) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
  }
  return text.substr(0, most);
}

std::string read_line(const fs::path& file) {
  auto text = read(file, longest_attribute);
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

std::optional<std::uint8_t> parse_number(const std::string& digits) {
  std::uint8_t value = 0;
  const auto* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

/// A port path in its parts: "1-1.4" is port 4 of the hub at "1-1" on bus 1, "1-2" port 2 of the root hub "1-0".
struct PortPath {
  std::string bus;
  std::string hub;
  std::string number;
  std::string below_bus;  ///< "1.4"
};

std::optional<PortPath> parse_port(const std::string& port) {
  auto dash = port.find('-');
  if (dash == std::string::npos) {
    return std::nullopt;
  }
  auto dot = port.rfind('.');
  auto on_root = dot == std::string::npos;
  auto bus = port.substr(0, dash);
  return PortPath{bus, on_root ? bus + "-0" : port.substr(0, dot), port.substr((on_root ? dash : dot) + 1),
                  port.substr(dash + 1)};
}

/// "usb2-port1" is the device path "2-1", "2-1-port4" is "2-1.4".
std::string path_of_hub_port(const std::string& name) {
  constexpr std::string_view word = "-port";
  auto at = name.rfind(word);
  if (at == std::string::npos) {
    return "";
  }
  auto hub = name.substr(0, at);
  auto number = name.substr(at + word.size());
  return hub.starts_with("usb") ? hub.substr(3) + "-" + number : hub + "." + number;
}

}  // namespace

std::string Sysfs::text(const std::string& port, const std::string& attribute) const {
  return read_line(root_ / port / attribute);
}

bool Sysfs::is_shown() const {
  std::error_code error;
  return fs::is_directory(root_, error);
}

Buffer Sysfs::descriptors(const std::string& port) const {
  auto text = read(root_ / port / "descriptors", longest_descriptors);
  auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::optional<std::uint8_t> Sysfs::configuration(const std::string& port) const {
  return parse_number(text(port, "bConfigurationValue"));
}

/// As speed_show() writes it (drivers/usb/core/sysfs.c), in Mbit/s.
Speed Sysfs::speed(const std::string& port) const {
  static const std::map<std::string, Speed> names{{"1.5", Speed::low},     {"12", Speed::full},
                                                  {"480", Speed::high},    {"5000", Speed::super},
                                                  {"10000", Speed::super}, {"20000", Speed::super}};
  auto found = names.find(text(port, "speed"));
  return found == names.end() ? Speed::unknown : found->second;
}

std::string Sysfs::device_path(const std::string& port) const {
  std::error_code error;
  auto path = fs::canonical(root_ / port, error);
  return error || port.empty() ? "" : path.string();
}

std::string Sysfs::driver(const std::string& port, std::uint8_t interface_number) const {
  std::error_code error;
  auto driver = fs::read_symlink(interface_folder(port, interface_number) / "driver", error);
  return error ? "" : driver.filename().string();
}

std::vector<std::string> Sysfs::nodes(const std::string& port, std::uint8_t interface_number) const {
  // usb-serial drivers keep a folder ttyUSBn; cdc-acm and cdc-wdm one of the class, with the node's name in it.
  std::vector<std::string> found;
  for (const auto& entry : entries(interface_folder(port, interface_number))) {
    auto name = entry.filename().string();
    if (name.starts_with("ttyUSB")) {
      found.push_back(dev_ / name);
    } else if (name == "tty" || name == "usbmisc") {
      for (const auto& node : entries(entry)) {
        found.push_back(dev_ / node.filename());
      }
    }
  }
  return found;
}

bool Sysfs::surely_unused(const std::string& port, std::uint8_t interface_number) const {
  auto folder = interface_folder(port, interface_number);
  auto its = nodes(port, interface_number);
  return std::ranges::all_of(its, [&](const fs::path& node) {
    return read_line(folder / node.filename() / "driver" / "module" / "refcnt") == "0";
  });
}

std::string Sysfs::companion(const std::string& port) const {
  auto parts = parse_port(port);
  if (!parts) {
    return "";
  }
  if (auto known = peer(port)) {
    return *known;
  }
  auto other = knows_peers(parts->bus) ? "" : sibling_bus(parts->bus);
  return other.empty() ? "" : other + "-" + parts->below_bus;
}

std::optional<std::string> Sysfs::peer(const std::string& port) const {
  auto parts = parse_port(port);
  auto on_root = parts->hub.ends_with("-0");
  auto name = fmt::format("{}-port{}", on_root ? "usb" + parts->bus : parts->hub, parts->number);
  std::error_code error;
  auto target = fs::read_symlink(interface_folder(parts->hub, 0) / name / "peer", error);
  return error ? std::nullopt : std::optional(path_of_hub_port(target.filename()));
}

/// Whether the kernel tells peers on this bus: then a port without one has none.
bool Sysfs::knows_peers(const std::string& bus) const {
  auto ports = entries(interface_folder(bus + "-0", 0));
  return std::ranges::any_of(ports, [](const auto& port) {
    std::error_code error;
    return fs::is_symlink(port / "peer", error);
  });
}

/// The other bus of the same controller: the folder of its root hub is beside this one's. Empty if that is not plain.
std::string Sysfs::sibling_bus(const std::string& bus) const {
  std::error_code error;
  auto ours = fs::canonical(root_ / ("usb" + bus), error);
  std::vector<std::string> found;
  for (const auto& entry : entries(root_)) {
    auto name = entry.filename().string();
    auto there = fs::canonical(entry, error);
    if (!ours.empty() && name.starts_with("usb") && there != ours && there.parent_path() == ours.parent_path() &&
        speed(name) != speed("usb" + bus)) {
      found.push_back(name.substr(3));
    }
  }
  return found.size() == 1 ? found.front() : "";
}

std::string Sysfs::usbfs_node(const std::string& port) const {
  auto bus = parse_number(text(port, "busnum"));
  auto device = parse_number(text(port, "devnum"));
  return bus && device ? usbfs_node(DeviceNumber{*bus, *device}) : "";
}

std::string Sysfs::usbfs_node(const DeviceNumber& number) const {
  return dev_ / fmt::format("bus/usb/{:03}/{:03}", number.first, number.second);
}

std::optional<std::pair<std::string, std::uint8_t>> Sysfs::owner_of(const fs::path& node) const {
  for (const auto& folder : entries(root_)) {
    auto name = folder.filename().string();
    auto colon = name.find(':');
    auto dot = name.rfind('.');
    auto number = colon == std::string::npos || dot < colon ? std::nullopt : parse_number(name.substr(dot + 1));
    if (!number) {
      continue;
    }
    std::pair owner{name.substr(0, colon), *number};
    auto its = nodes(owner.first, owner.second);
    if (std::ranges::find(its, node.string()) != its.end()) {
      return owner;
    }
  }
  return std::nullopt;
}

Census Sysfs::census() const {
  Census census;
  for (const auto& entry : entries(root_)) {
    auto name = entry.filename().string();
    if (auto root_hub = name.starts_with("usb") ? parse_number(name.substr(3)) : std::nullopt) {
      census.emplace(DeviceNumber{*root_hub, 1}, name);  // always (register_root_hub() in hcd.c)
      continue;
    }
    auto bus = parse_number(name.substr(0, name.find('-')));
    auto device = name.find(':') == std::string::npos ? parse_number(read_line(entry / "devnum")) : std::nullopt;
    if (bus && device) {
      census.emplace(DeviceNumber{*bus, *device}, name);
    }
  }
  return census;
}

/// "1-1.4:1.2" is interface 2 in configuration 1 of the device at 1-1.4; "1-0:1.0" is that of the root hub usb1. Not
/// looked for among the others: of 127 devices there are hundreds.
fs::path Sysfs::interface_folder(const std::string& port, std::uint8_t interface_number) const {
  auto root_hub = port.ends_with("-0") ? "usb" + port.substr(0, port.size() - 2) : port;
  return root_ / fmt::format("{}:{}.{}", port, configuration(root_hub).value_or(1), interface_number);
}

}  // namespace modemedic::usb
