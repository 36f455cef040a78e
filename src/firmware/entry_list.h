#pragma once

#include "base/error.h"
#include "firmware/source.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace modemedic::firmware {

/// How much a source may hold. The largest release seen is about 300 MB in 30 files.
constexpr std::size_t most_entries = 100'000;
constexpr std::uint64_t most_path_bytes = std::uint64_t{8} << 20U;
constexpr std::uint64_t most_unpacked = std::uint64_t{4} << 30U;

/// Collects what a source lists, and refuses what no package has: dangerous paths, two that mean the same file, too
/// many of them, too many bytes.
class EntryList {
public:
  /// @param packed_size  of the archive, for the rule against zip bombs: beyond 64 MiB an archive may unpack to 200
  ///                     times its own size (images compress 2 to 10 times); 0 for a folder
  explicit EntryList(std::uint64_t packed_size);

  /// @param raw_path  as the source spells it
  /// @return Code::package_bad
  Result<void> add(std::string_view raw_path, std::uint64_t size);

  /// Folders count too: an archive of nothing but folders must end as well.
  Result<void> add_folder(std::string_view raw_path);

  const std::vector<SourceEntry>& entries() const { return entries_; }

private:
  Result<void> count(std::string_view raw_path);
  bool is_new(const std::string& path);

  std::vector<SourceEntry> entries_;
  std::unordered_set<std::string> folded_;
  std::unordered_map<std::string, bool> likenesses_;  ///< of names that are not plain ASCII: has one another spelling?
  std::size_t counted_ = 0;
  std::uint64_t path_bytes_ = 0;
  std::uint64_t unpacked_ = 0;
  std::uint64_t most_bytes_;
};

}  // namespace modemedic::firmware
