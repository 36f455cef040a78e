#pragma once

#include "base/error.h"
#include "catalog/entry.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct sqlite3;

namespace modemedic::catalog {

/// The table of what is in the catalogue, in SQLite. It can always be made anew from the packages themselves.
class Index {
public:
  /// @return Code::package_bad: it is no index, or of another form; Code::io: it can't be made, read or written;
  ///         Code::busy: another modemedic holds it
  static Result<Index> open(const std::filesystem::path& file);

  /// Hex digits of the content of each package in it.
  Result<std::vector<std::string>> contents() const;

  /// All entries, the ones added last first.
  /// @return Code::package_bad: a row can't be read
  Result<std::vector<Entry>> entries() const;

  /// Adds an entry, or takes the place of the one with the same content.
  Result<void> put(const Entry& entry);

  /// @param content  hex digits
  Result<void> remove(const std::string& content);

private:
  struct Close {
    void operator()(sqlite3* used) const;
  };

  explicit Index(std::unique_ptr<sqlite3, Close> database) : database_(std::move(database)) {}

  Result<int> form_found() const;
  Result<void> prepare();
  Result<void> run(const char* statement);

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace modemedic::catalog
