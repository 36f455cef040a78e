#include "knowledge/toml_reader.h"

#include "base/bytes.h"

#include <fmt/core.h>

namespace modemedic::knowledge {

constexpr std::size_t longest_problem = 500;  ///< what is quoted of a table may be anything

TomlReader::TomlReader(const toml::table& table, std::string path, std::string& problem)
    : table_(table), path_(std::move(path)), problem_(problem) {}

std::string TomlReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void TomlReader::complain(std::string_view key, std::string_view what) {
  if (problem_.empty()) {
    problem_ = fmt::format("{}: {}", path_of(key), what);
  }
}

const toml::node* TomlReader::find(std::string_view key) {
  asked_.emplace(key);
  const auto* node = table_.get(key);
  if (node == nullptr) {
    complain(key, "is missing");
  }
  return node;
}

std::string TomlReader::text(std::string_view key) {
  const auto* node = find(key);
  const auto* value = node != nullptr ? node->as_string() : nullptr;
  if (value == nullptr) {
    complain(key, "is no text");
    return {};
  }
  return value->get();
}

std::string TomlReader::text_or(std::string_view key, std::string_view otherwise) {
  if (!table_.contains(key)) {
    return std::string(otherwise);
  }
  return text(key);
}

std::uint64_t TomlReader::number(std::string_view key, std::uint64_t largest) {
  const auto* node = find(key);
  const auto* value = node != nullptr ? node->as_integer() : nullptr;
  if (value == nullptr) {
    complain(key, "is no whole number");
    return 0;
  }
  if (value->get() < 0 || static_cast<std::uint64_t>(value->get()) > largest) {
    complain(key, fmt::format("is {}, not between 0 and {}", value->get(), largest));
    return 0;
  }
  return static_cast<std::uint64_t>(value->get());
}

bool TomlReader::flag(std::string_view key) {
  const auto* node = find(key);
  const auto* value = node != nullptr ? node->as_boolean() : nullptr;
  if (value == nullptr) {
    complain(key, "is neither true nor false");
    return false;
  }
  return value->get();
}

TomlReader TomlReader::table(std::string_view key) {
  static const toml::table empty;
  const auto* node = find(key);
  const auto* value = node != nullptr ? node->as_table() : nullptr;
  if (value == nullptr) {
    complain(key, "is no table");
  }
  return {value != nullptr ? *value : empty, path_of(key), problem_};
}

const toml::array* TomlReader::array(std::string_view key) {
  const auto* node = find(key);
  const auto* value = node != nullptr ? node->as_array() : nullptr;
  if (value == nullptr) {
    complain(key, "is no list");
  }
  return value;
}

void TomlReader::each_table(std::string_view key, const std::function<void(TomlReader&)>& read) {
  const auto* list = array(key);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    auto name = fmt::format("{}[{}]", key, i);
    const auto* item = list->get_as<toml::table>(i);
    if (item == nullptr) {
      complain(name, "is no table");
      return;
    }
    TomlReader reader(*item, path_of(name), problem_);
    read(reader);
    reader.done();
  }
}

void TomlReader::each_number(std::string_view key, std::uint64_t largest,
                             const std::function<void(std::uint64_t)>& read) {
  const auto* list = array(key);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto* item = list->get_as<std::int64_t>(i);
    if (item == nullptr || item->get() < 0 || static_cast<std::uint64_t>(item->get()) > largest) {
      complain(fmt::format("{}[{}]", key, i), fmt::format("is no number between 0 and {}", largest));
      return;
    }
    read(static_cast<std::uint64_t>(item->get()));
  }
}

void TomlReader::each_text(std::string_view key, const std::function<void(const std::string&)>& read) {
  const auto* list = array(key);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto* item = list->get_as<std::string>(i);
    if (item == nullptr) {
      complain(fmt::format("{}[{}]", key, i), "is no text");
      return;
    }
    read(item->get());
  }
}

void TomlReader::done() {
  for (const auto& [key, node] : table_) {
    if (!asked_.contains(key.str())) {
      complain(key.str(), "is no key that belongs here");
    }
  }
}

std::string read_toml(std::string_view content, const std::function<void(TomlReader&)>& read) {
  std::string problem;
  try {
    auto root = toml::parse(content);
    TomlReader reader(root, "", problem);
    read(reader);
  } catch (const toml::parse_error& error) {
    problem = fmt::format("line {}: {}", error.source().begin.line, error.description());
  }
  return printable(problem, longest_problem);
}

}  // namespace modemedic::knowledge
