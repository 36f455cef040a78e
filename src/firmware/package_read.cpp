#include "firmware/package_read.h"

#include "firmware/package_names.h"
#include "firmware/read_ahead.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::firmware {

namespace {

constexpr std::size_t most_files = 4096;
constexpr std::size_t head_size = 4_KiB;
constexpr std::uint64_t progress_step = 1_MiB;
/// Below this a thread costs more than it saves.
constexpr std::uint64_t least_read_ahead = 1_MiB;

constexpr std::uint64_t largest_kept_file = 1_MiB;
constexpr std::uint64_t most_kept = 4_MiB;

void keep_head(Buffer& head, ByteView chunk) {
  auto count = std::min(chunk.size(), head_size - head.size());
  head.insert(head.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count));
}

/// "a, b, c and 7 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 5;
  auto first = std::vector(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), shown)));
  auto rest = names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : std::string{};
  return fmt::format("{}{}", fmt::join(first, ", "), rest);
}

}  // namespace

bool PackageReader::wants_content(std::string_view path, std::uint64_t size) {
  if (size > largest_kept_file || size > most_kept - kept_ ||
      !names::ends_with_any(path, {".mbn", ".elf", ".melf", ".xml", ".txt"})) {
    return false;
  }
  kept_ += size;
  return true;
}

Result<PackageReader::Report> PackageReader::read_one(const std::string& path, std::uint64_t size, Stream& stream) {
  progress_.what = path;
  progress_.done = 0;
  progress_.size = size;
  PackageFile file;
  file.path = path;
  file.size = size;
  auto content = wants_content(path, size) ? std::make_shared<Buffer>() : nullptr;
  Hasher<Md5> hasher;
  FileScan scan(path, size);
  std::uint64_t reported = 0;
  for (;;) {
    if (stop_.stop_requested()) {
      return stopped_reading();
    }
    TRY_ASSIGN(auto chunk, stream.read());
    if (chunk.size() > size - progress_.done || (chunk.empty() && progress_.done != size)) {
      return fail(Code::package_bad)
          .what(fmt::format("{} changed its size while it was being read", printable(path)))
          .hint("let whatever writes to the package end first, then try again");
    }
    if (chunk.empty()) {
      break;
    }
    hasher.update(chunk);
    scan.feed(chunk);
    keep_head(file.head, chunk);
    if (content) {
      content->insert(content->end(), chunk.begin(), chunk.end());
    }
    progress_.done += chunk.size();
    progress_.all_done += counts_bytes_ ? chunk.size() : 0;
    if (progress_.done - reported >= progress_step || progress_.done == size) {
      reported = progress_.done;
      events_.emit(progress_);
    }
  }
  file.md5 = hasher.finish();
  auto facts = scan.finish(content.get());
  file.signing = facts.signing;
  file.content = std::move(content);
  return Report{std::move(file), std::move(facts)};
}

Result<void> PackageReader::see(const SourceEntry& entry, Stream& stream, Position position) {
  if (has_too_many_) {
    return {};
  }
  if (seen_.size() == most_files) {
    has_too_many_ = true;
    seen_.clear();
    kept_ = 0;
    return {};
  }
  counts_bytes_ = false;
  progress_.all_done = position.done;
  progress_.all_size = position.size;
  TRY_ASSIGN(auto report, read_one(entry.path, entry.size, stream));
  seen_.push_back(std::move(report));
  return {};
}

Result<ReadFiles> PackageReader::read(Source& source, const PackageLayout& layout) {
  if (layout.entries.size() > most_files) {
    return fail(Code::package_bad)
        .what(fmt::format("the package has {} files; real ones have about 30", layout.entries.size()))
        .hint("name the package's own folder");
  }
  bool was_seen = !has_too_many_ && seen_.size() == source.entries().size();
  if (!was_seen) {
    counts_bytes_ = true;
    progress_.all_done = 0;
    progress_.all_size = 0;
    for (auto entry : layout.entries) {
      progress_.all_size += source.entries()[entry].size;
    }
  }
  ReadFiles files;
  for (std::size_t i = 0; i < layout.entries.size(); ++i) {
    auto entry = layout.entries[i];
    Report report;
    if (was_seen) {
      report = std::move(seen_[entry]);
    } else {
      auto size = source.entries()[entry].size;
      TRY_ASSIGN(auto stream, source.open(entry));
      if (source.packed() && size >= least_read_ahead) {
        stream = std::make_unique<ReadAhead>(std::move(stream));
      }
      TRY_ASSIGN(report, read_one(layout.paths[i], size, *stream));
    }
    report.file.path = layout.paths[i];
    report.file.entry = entry;
    files.files.push_back(std::move(report.file));
    files.facts.push_back(std::move(report.facts));
  }
  return files;
}

Result<void> check_digests(Package& package, const Md5List* list) {
  if (list == nullptr) {
    package.findings.push_back({Finding::Level::warning, "md5-no-list",
                                "the package has no md5.txt: nothing proves that its files are whole"});
    return {};
  }
  std::vector<std::string> present;
  for (auto& file : package.files) {
    const auto* line = list->find(file.path);
    file.status = line != nullptr ? Md5Status::listed : Md5Status::not_listed;
    present.push_back(fold_case(file.path));
    if (line != nullptr && line->md5 != file.md5) {
      return fail(Code::package_bad)
          .what(fmt::format("{} is damaged: its MD5 is {}, md5.txt says {}", printable(file.path), hex_digits(file.md5),
                            hex_digits(line->md5)))
          .hint("download the package again; nothing was sent to a modem");
    }
  }
  std::sort(present.begin(), present.end());
  std::vector<std::string> absent;
  for (const auto& [folded, line] : list->lines) {
    if (!std::binary_search(present.begin(), present.end(), folded)) {
      absent.push_back(printable(line.path));
    }
  }
  if (!absent.empty()) {
    package.findings.push_back(
        {Finding::Level::warning, "md5-absent-file",
         fmt::format("md5.txt lists what the package has not, and the flash needs not: {}", some_of(absent))});
  }
  return {};
}

}  // namespace modemedic::firmware
