#include "operation/backup_file.h"

#include "base/bytes.h"
#include "base/digest.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

Failure damaged(const std::string& what) {
  return fail(Code::package_bad)
      .what("the backup is not whole: " + what)
      .hint("use another copy of it; nothing was sent to the modem");
}

Result<std::size_t> entry_of(const firmware::Source& source, std::string_view path) {
  const auto& entries = source.entries();
  auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.path == path; });
  if (found == entries.end()) {
    return damaged(fmt::format("there is no {}", printable(path)));
  }
  return static_cast<std::size_t>(found - entries.begin());
}

}  // namespace

Result<BackupFile> BackupFile::open(const std::string& path) {
  BackupFile file;
  auto source = firmware::open_source(path);
  if (!source) {
    source.error().what = printable(path) + ": " + source.error().what;
    return fail(std::move(source.error()));
  }
  file.source_ = std::move(*source);
  TRY_ASSIGN(auto index, entry_of(*file.source_, "manifest.json"));
  if (file.source_->entries()[index].size > longest_manifest) {
    return damaged("its manifest is too large");
  }
  TRY_ASSIGN(auto stream, file.source_->open(index));
  std::string text;
  for (;;) {
    TRY_ASSIGN(auto bytes, stream->read());
    if (bytes.empty()) {
      break;
    }
    text += as_text(bytes);
    if (text.size() > longest_manifest) {
      return damaged("its manifest is too large");
    }
  }
  TRY_ASSIGN(file.manifest_, parse_manifest(text));
  TRY(file.check_entries());
  return file;
}

Result<void> BackupFile::check_entries() const {
  std::set<std::string> known{"manifest.json", "SHA256SUMS"};
  for (const auto& piece : manifest_.pieces) {
    TRY_ASSIGN(auto index, entry_of(*source_, piece.file));
    if (source_->entries()[index].size != piece.stored * manifest_.geometry.page_size) {
      return damaged(piece.file + " has another size than the manifest says");
    }
    known.insert(piece.file);
  }
  for (const auto& entry : source_->entries()) {
    if (!known.contains(entry.path)) {
      return damaged(fmt::format("{} does not belong to it", printable(entry.path)));
    }
  }
  return {};
}

Result<std::unique_ptr<firmware::Stream>> BackupFile::stream(const BackupPiece& piece) {
  TRY_ASSIGN(auto index, entry_of(*source_, piece.file));
  return source_->open(index);
}

Result<void> BackupFile::verify(const std::stop_token& stop, const Look& look) {
  const auto page = manifest_.geometry.page_size;
  for (const auto& piece : manifest_.pieces) {
    TRY_ASSIGN(auto bytes_of, stream(piece));
    Hasher<Sha256> hasher;
    Buffer sector;
    auto next = piece.range.start;
    for (;;) {
      if (stop.stop_requested()) {
        return fail(Code::interrupted).what("stopped by the person");
      }
      auto read = bytes_of->read();
      if (!read) {
        return damaged(fmt::format("{}: {}", piece.file, read.error().what));
      }
      auto bytes = *read;
      if (bytes.empty()) {
        break;
      }
      hasher.update(bytes);
      while (look && !bytes.empty()) {
        auto part = bytes.first(std::min<std::size_t>(bytes.size(), page - sector.size()));
        sector.insert(sector.end(), part.begin(), part.end());
        bytes = bytes.subspan(part.size());
        if (sector.size() == page) {
          look(piece, next, sector);
          next += Sectors{1};
          sector.clear();
        }
      }
    }
    if (hex_digits(hasher.finish()) != piece.digest) {
      return damaged(piece.file + " is not what was written: its digest differs");
    }
  }
  return {};
}

}  // namespace modemedic::operation
