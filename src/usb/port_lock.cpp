#include "usb/port_lock.h"

#include "base/bytes.h"
#include "usb/nap.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <ctime>
#include <fstream>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::usb {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A question takes some seconds at most: so long may it hold up another one, or a job.
constexpr Duration question_patience = 5s;
/// One that has just been locked doesn't say yet by whom.
constexpr Duration writing_patience = 100ms;
constexpr Duration between_looks = 20ms;
constexpr std::size_t longest_command = 160;

std::string our_command() {
  std::ifstream in("/proc/self/cmdline");
  std::string words(longest_command, '\0');
  in.read(words.data(), static_cast<std::streamsize>(words.size()));
  words.resize(static_cast<std::size_t>(in.gcount()));
  std::ranges::replace(words, '\0', ' ');
  words.erase(words.find_last_not_of(' ') + 1);
  return words.empty() ? "modemedic" : printable(words, longest_command);
}

/// The number that a line consists of, 0 when it is none or negative.
template <typename Number>
Number number_in(std::string_view text) {
  Number number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 ? number : 0;
}

/// "since 14:03:22", with the day when it isn't today; nothing when no calendar has it.
std::string since(std::int64_t seconds) {
  auto moment = static_cast<std::time_t>(seconds);
  auto now = std::time(nullptr);
  std::tm then{};
  std::tm today{};
  if (seconds == 0 || localtime_r(&moment, &then) == nullptr || localtime_r(&now, &today) == nullptr) {
    return "";
  }
  auto same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
  std::array<char, 64> text{};
  auto length = std::strftime(text.data(), text.size(), same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
  return length == 0 ? "" : fmt::format(" since {}", std::string_view(text.data(), length));
}

Failure held_by(const PortHolder& holder) {
  auto who = holder.process == 0 ? "its lock file does not say which"
                                 : fmt::format("process {}{}: {}", holder.process, since(holder.since), holder.command);
  return fail(Code::busy)
      .what(fmt::format("another modemedic works on this modem ({})", who))
      .hint("wait until it has ended; nothing was sent");
}

Duration patience_with(const PortHolder& holder) {
  if (holder.process == 0) {
    return writing_patience;
  }
  return holder.purpose == Purpose::question ? question_patience : Duration::zero();
}

/// The locks of one port in every folder that can hold one; or who has it.
struct PortFiles {
  std::vector<LockFile> files;
  std::optional<PortHolder> holder;
};

Result<PortFiles> lock_port(const std::string& name, const std::vector<fs::path>& folders) {
  PortFiles locked;
  for (const auto& folder : folders) {
    TRY_ASSIGN(auto taken, LockFile::take(folder / fmt::format("modemedic-{}.lock", name)));
    if (taken.holder) {
      locked.holder = parse_holder(*taken.holder);
      return locked;
    }
    if (taken.lock) {
      locked.files.push_back(std::move(*taken.lock));
    }
  }
  if (locked.files.empty()) {
    return fail(Code::io)
        .what("there is no place for a lock file that would keep a second modemedic away")
        .hint("make /run/lock or /tmp writable; nothing was sent");
  }
  return locked;
}

/// A name of a file, whatever a server calls its devices.
std::string file_name(const std::string& port) {
  std::string name = port.substr(0, 100);
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-'; }, '_');
  return name;
}

}  // namespace

std::string to_text(const PortHolder& holder) {
  return fmt::format("modemedic {}\nprocess {}\nsince {}\ncommand {}\n",
                     holder.purpose == Purpose::job ? "job" : "question", holder.process, holder.since, holder.command);
}

PortHolder parse_holder(const std::string& text) {
  PortHolder holder;
  for (std::string_view rest = text; !rest.empty();) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    auto space = std::min(line.find(' '), line.size());
    auto key = line.substr(0, space);
    auto value = line.substr(std::min(space + 1, line.size()));
    if (key == "modemedic") {
      holder.purpose = value == "question" ? Purpose::question : Purpose::job;
    } else if (key == "process") {
      holder.process = number_in<long>(value);
    } else if (key == "since") {
      holder.since = number_in<std::int64_t>(value);
    } else if (key == "command") {
      holder.command = printable(value, longest_command);
    }
  }
  return holder;
}

const std::vector<fs::path>& shared_folders() {
  static const std::vector<fs::path> folders{"/run/lock", "/tmp"};
  return folders;
}

Result<std::unique_ptr<PortLock>> PortLock::take(const std::string& bus, const DeviceInfo& device, Purpose purpose,
                                                 const Clock& clock, const std::vector<fs::path>& folders) {
  auto lock = std::make_unique<PortLock>();
  auto locked = lock->lock(bus, device, purpose, clock, folders);
  if (!locked) {
    locked.error().device = "port " + printable(device.port);
    return fail(std::move(locked.error()));
  }
  return lock;
}

Result<void> PortLock::lock(const std::string& bus, const DeviceInfo& device, Purpose purpose, const Clock& clock,
                            const std::vector<fs::path>& folders) {
  std::vector ports{device.port, device.companion};
  std::erase(ports, "");
  std::ranges::sort(ports);  // two that want the same two meet at the first
  PortHolder us{purpose, getpid(), std::time(nullptr), our_command()};
  auto started = clock.now();
  for (const auto& port : ports) {
    auto name = file_name(fmt::format("{}-{}", bus, port));
    TRY_ASSIGN(auto locked, lock_port(name, folders));
    while (locked.holder) {
      Deadline deadline{started + patience_with(*locked.holder)};
      if (deadline.passed(clock)) {
        return held_by(*locked.holder);
      }
      nap(clock, deadline, between_looks);
      TRY_ASSIGN(locked, lock_port(name, folders));
    }
    for (auto& file : locked.files) {
      file.write(to_text(us));
      files_.push_back(std::move(file));
    }
  }
  return {};
}

}  // namespace modemedic::usb
