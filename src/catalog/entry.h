#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "firmware/package.h"
#include "knowledge/rule_facts.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::catalog {

/// A package that is kept, and all that the rules ask of it: to judge it, its files need not be opened.
struct Entry {
  Sha256 content{};                ///< content_digest(): what it is known by
  std::string name;                ///< of the file or folder that was added; the copy has it too
  std::string added;               ///< when; UTC, ISO 8601
  firmware::PackageChoice choice;  ///< how it is read again
  std::uint64_t bytes = 0;         ///< of its files, unpacked
  knowledge::PackageFacts facts;
  std::vector<knowledge::Fault> faults;  ///< what the planner has against it

  /// The first digits of its digest: enough to tell it from the others.
  std::string id() const;
};

/// What is kept of a package that was just read.
/// @return Code::package_bad when no plan can be made of it for a reason that is no rule
Result<Entry> make_entry(const firmware::Package& package, const Sha256& content);

/// An entry as the index keeps it.
std::string to_json(const Entry& entry);

/// @return Code::package_bad: it was not written by to_json()
Result<Entry> entry_from_json(std::string_view text);

}  // namespace modemedic::catalog
