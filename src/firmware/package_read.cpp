#include "firmware/package_read.h"

#include "firmware/read_ahead.h"
#include "firmware/revision_scan.h"
#include "firmware/safe_path.h"
#include "firmware/signing.h"

#include <algorithm>
#include <array>
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

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> ends) {
  auto folded = fold_case(path);
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return folded.ends_with(end); });
}

class FilesReader {
public:
  FilesReader(Source& source, const PackageLayout& layout, Events& events)
      : source_(source), layout_(layout), events_(events) {}

  Result<ReadFiles> run() {
    if (layout_.entries.size() > most_files) {
      return fail(Code::package_bad)
          .what(fmt::format("the package has {} files; real ones have about 30", layout_.entries.size()))
          .hint("name the package's own folder");
    }
    for (auto entry : layout_.entries) {
      progress_.all_size += source_.entries()[entry].size;
    }
    for (std::size_t i = 0; i < layout_.entries.size(); ++i) {
      TRY(read_one(layout_.entries[i], layout_.paths[i]));
    }
    return std::move(result_);
  }

private:
  Result<void> read_one(std::size_t entry, const std::string& path) {
    auto size = source_.entries()[entry].size;
    progress_.what = path;
    progress_.done = 0;
    progress_.size = size;
    TRY_ASSIGN(auto stream, source_.open(entry));
    if (source_.packed() && size >= least_read_ahead) {
      stream = std::make_unique<ReadAhead>(std::move(stream));
    }

    PackageFile file;
    file.path = path;
    file.size = size;
    file.entry = entry;
    auto content = wants_content(path, size) ? std::make_shared<Buffer>() : nullptr;
    bool may_be_signed = ends_with_any(path, {".mbn", ".elf", ".melf"});
    Buffer prefix;  // of a signed one that is not kept
    bool has_revision = ends_with_any(path, {".ubi"});
    Hasher<Md5> hasher;
    RevisionScan scan;
    std::uint64_t reported = 0;
    for (;;) {
      TRY_ASSIGN(auto chunk, stream->read());
      if (chunk.size() > size - progress_.done || (chunk.empty() && progress_.done != size)) {
        return fail(Code::package_bad)
            .what(fmt::format("{} changed its size while it was being read", printable(path)))
            .hint("let whatever writes to the package end first, then try again");
      }
      if (chunk.empty()) {
        break;
      }
      hasher.update(chunk);
      if (has_revision) {
        scan.feed(chunk);
      }
      keep_start(file.head, head_size, chunk);
      if (content) {
        content->insert(content->end(), chunk.begin(), chunk.end());
      } else if (may_be_signed) {
        keep_start(prefix, signing_prefix, chunk);
      }
      progress_.done += chunk.size();
      progress_.all_done += chunk.size();
      if (progress_.done - reported >= progress_step || progress_.done == size) {
        reported = progress_.done;
        events_.emit(progress_);
      }
    }
    file.md5 = hasher.finish();
    if (may_be_signed) {
      file.signing = read_signing(content ? *content : prefix, size);
    }
    file.content = std::move(content);
    result_.files.push_back(std::move(file));
    result_.revisions.push_back(has_revision ? scan.found() : std::vector<std::string>{});
    return {};
  }

  static void keep_start(Buffer& start, std::size_t wanted, ByteView chunk) {
    auto count = std::min(chunk.size(), wanted - start.size());
    start.insert(start.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count));
  }

  bool wants_content(std::string_view path, std::uint64_t size) {
    if (size > largest_kept_file || size > most_kept - kept_ ||
        !ends_with_any(path, {".mbn", ".elf", ".melf", ".xml", ".txt"})) {
      return false;
    }
    kept_ += size;
    return true;
  }

  Source& source_;
  const PackageLayout& layout_;
  Events& events_;
  event::Progress progress_;
  std::uint64_t kept_ = 0;
  ReadFiles result_;
};

/// "a, b, c and 7 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 5;
  auto first = std::vector(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), shown)));
  auto rest = names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : std::string{};
  return fmt::format("{}{}", fmt::join(first, ", "), rest);
}

}  // namespace

Result<ReadFiles> read_files(Source& source, const PackageLayout& layout, Events& events) {
  return FilesReader(source, layout, events).run();
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
