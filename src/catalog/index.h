#pragma once

#include "base/error.h"
#include "catalog/entry.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

struct sqlite3;

namespace modemedic::catalog {

/// The table of what is in the catalogue, in SQLite. It can always be made anew from the packages themselves.
class Index {
public:
  /// @return Code::io: it can't be made, or isn't an index of this form; Code::busy: another modemedic holds it
  static Result<Index> open(const std::filesystem::path& file);

  /// Whether it has been filled with all that lies in the catalogue.
  Result<bool> is_filled() const;

  /// It has been, now.
  Result<void> set_filled();

  /// All entries, the ones added last first.
  /// @return Code::io: a row can't be read
  Result<std::vector<Entry>> entries() const;

  /// Adds an entry, or takes the place of the one with the same content.
  Result<void> put(const Entry& entry);

  Result<void> remove(const Sha256& content);

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
