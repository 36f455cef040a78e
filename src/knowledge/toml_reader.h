#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include <toml++/toml.h>

namespace modemedic::knowledge {

/// Reads a TOML table strictly: a key that lacks, has another type, is out of its range, or is unknown is a problem.
/// The first problem is kept, with the key's whole path, so that a reader is written without a test at each line.
class TomlReader {
public:
  /// @param path     of this table, for the problem's text; empty at the root
  /// @param problem  where the first problem goes; empty while there is none
  TomlReader(const toml::table& table, std::string path, std::string& problem);

  /// The key is there; for what may be left out.
  bool has(std::string_view key) const { return table_.contains(key); }

  std::string text(std::string_view key);
  std::string text_or(std::string_view key, std::string_view otherwise);
  std::uint64_t number(std::string_view key, std::uint64_t largest);
  bool flag(std::string_view key);

  template <typename Number>
  void number_into(std::string_view key, Number& into) {
    into = static_cast<Number>(number(key, std::numeric_limits<Number>::max()));
  }

  TomlReader table(std::string_view key);

  /// Calls `read` for each table of an array.
  void each_table(std::string_view key, const std::function<void(TomlReader&)>& read);
  void each_number(std::string_view key, std::uint64_t largest, const std::function<void(std::uint64_t)>& read);
  void each_text(std::string_view key, const std::function<void(const std::string&)>& read);

  /// Every key has been asked for: what is left is a slip of the pen.
  void done();

  /// Tells a problem of one key: "usb.edl.speed: no such speed".
  void complain(std::string_view key, std::string_view what);

private:
  const toml::node* find(std::string_view key);
  std::string path_of(std::string_view key) const;
  const toml::array* array(std::string_view key);

  const toml::table& table_;
  std::string path_;
  std::string& problem_;
  std::set<std::string, std::less<>> asked_;
};

/// Parses a document and reads its root with `read`, which calls done() itself.
/// @return the first problem, safe to print, empty when there is none: "line 8: …", "usb.edl.speed: is no text"
std::string read_toml(std::string_view content, const std::function<void(TomlReader&)>& read);

}  // namespace modemedic::knowledge
