#pragma once

#include "operation/efs_walk.h"
#include "operation/identify.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace modemedic::firmware {
class ArchiveWriter;
}

/// The modem's files and NV items as one .tar, which public tools read, and which says of itself what it is
/// (docs/backup.md).
namespace modemedic::operation {

/// A path of any bytes as one that can be unpacked anywhere: what is not a plain character becomes %2F and the like.
std::string escaped_path(std::string_view path);

/// Writes one, in one pass. Taken away again unless it is closed.
class EfsArchive {
public:
  /// @param out  must not exist
  static Result<EfsArchive> create(const std::filesystem::path& out);

  EfsArchive(EfsArchive&&) noexcept;
  ~EfsArchive();

  Result<void> add(const EfsEntry& entry);
  Result<void> add(std::uint16_t item, ByteView bytes);

  struct About {
    Identity identity;
    std::string time;
    EfsSummary efs;
    std::optional<NvSummary> nv;
  };

  /// With the manifest at its end.
  Result<void> close(const About& about);

private:
  explicit EfsArchive(std::unique_ptr<firmware::ArchiveWriter> writer);

  std::string file_for(const std::string& path);

  std::unique_ptr<firmware::ArchiveWriter> writer_;
  std::set<std::string> names_;  ///< that are taken, in one case: some file systems know but that
  std::uint64_t others_ = 0;     ///< files that could not keep their path
  std::string entries_;          ///< JSON objects of the manifest
  std::string items_;
};

/// What a whole one holds.
struct EfsArchiveContent {
  std::string imei;
  std::string model;
  std::string revision;
  std::string time;
  std::uint64_t files = 0;
  std::uint64_t items = 0;
  std::uint64_t troubles = 0;
};

/// Is it one of these, whole or not? By what it holds, not by its name.
/// @return false also for what can't be read
bool is_efs_archive(const std::string& path);

/// Reads all of it and compares it with its digests.
/// @return Code::package_bad: cut, changed, none of these, one of a later form; Code::io; Code::interrupted
Result<EfsArchiveContent> verify_efs_archive(const std::string& path, const std::stop_token& stop);

}  // namespace modemedic::operation
