#pragma once

#include "base/error.h"
#include "base/events.h"
#include "firmware/file_scan.h"
#include "firmware/md5_list.h"
#include "firmware/package.h"
#include "firmware/package_layout.h"

#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::firmware {

/// What the one pass over all bytes of a package brings.
struct ReadFiles {
  std::vector<PackageFile> files;  ///< as layout.paths
  std::vector<FileFacts> facts;    ///< of each
};

/// Reads every file of a package once: digest, head, small files whole, and what FileScan finds in it. With an archive
/// that can only be walked from start to end it does so while that is opened.
class PackageReader final : public FirstLook {
public:
  PackageReader(Events& events, std::stop_token stop) : events_(events), stop_(std::move(stop)) {}

  Result<void> see(const SourceEntry& entry, Stream& stream, Position position) override;

  /// @return Code::package_bad (archive cut, CRC wrong, a file changed under us), Code::io, Code::interrupted
  Result<ReadFiles> read(Source& source, const PackageLayout& layout);

private:
  struct Report {
    PackageFile file;
    FileFacts facts;
  };

  Result<Report> read_one(const std::string& path, std::uint64_t size, Stream& stream);
  bool wants_content(std::string_view path, std::uint64_t size);

  Events& events_;
  std::stop_token stop_;
  event::Progress progress_;
  std::uint64_t kept_ = 0;     ///< bytes of content
  bool counts_bytes_ = true;   ///< progress is counted in the bytes that are read, not in those of the archive
  bool has_too_many_ = false;  ///< the first look gave up
  std::vector<Report> seen_;   ///< by the first look, in the source's order
};

/// Compares every file with md5.txt, sets its status and tells what the list names but the package has not.
/// @param list  nullptr when there is no md5.txt
/// @return Code::package_bad naming the first file whose digest differs
Result<void> check_digests(Package& package, const Md5List* list);

}  // namespace modemedic::firmware
