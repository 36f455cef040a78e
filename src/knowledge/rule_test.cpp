#include "knowledge/rule_test.h"

#include "base/bytes.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::knowledge {

using firmware::PackageSigning;
using firmware::PartitionTable;
using firmware::Revision;
using Speaks = Outcome::Speaks;

namespace {

Outcome yes(std::string modem, std::string package) {
  return {Speaks::yes, std::move(modem), std::move(package), {}};
}

Missing no_revision(const ModemFacts& modem) {
  return {modem.silence.empty() ? "the modem's revision is not known" : modem.silence};
}

Missing no_revision(const PackageFacts&) {
  return {"no file of the package tells which revision it is"};
}

/// The revisions of both, or what is missing of them.
struct Both {
  const Revision* modem = nullptr;
  const Revision* package = nullptr;
  std::vector<Missing> missing;
};

Both revisions_of(const ModemFacts& modem, const PackageFacts& package) {
  Both both{modem.revision ? &*modem.revision : nullptr, package.revision ? &*package.revision : nullptr, {}};
  if (both.modem == nullptr) {
    both.missing.push_back(no_revision(modem));
  }
  if (both.package == nullptr) {
    both.missing.push_back(no_revision(package));
  }
  return both;
}

Missing no_sub_version(const Revision& revision, std::string_view whose) {
  return {fmt::format("the {}'s revision {} is known without its sub-version", whose, printable(revision.text))};
}

/// Compares two facts that may be missing.
Outcome differ(const std::optional<std::string>& modem, const std::optional<std::string>& package,
               const Missing& modem_missing, const Missing& package_missing) {
  std::vector<Missing> missing;
  if (!modem) {
    missing.push_back(modem_missing);
  }
  if (!package) {
    missing.push_back(package_missing);
  }
  if (!missing.empty()) {
    return Outcome::unknown(std::move(missing));
  }
  return *modem == *package ? Outcome::no() : yes(*modem, *package);
}

Outcome differ_in_memory(const Revision& modem, const Revision& package) {
  if (modem.memory.empty() == package.memory.empty()) {
    return differ(modem.memory, package.memory, {}, {});
  }
  const auto& without = modem.memory.empty() ? modem : package;
  return Outcome::unknown({{fmt::format("{} says nothing of memory", printable(without.text))}});
}

Outcome differ_in_channel(const Rules& rules, const Revision& modem, const Revision& package) {
  auto shown = [&](const Revision& revision) {
    auto channel = channel_of(revision, rules);
    return channel && channel->empty() ? "none" : channel;
  };
  return differ(shown(modem), shown(package), no_sub_version(modem, "modem"), no_sub_version(package, "package"));
}

constexpr std::string_view ocpu = "_OCPU";

/// The suffixes one by one: "_OCPU", "_LNV".
std::vector<std::string_view> suffixes_of(const Revision& revision) {
  std::vector<std::string_view> suffixes;
  std::string_view rest = revision.suffix;
  while (!rest.empty()) {
    auto end = std::min(rest.find('_', 1), rest.size());
    suffixes.push_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return suffixes;
}

std::string ocpu_word(const Revision& revision) {
  auto suffixes = suffixes_of(revision);
  return std::ranges::find(suffixes, ocpu) == suffixes.end() ? "a standard build" : "an OCPU build";
}

/// Whom the build was made for: every suffix but OCPU, and a beta's mark and date, which are nobody's.
std::string build_word(const Revision& revision) {
  auto suffixes = suffixes_of(revision);
  auto is_date = [](std::string_view suffix) {
    return suffix.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
  };
  std::erase_if(suffixes,
                [&](auto suffix) { return suffix == ocpu || suffix.starts_with("_BETA") || is_date(suffix); });
  std::ranges::sort(suffixes);
  return suffixes.empty() ? "a build for nobody in particular" : fmt::format("a build {}", fmt::join(suffixes, ""));
}

/// Facts that stand in both revisions.
Outcome differ_in_name(Fact fact, const Rules& rules, const Both& both) {
  if (!both.missing.empty()) {
    return Outcome::unknown(both.missing);
  }
  const auto& [modem, package, missing] = both;
  switch (fact) {
    case Fact::order_code:
      return differ(modem->order_code, package->order_code, {}, {});
    case Fact::memory:
      return differ_in_memory(*modem, *package);
    case Fact::baseline:
      return differ(fmt::format("R{:02}", modem->baseline), fmt::format("R{:02}", package->baseline), {}, {});
    case Fact::channel:
      return differ_in_channel(rules, *modem, *package);
    case Fact::ocpu:
      return differ(ocpu_word(*modem), ocpu_word(*package), {}, {});
    default:
      return differ(build_word(*modem), build_word(*package), {}, {});
  }
}

std::optional<std::string> if_any(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Outcome differ_in_geometry(const ModemFacts& modem, const PackageFacts& package) {
  auto name = [](const std::optional<Geometry>& geometry) {
    return geometry ? std::optional(cells_name(*geometry)) : std::nullopt;
  };
  return differ(name(modem.geometry), name(package.geometry), {"the chip's page and block size are not known", true},
                {"the package doesn't tell for which page and block size it is"});
}

/// The partitions of one table that the other has not, or has elsewhere.
std::string only_in(const PartitionTable& table, const PartitionTable& other) {
  std::vector<std::string> rows;
  for (const auto& partition : table) {
    if (std::ranges::find(other, partition) == other.end()) {
      rows.push_back(
          fmt::format("{} {}/{}", printable(partition.name), partition.range.start.n, partition.range.count.n));
    }
  }
  return rows.empty() ? "nothing more" : fmt::format("{}", fmt::join(rows, ", "));
}

Outcome differ_in_table(const ModemFacts& modem, const PackageFacts& package) {
  if (!package.table) {
    return Outcome::unknown({{"the package has no partition table"}});
  }
  if (!modem.table) {
    return Outcome::unknown(
        {{modem.table_silence.empty() ? "the chip's partition table is not known" : modem.table_silence, true}});
  }
  auto more = only_in(*modem.table, *package.table);
  auto other = only_in(*package.table, *modem.table);
  return more == other ? Outcome::no() : yes(std::move(more), std::move(other));
}

Outcome foreign_maker(const PackageFacts& package) {
  if (!package.foreign) {
    return Outcome::unknown({{"whose firmware the package is could not be told"}});
  }
  return *package.foreign ? yes({}, printable(package.maker)) : Outcome::no();
}

/// A fused chip takes only images with the root certificate whose hash it holds.
Outcome fused(const ModemFacts& modem, const PackageFacts& package) {
  if (modem.fused == false) {
    return Outcome::no();
  }
  const auto& [state, signing] = package.signing;
  auto root = hex_digits(signing.root_hash);
  if (!modem.key_hash.empty() && state == PackageSigning::State::is_signed && root == modem.key_hash) {
    return Outcome::no();
  }
  if (!modem.fused) {
    return Outcome::unknown({{"whether the modem takes only signed images is not known", true}});
  }
  auto holder = modem.key_hash.empty() ? "is fused" : fmt::format("is fused to the key {:.16}…", modem.key_hash);
  switch (state) {
    case PackageSigning::State::not_signed:
      return yes(holder, "are not signed");
    case PackageSigning::State::mixed:
      return yes(holder, "are not all signed by one");
    case PackageSigning::State::is_signed:
      return modem.key_hash.empty()
                 ? Outcome::unknown({{"to whose key the modem is fused is not known", true}})
                 : yes(holder, fmt::format("are signed with the key {:.16}… of {}", root, printable(signing.root)));
    case PackageSigning::State::unknown:
      break;
  }
  return Outcome::unknown({{"who signed the package's images could not be told"}});
}

bool fits(std::string_view wanted, std::string_view text) {
  return wanted.ends_with('*') ? text.starts_with(wanted.substr(0, wanted.size() - 1))
                               : wanted.empty() || wanted == text;
}

/// Is this revision like the pattern? Unknown when only a sub-version that wasn't told could say.
Speaks like(const NamePattern& pattern, const Revision* revision) {
  if (revision == nullptr) {
    return Speaks::unknown;
  }
  if (!fits(pattern.order_code, revision->order_code) ||
      (pattern.baseline && *pattern.baseline != revision->baseline)) {
    return Speaks::no;
  }
  if (!pattern.sub_version.empty() && revision->sub_version.empty()) {
    return Speaks::unknown;
  }
  return fits(pattern.sub_version, revision->sub_version) ? Speaks::yes : Speaks::no;
}

Speaks negated(Speaks answer) {
  return answer == Speaks::unknown ? answer : answer == Speaks::yes ? Speaks::no : Speaks::yes;
}

Speaks both_of(Speaks a, Speaks b) {
  return a == Speaks::no || b == Speaks::no ? Speaks::no : a == Speaks::unknown ? a : b;
}

Speaks either_of(Speaks a, Speaks b) {
  return negated(both_of(negated(a), negated(b)));
}

Outcome on_path(const Rule& rule, const Both& both) {
  auto goes = [&](const NamePattern& from, const NamePattern& to) {
    auto arrives = like(to, both.package);
    return both_of(like(from, both.modem), rule.to_other_than ? negated(arrives) : arrives);
  };
  auto speaks = goes(rule.from, rule.to);
  speaks = rule.either_way ? either_of(speaks, goes(rule.to, rule.from)) : speaks;
  if (speaks == Speaks::unknown) {
    auto missing = both.missing;
    if (both.modem != nullptr && both.modem->sub_version.empty()) {
      missing.push_back(no_sub_version(*both.modem, "modem"));
    }
    if (both.package != nullptr && both.package->sub_version.empty()) {
      missing.push_back(no_sub_version(*both.package, "package"));
    }
    return Outcome::unknown(std::move(missing));
  }
  return speaks == Speaks::yes ? yes(printable(both.modem->text), printable(both.package->text)) : Outcome::no();
}

}  // namespace

std::optional<std::string> channel_of(const Revision& revision, const Rules& rules) {
  if (!revision.sub_version.empty()) {
    return revision.sub_version.substr(0, revision.sub_version.find('.'));
  }
  auto has_none = std::ranges::find(rules.without_sub_version, revision.memory) != rules.without_sub_version.end();
  return has_none ? std::optional(std::string()) : std::nullopt;
}

bool is_from(const Rule& rule, const Revision& modem) {
  return rule.kind == Rule::Kind::path && like(rule.from, &modem) == Speaks::yes;
}

Outcome test(const Rule& rule, const Rules& rules, const ModemFacts& modem, const PackageFacts& package) {
  if (rule.kind == Rule::Kind::found) {
    return Outcome::no();
  }
  if (rule.kind == Rule::Kind::path) {
    return on_path(rule, revisions_of(modem, package));
  }
  switch (rule.fact) {
    case Fact::chip:
      return differ(if_any(modem.chip), if_any(package.chip), {"which chip the modem has is not known", true},
                    {"which chip the package is for is not known"});
    case Fact::geometry:
      return package.leaves_layout ? Outcome{} : differ_in_geometry(modem, package);
    case Fact::partition_table:
      return package.leaves_layout ? Outcome{} : differ_in_table(modem, package);
    case Fact::foreign_chip:
      return modem.foreign_maker.empty() ? Outcome::no() : yes(printable(modem.foreign_maker), {});
    case Fact::foreign_maker:
      return foreign_maker(package);
    case Fact::fused:
      return fused(modem, package);
    default:
      return differ_in_name(rule.fact, rules, revisions_of(modem, package));
  }
}

}  // namespace modemedic::knowledge
