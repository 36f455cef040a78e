#include "operation/modem_records.h"

#include "base/durable_file.h"
#include "operation/emit_log.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view suffix = ".json";

/// A folder with more than this is no folder of ours.
constexpr std::size_t most_records = 10'000;

/// Whether two that are both known differ.
bool differ(const auto& a, const auto& b, bool known) {
  return known && a != b;
}

bool contradict(const ModemRecord& record, const Identity& identity) {
  const auto& chip = identity.chip;
  return differ(record.imei, identity.imei, !record.imei.empty() && !identity.imei.empty()) ||
         differ(record.chip_serial, chip.serial, record.chip_serial && chip.serial) ||
         differ(record.hwid, chip.hwid, record.hwid && chip.hwid);
}

bool same_modem(const ModemRecord& record, const Identity& identity) {
  auto by_imei = !identity.imei.empty() && record.imei == identity.imei;
  auto by_serial = identity.chip.serial && record.chip_serial == identity.chip.serial;
  return (by_imei || by_serial) && !contradict(record, identity);
}

/// Letters and digits of a name that came from outside; no path grows out of it.
std::string harmless(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::string name(text.substr(0, longest));
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '.'; }, '_');
  return name;
}

std::string stem_for(const Sight& sight, const std::string& bus) {
  if (!sight.identity.imei.empty()) {
    return "imei-" + harmless(sight.identity.imei);
  }
  if (sight.identity.chip.serial) {
    return fmt::format("chip-{:08x}", *sight.identity.chip.serial);
  }
  return harmless(fmt::format("port-{}-{}", bus, sight.device.port));
}

}  // namespace

ModemRecords::ModemRecords(fs::path folder, std::string bus, Events& events)
    : folder_(std::move(folder)), bus_(std::move(bus)), events_(events) {}

/// Says it once: a folder that can't be used stays so.
void ModemRecords::complain(const std::string& what) {
  if (!std::exchange(complained_, true)) {
    warn(events_, fmt::format("what is learned of modems can't be kept: {}", what));
  }
}

void ModemRecords::load() {
  if (std::exchange(loaded_, true) || folder_.empty()) {
    return;
  }
  std::error_code error;
  fs::directory_iterator files(folder_, error);
  if (error) {
    if (error != std::errc::no_such_file_or_directory) {
      complain(Error(fail_errno(error.value(), "read " + folder_.string())).what);
    }
    return;
  }
  std::vector<std::string> names;
  for (; files != fs::directory_iterator() && names.size() < most_records; files.increment(error)) {
    auto name = files->path().filename().string();
    if (name.ends_with(suffix) && !name.starts_with('.')) {
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(names);  // the order of a folder differs from machine to machine
  for (auto& name : names) {
    if (auto record = read(name)) {
      entries_.push_back({std::move(name), std::move(*record)});
    }
  }
}

/// @return nothing when it isn't there (any more), or can't be used
std::optional<ModemRecord> ModemRecords::read(const std::string& name) {
  auto text = read_beginning(folder_ / name, ModemRecord::longest_file);
  if (!text) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(folder_ / name, error))) {
      complain(text.error().what);
    }
    return std::nullopt;
  }
  auto record = parse_record(*text);
  if (!record) {
    set_aside(name, record.error());
    return std::nullopt;
  }
  return std::move(*record);
}

void ModemRecords::set_aside(const std::string& name, const BadRecord& bad) {
  std::error_code error;
  auto base = name + (bad.later_form ? ".later" : ".corrupt");
  auto aside = base;
  for (int i = 1; fs::exists(fs::symlink_status(folder_ / aside, error)); ++i) {
    aside = fmt::format("{}-{}", base, i);
  }
  fs::rename(folder_ / name, folder_ / aside, error);
  warn(events_, fmt::format("the record {} can't be used ({}); {}", (folder_ / name).string(), bad.why,
                            error ? "it stays as it is" : "it is kept as " + aside));
}

std::vector<ModemRecords::Entry*> ModemRecords::matching(const Identity& identity) {
  std::vector<Entry*> matches;
  for (auto& entry : entries_) {
    if (same_modem(entry.record, identity)) {
      matches.push_back(&entry);
    }
  }
  return matches;
}

/// Of the modems that were seen on this port, the one that was seen last.
ModemRecords::Entry* ModemRecords::last_on_port(const std::string& port) {
  Entry* last = nullptr;
  for (auto& entry : entries_) {
    const auto& states = entry.record.states;
    auto here = !states.empty() && states.back().bus == bus_ && states.back().port == port;
    if (here && (last == nullptr || last->record.last_seen() <= entry.record.last_seen())) {
      last = &entry;
    }
  }
  return last;
}

std::optional<ModemRecords::Known> ModemRecords::known_before(const usb::DeviceInfo& device, const Identity& identity) {
  load();
  auto matches = matching(identity);
  if (matches.size() == 1) {
    return Known{matches.front()->record, true};
  }
  if (auto* last = last_on_port(device.port); last != nullptr && matches.empty()) {
    return Known{last->record, false};
  }
  return std::nullopt;  // two records fit: which one is it?
}

void ModemRecords::saw(const Sight& sight) {
  remember(sight, [](ModemRecord&) {});
}

void ModemRecords::did(const Sight& sight, const JobDone& job) {
  remember(sight, [&](ModemRecord& record) { record.add(job); });
}

void ModemRecords::remember(const Sight& sight, const std::function<void(ModemRecord&)>& more) {
  if (folder_.empty()) {
    return;
  }
  load();
  auto by_port = false;
  auto& entry = entry_for(sight, by_port);
  auto written = read(entry.name);
  if (written) {
    entry.record = *written;  // what another process has learned meanwhile is in it
  }
  entry.record.learn(sight.identity, sight.time);
  entry.record.add(StateSeen{.first = sight.time,
                             .last = sight.time,
                             .bus = bus_,
                             .port = sight.device.port,
                             .state = sight.state,
                             .by_port = by_port});
  more(entry.record);
  if (written && !entry.record.news_beside(*written)) {
    return;
  }
  if (auto replaced = replace_file(folder_ / entry.name, record_text(entry.record)); !replaced) {
    complain(replaced.error().what);
  }
}

/// The record that this sight belongs to, a new one where there is none.
/// @param by_port  set when nothing but the port says so
ModemRecords::Entry& ModemRecords::entry_for(const Sight& sight, bool& by_port) {
  auto matches = matching(sight.identity);
  if (!matches.empty()) {
    return join(matches);
  }
  auto nameless = sight.identity.imei.empty() && !sight.identity.chip.serial;
  if (auto* last = nameless ? last_on_port(sight.device.port) : nullptr) {
    by_port = true;
    return *last;
  }
  return entries_.emplace_back(free_name(stem_for(sight, bus_)), ModemRecord{});
}

/// One record out of those that are one modem's: what was known by IMEI and what was known by the chip come together
/// when a modem has told both. Records that contradict each other stay apart; the one seen last is taken.
ModemRecords::Entry& ModemRecords::join(const std::vector<Entry*>& matches) {
  auto by_last_seen = [](const Entry* a, const Entry* b) { return a->record.last_seen() < b->record.last_seen(); };
  auto* into = *std::ranges::max_element(matches, by_last_seen);
  std::vector<std::string> joined;
  for (auto* other : matches) {
    if (other != into && !contradict(into->record, other->record.identity())) {
      into->record.absorb(std::move(other->record));
      joined.push_back(other->name);
    }
  }
  auto name = into->name;
  if (!joined.empty() && !replace_file(folder_ / name, record_text(into->record))) {
    return *into;  // both files stay, and are joined another time
  }
  for (const auto& old : joined) {
    std::error_code error;
    fs::remove(folder_ / old, error);
    std::erase_if(entries_, [&](const Entry& entry) { return entry.name == old; });
  }
  return *std::ranges::find(entries_, name, &Entry::name);
}

std::vector<ModemRecord> ModemRecords::all() {
  load();
  std::vector<ModemRecord> records;
  records.reserve(entries_.size());
  for (const auto& entry : entries_) {
    records.push_back(entry.record);
  }
  return records;
}

std::string ModemRecords::free_name(const std::string& stem) const {
  std::error_code error;
  auto name = stem + std::string(suffix);
  for (int i = 2; fs::exists(fs::symlink_status(folder_ / name, error)) ||
                  std::ranges::find(entries_, name, &Entry::name) != entries_.end();
       ++i) {
    name = fmt::format("{}-{}{}", stem, i, suffix);
  }
  return name;
}

}  // namespace modemedic::operation
