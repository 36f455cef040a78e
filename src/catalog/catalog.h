#pragma once

#include "base/error.h"
#include "base/events.h"
#include "catalog/entry.h"
#include "catalog/index.h"
#include "firmware/package.h"

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

/// The firmware packages that a person has, kept by their content:
///
///     index.sqlite                              what is there, and all that the rules ask of it
///     packages/<content digest>/about.json      the same, of this one
///     packages/<content digest>/package/…       its files, as they were verified
///
/// The index can be made anew at any time. Two modemedics may work on one catalogue at the same time.
namespace modemedic::catalog {

/// A package after it was added.
struct Added {
  Entry entry;
  bool is_new = false;  ///< it was not there before, under whatever name
};

class Catalog {
public:
  /// Opens a catalogue, or makes it. An index that can't be read is put aside and made anew.
  /// @return Code::io, Code::permission
  static Result<Catalog> open(const std::filesystem::path& folder, Events& events);

  /// What is in it, the ones added last first.
  Result<std::vector<Entry>> entries() const { return index_.entries(); }

  /// Keeps a copy of a package that was read. A copy that was not finished is no part of the catalogue.
  /// @param name  what the person calls it
  /// @param time  now, UTC, ISO 8601
  /// @return Code::package_bad when it is not worth keeping; Code::io (disk full), Code::interrupted
  Result<Added> add(const firmware::Package& package, const firmware::PackageChoice& choice, const std::string& name,
                    const std::string& time, Events& events, const std::stop_token& stop);

  /// Reads a package of the catalogue, and sees that its content is still what was added.
  /// @return Code::package_bad: it was changed or damaged since
  Result<firmware::Package> read(const Entry& entry, Events& events, const std::stop_token& stop) const;

  /// Forgets a package and deletes its copy.
  Result<void> remove(const Entry& entry);

  /// Where the files of a package lie.
  std::filesystem::path place(const Entry& entry) const;

private:
  Catalog(std::filesystem::path folder, Index index) : folder_(std::move(folder)), index_(std::move(index)) {}

  std::filesystem::path folder_;
  Index index_;
};

/// The one entry whose digest begins with these digits, at least four.
/// @return Code::usage: none, or several
Result<Entry> find_entry(const std::vector<Entry>& entries, std::string_view digits);

}  // namespace modemedic::catalog
