#pragma once

#include "base/error.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace modemedic::knowledge {

/// The content of an embedded file of data/; empty when there is none of that name.
std::string_view embedded(std::string_view path);

/// A value of a row, as simple as our data is.
using TomlValue = std::variant<bool, std::int64_t, std::string, std::vector<std::int64_t>, std::vector<std::string>>;
using TomlTable = std::map<std::string, TomlValue, std::less<>>;

/// A data file that is nothing but [[arrays]] of flat tables. Keeps toml++ out of who reads the rows.
class TomlRows {
public:
  /// @param file    its name, for the error
  /// @param arrays  the arrays it may have; any other is an error
  /// @return Code::bug: no TOML, or not of that form
  static Result<TomlRows> read(std::string_view file, std::string_view content,
                               std::initializer_list<std::string_view> arrays);

  /// The rows of one array, in their order.
  const std::vector<TomlTable>& of(std::string_view array) const;

private:
  std::map<std::string, std::vector<TomlTable>, std::less<>> arrays_;
};

/// Reads one row's keys by type; a key of a wrong type, a missing one, or one that nobody asked for is told by done().
class TomlRow {
public:
  TomlRow(const TomlTable& row, std::string_view file) : row_(row), file_(file) {}

  std::optional<std::string> text(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  std::optional<std::uint16_t> u16(std::string_view key);
  std::vector<std::uint16_t> u16s(std::string_view key);
  std::vector<std::string> texts(std::string_view key);

  /// A number, or a list [least, most].
  std::optional<std::pair<std::uint16_t, std::uint16_t>> range(std::string_view key);

  /// Tells done() that the row must have this key.
  void required(std::string_view key);

  /// @return Code::bug with the first thing that is wrong in the row
  Result<void> done() const;

private:
  template <typename T>
  const T* find(std::string_view key);
  std::optional<std::uint16_t> narrow(std::string_view key, std::int64_t number);
  void complain(std::string_view key, std::string_view about);

  const TomlTable& row_;
  std::string_view file_;
  std::set<std::string, std::less<>> asked_;
  std::string complaint_;
};

}  // namespace modemedic::knowledge
