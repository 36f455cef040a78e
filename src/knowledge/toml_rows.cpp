#include "knowledge/toml_rows.h"

#include "knowledge/embedded_data.h"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace modemedic::knowledge {

std::string_view embedded(std::string_view path) {
  auto files = embedded_data();
  auto file = std::find_if(files.begin(), files.end(), [path](const EmbeddedFile& f) { return f.path == path; });
  return file == files.end() ? std::string_view() : file->content;
}

namespace {

template <typename T>
std::optional<TomlValue> list(const toml::array& array) {
  std::vector<T> values;
  for (const auto& node : array) {
    auto value = node.value_exact<T>();
    if (!value) {
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return TomlValue(std::move(values));
}

std::optional<TomlValue> value_of(const toml::node& node) {
  if (auto flag = node.value_exact<bool>()) {
    return TomlValue(*flag);
  }
  if (auto number = node.value_exact<std::int64_t>()) {
    return TomlValue(*number);
  }
  if (auto text = node.value_exact<std::string>()) {
    return TomlValue(*text);
  }
  const auto* array = node.as_array();
  if (array == nullptr) {
    return std::nullopt;
  }
  auto numbers = list<std::int64_t>(*array);
  return numbers ? numbers : list<std::string>(*array);
}

Failure bad(std::string_view file, std::string what) {
  return fail(Code::bug).what(std::move(what)).during(std::string(file));
}

Result<TomlTable> flat(const toml::table& table, std::string_view file) {
  TomlTable row;
  for (const auto& [key, node] : table) {
    auto value = value_of(node);
    if (!value) {
      return bad(file, fmt::format("{} is neither a number, a text, nor a list of one kind", key.str()));
    }
    row.emplace(key.str(), std::move(*value));
  }
  return row;
}

}  // namespace

Result<TomlRows> TomlRows::read(std::string_view file, std::string_view content,
                                std::initializer_list<std::string_view> arrays) try {
  auto document = toml::parse(content);
  TomlRows rows;
  for (const auto& [key, node] : document) {
    const auto* tables = node.as_array();
    if (tables == nullptr || std::find(arrays.begin(), arrays.end(), key.str()) == arrays.end()) {
      return bad(file, fmt::format("has an unknown part {}", key.str()));
    }
    auto& into = rows.arrays_[std::string(key.str())];
    for (const auto& element : *tables) {
      const auto* table = element.as_table();
      if (table == nullptr) {
        return bad(file, fmt::format("{} has an element that is no table", key.str()));
      }
      TRY_ASSIGN(auto row, flat(*table, file));
      into.push_back(std::move(row));
    }
  }
  return rows;

} catch (const toml::parse_error& error) {
  return bad(file, fmt::format("line {}: {}", error.source().begin.line, error.description()));
}

const std::vector<TomlTable>& TomlRows::of(std::string_view array) const {
  static const std::vector<TomlTable> none;
  auto rows = arrays_.find(array);
  return rows == arrays_.end() ? none : rows->second;
}

template <typename T>
const T* TomlRow::find(std::string_view key) {
  asked_.emplace(key);
  auto entry = row_.find(key);
  if (entry == row_.end()) {
    return nullptr;
  }
  const auto* value = std::get_if<T>(&entry->second);
  if (value == nullptr) {
    complain(key, "is of the wrong type");
  }
  return value;
}

std::optional<std::uint16_t> TomlRow::narrow(std::string_view key, std::int64_t number) {
  if (number < 0 || number > 0xFFFF) {
    complain(key, "is out of range");
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(number);
}

std::optional<std::string> TomlRow::text(std::string_view key) {
  const auto* value = find<std::string>(key);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<bool> TomlRow::flag(std::string_view key) {
  const auto* value = find<bool>(key);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::uint16_t> TomlRow::u16(std::string_view key) {
  const auto* value = find<std::int64_t>(key);
  return value == nullptr ? std::nullopt : narrow(key, *value);
}

std::vector<std::uint16_t> TomlRow::u16s(std::string_view key) {
  std::vector<std::uint16_t> numbers;
  if (const auto* values = find<std::vector<std::int64_t>>(key)) {
    for (auto value : *values) {
      numbers.push_back(narrow(key, value).value_or(0));
    }
  }
  return numbers;
}

std::vector<std::string> TomlRow::texts(std::string_view key) {
  const auto* values = find<std::vector<std::string>>(key);
  return values == nullptr ? std::vector<std::string>() : *values;
}

std::optional<std::pair<std::uint16_t, std::uint16_t>> TomlRow::range(std::string_view key) {
  auto entry = row_.find(key);
  if (entry == row_.end() || std::holds_alternative<std::int64_t>(entry->second)) {
    auto number = u16(key);
    return number ? std::optional(std::pair(*number, *number)) : std::nullopt;
  }
  auto pair = u16s(key);
  if (pair.size() != 2) {
    complain(key, "is neither a number nor [least, most]");
    return std::nullopt;
  }
  return std::pair(pair[0], pair[1]);
}

void TomlRow::required(std::string_view key) {
  asked_.emplace(key);
  if (!row_.contains(key)) {
    complain(key, "is missing");
  }
}

void TomlRow::complain(std::string_view key, std::string_view about) {
  if (complaint_.empty()) {
    complaint_ = fmt::format("{} {}", key, about);
  }
}

Result<void> TomlRow::done() const {
  auto complaint = complaint_;
  for (const auto& [key, value] : row_) {
    if (complaint.empty() && !asked_.contains(key)) {
      complaint = fmt::format("{} is no key of this kind of row", key);
    }
  }
  if (complaint.empty()) {
    return {};
  }
  auto id = row_.find("id");
  auto name = row_.find("name");
  const auto* who = id != row_.end() ? &id->second : name != row_.end() ? &name->second : nullptr;
  const auto* text = who == nullptr ? nullptr : std::get_if<std::string>(who);
  return fail(Code::bug).what(complaint).during(fmt::format("{}, row {}", file_, text == nullptr ? "?" : *text));
}

}  // namespace modemedic::knowledge
