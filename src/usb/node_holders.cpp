#include "usb/node_holders.h"

#include "base/bytes.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::usb {

namespace fs = std::filesystem;

namespace {

std::optional<long> process_number(const fs::path& folder) {
  auto name = folder.filename().string();
  long number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

/// The first of `nodes` that the process has open, or an empty text.
std::string node_open_in(const fs::path& process, const std::vector<std::string>& nodes) {
  std::error_code error;
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end; it.increment(error)) {
    std::error_code unreadable;
    auto target = fs::read_symlink(it->path(), unreadable).string();
    if (!unreadable && std::ranges::find(nodes, target) != nodes.end()) {
      return target;
    }
  }
  return "";
}

std::string name_of(const fs::path& process) {
  std::ifstream in(process / "comm");
  std::string name;
  std::getline(in, name);
  return name;
}

}  // namespace

std::string process_name(long process, const fs::path& proc) {
  return name_of(proc / std::to_string(process));
}

std::vector<NodeHolder> holders_of(const std::vector<std::string>& nodes, const fs::path& proc) {
  std::vector<NodeHolder> holders;
  if (nodes.empty()) {
    return holders;
  }
  std::error_code error;
  for (fs::directory_iterator it(proc, error), end; !error && it != end; it.increment(error)) {
    auto number = process_number(it->path());
    if (!number || *number == getpid()) {
      continue;
    }
    auto node = node_open_in(it->path(), nodes);
    if (!node.empty()) {
      holders.push_back({*number, name_of(it->path()), node});
    }
  }
  std::ranges::sort(holders, {}, &NodeHolder::process);
  return holders;
}

std::string describe(const std::vector<NodeHolder>& holders) {
  std::string text;
  for (const auto& holder : holders) {
    text += fmt::format("{}{} is open in {} (process {})", text.empty() ? "" : ", ", holder.node,
                        printable(holder.name), holder.process);
  }
  return text;
}

}  // namespace modemedic::usb
