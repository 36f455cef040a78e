#include "firmware/archive_cursor.h"

#include <cerrno>
#include <clocale>
#include <utility>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace modemedic::firmware {

namespace {

constexpr std::size_t block_size = 256 * 1024;

constexpr auto damaged_hint = "download the package again; a transfer that was cut leaves such a file";

/// libarchive turns the names in a .7z into the thread's character set, which is ASCII unless someone says otherwise:
/// release notes with a Chinese name would then have none.
class Utf8Names {
public:
  Utf8Names() : before_(::uselocale(utf8())) {}

  ~Utf8Names() { ::uselocale(before_); }

  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

private:
  static locale_t utf8() {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }

  locale_t before_;
};

ArchiveHeader describe(archive_entry* entry) {
  ArchiveHeader header;
  const char* path = ::archive_entry_pathname(entry);
  header.path = path != nullptr ? path : "";
  auto type = ::archive_entry_filetype(entry);
  header.is_link = type == AE_IFLNK || ::archive_entry_hardlink(entry) != nullptr;
  bool plain = !header.is_link && ::archive_entry_sparse_count(entry) == 0;
  // Some makers of .zip give no type; a folder then ends in a slash.
  if (plain && (type == AE_IFREG || type == 0)) {
    auto size = ::archive_entry_size_is_set(entry) != 0 ? ::archive_entry_size(entry) : -1;
    header.kind = size >= 0 ? ArchiveHeader::Kind::file : ArchiveHeader::Kind::other;
    header.size = size >= 0 ? static_cast<std::uint64_t>(size) : 0;
  } else if (type == AE_IFDIR && !header.is_link) {
    header.kind = ArchiveHeader::Kind::folder;
  }
  return header;
}

void support(archive* handle, ArchiveKind kind) {
  switch (kind) {
    case ArchiveKind::zip:
      // Only by its directory at the end: the streamed form would take the first half of a cut file for a whole one.
      ::archive_read_support_format_zip_seekable(handle);
      break;
    case ArchiveKind::seven_zip:
      ::archive_read_support_format_7zip(handle);
      break;
    case ArchiveKind::tar:
      ::archive_read_support_format_tar(handle);
      ::archive_read_support_filter_gzip(handle);
      ::archive_read_support_filter_xz(handle);
      break;
  }
}

}  // namespace

Result<std::shared_ptr<ArchiveFile>> ArchiveFile::open(FileHandle handle, ArchiveKind kind, const std::string& path) {
  struct stat info {};

  if (::fstat(handle.get(), &info) != 0) {
    return fail_errno(errno, "look at " + path);
  }
  auto file = std::make_shared<ArchiveFile>();
  file->handle = std::move(handle);
  file->kind = kind;
  file->path = path;
  file->size = static_cast<std::uint64_t>(info.st_size);
  return file;
}

void ArchiveCursor::Free::operator()(archive* handle) const {
  ::archive_read_free(handle);
}

ArchiveCursor::ArchiveCursor(std::shared_ptr<ArchiveFile> file) : file_(std::move(file)) {}

ArchiveCursor::~ArchiveCursor() = default;

Result<void> ArchiveCursor::start() {
  Utf8Names names;
  archive_.reset(::archive_read_new());
  if (!archive_) {
    return fail(Code::io).what("no memory left to read an archive");
  }
  support(archive_.get(), file_->kind);
  if (::lseek(file_->handle.get(), 0, SEEK_SET) < 0) {
    return fail_errno(errno, "read " + file_->path);
  }
  if (::archive_read_open_fd(archive_.get(), file_->handle.get(), block_size) != ARCHIVE_OK) {
    return library_failure();
  }
  return {};
}

Result<std::optional<ArchiveHeader>> ArchiveCursor::next() {
  Utf8Names names;
  archive_entry* entry = nullptr;
  auto status = ::archive_read_next_header(archive_.get(), &entry);
  if (status == ARCHIVE_EOF) {
    return std::optional<ArchiveHeader>{};
  }
  // A warning is about a date, an owner or a name's letters; we take none of these at their word anyway.
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
    return library_failure();
  }
  ++number_;
  position_ = 0;
  auto header = describe(entry);
  current_ = header.path;
  if (::archive_entry_is_encrypted(entry) != 0) {
    return fail(Code::package_bad)
        .what(fmt::format("{} is encrypted", file_->path))
        .hint("unpack it with its password, and name the folder");
  }
  return std::optional(std::move(header));
}

Result<ByteView> ArchiveCursor::read() {
  for (;;) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    auto status = ::archive_read_data_block(archive_.get(), &block, &size, &offset);
    if (status == ARCHIVE_EOF) {
      return ByteView{};
    }
    if (status != ARCHIVE_OK) {
      return library_failure();
    }
    if (offset < 0 || static_cast<std::uint64_t>(offset) != position_) {
      return damaged("has holes");
    }
    if (size > 0) {
      position_ += size;
      return ByteView(static_cast<const std::byte*>(block), size);
    }
  }
}

Failure ArchiveCursor::damaged(const std::string& why) const {
  return fail(Code::package_bad)
      .what(fmt::format("{} is cut or damaged: {} {}", file_->path, printable(current_), why))
      .hint(damaged_hint);
}

Failure ArchiveCursor::library_failure() const {
  const char* text = ::archive_error_string(archive_.get());
  auto why = printable(text != nullptr ? text : "no reason given");
  auto number = ::archive_errno(archive_.get());
  if (number == EIO || number == ENXIO || number == ENODEV || number == ESTALE) {
    return fail_errno(number, "read " + file_->path);
  }
  auto where = current_.empty() ? std::string{} : fmt::format(" at {}", printable(current_));
  return fail(Code::package_bad)
      .what(fmt::format("{} is cut or damaged{}: {}", file_->path, where, why))
      .hint(damaged_hint);
}

}  // namespace modemedic::firmware
