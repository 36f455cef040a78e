#include "virtual/firehose_attributes.h"

#include <algorithm>

namespace modemedic::twin {

namespace {

using Kind = FirehoseAttributes::Kind;
using Entry = FirehoseAttributes::Entry;

constexpr std::size_t longest_text = 63;
constexpr std::string_view disk_sectors = "NUM_DISK_SECTORS";

constexpr std::array<Entry, static_cast<std::size_t>(Attribute::count)> entries = {{
    {"SECTOR_SIZE_IN_BYTES"},
    {"num_partition_sectors"},
    {"start_sector", Kind::sector},
    {"physical_partition_number"},
    {"file_sector_offset"},
    {"PAGES_PER_BLOCK"},
    {"filename", Kind::text},
    {"label", Kind::text},
    {"last_sector"},
    {"bad_block_at_end", Kind::number, attribute_not_given},
    {"get_spare"},
    {"ecc_disabled"},
    {"value", Kind::text},
    {"DelayInSeconds"},
    {"MaxPayloadSizeToTargetInBytes", Kind::number, 131072},
    {"MaxPayloadSizeFromTargetInBytes"},
    {"MaxDigestTableSizeInBytes"},
    {"ZlpAwareHost"},
    {"SkipWrite"},
    {"SkipStorageInit"},
    {"AlwaysValidate"},
    {"Verbose"},
    {"AckRawDataEveryNumPackets"},
    {"TargetName", Kind::text},
    {"byte_offset"},
    {"size_in_bytes"},
    {"what", Kind::text},
    {"TestWritePerformance"},
    {"TestReadPerformance"},
    {"trials"},
    {"MemoryName", Kind::text},
}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_in_any_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool decimal(char c) {
  return c >= '0' && c <= '9';
}

std::optional<unsigned> digit(char c, bool hex) {
  if (decimal(c)) {
    return static_cast<unsigned>(c - '0');
  }
  if (hex && lower(c) >= 'a' && lower(c) <= 'f') {
    return static_cast<unsigned>(lower(c) - 'a') + 10U;
  }
  return std::nullopt;
}

/// Too big a number wraps, as the programmer's arithmetic does.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  auto hex = text.size() > 2 && text[0] == '0' && lower(text[1]) == 'x';
  std::uint64_t number = 0;
  for (auto c : hex ? text.substr(2) : text) {
    auto value = digit(c, hex);
    if (!value) {
      return std::nullopt;
    }
    number = number * (hex ? 16U : 10U) + *value;
  }
  return number;
}

}  // namespace

FirehoseAttributes::FirehoseAttributes() {
  std::transform(entries.begin(), entries.end(), numbers_.begin(), [](const Entry& entry) { return entry.initial; });
}

std::optional<Attribute> FirehoseAttributes::find(std::string_view name) {
  auto found = std::find_if(entries.begin(), entries.end(),
                            [name](const Entry& entry) { return same_in_any_case(entry.name, name); });
  if (found == entries.end()) {
    return std::nullopt;
  }
  return static_cast<Attribute>(found - entries.begin());
}

const FirehoseAttributes::Entry& FirehoseAttributes::entry(Attribute attribute) {
  return entries[index(attribute)];
}

bool FirehoseAttributes::assign(Attribute attribute, std::string_view value) {
  auto kind = entry(attribute).kind;
  if (kind != Kind::number && value.size() > longest_text) {
    return false;
  }
  if (kind == Kind::text) {
    texts_[index(attribute)] = value;
    return true;
  }
  if (kind == Kind::number && value.empty()) {
    set(attribute, previous_number_);
    return true;
  }
  auto number = kind == Kind::sector ? evaluate_sector(value) : parse_number(value);
  if (!number) {
    return false;
  }
  set(attribute, *number);
  if (kind == Kind::number) {
    previous_number_ = *number;
  }
  return true;
}

std::optional<std::uint64_t> evaluate_sector(std::string_view expression) {
  if (expression.ends_with('.')) {
    expression.remove_suffix(1);
  }
  std::uint64_t sum = 0;
  std::uint64_t term = 0;
  auto minus = false;
  while (!expression.empty()) {
    auto c = expression.front();
    if (expression.starts_with(disk_sectors)) {
      term = 0;
      expression.remove_prefix(disk_sectors.size());
      continue;
    }
    if (c == '+' || c == '-') {
      sum = minus ? sum - term : sum + term;
      term = 0;
      minus = c == '-';
    } else if (decimal(c)) {
      term = term * 10 + static_cast<std::uint64_t>(c - '0');
    } else if (lower(c) != 'x') {  // passed over: 0x40 is 40
      return std::nullopt;
    }
    expression.remove_prefix(1);
  }
  return minus ? sum - term : sum + term;
}

}  // namespace modemedic::twin
