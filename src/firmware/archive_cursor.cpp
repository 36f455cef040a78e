#include "firmware/archive_cursor.h"

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <limits>
#include <utility>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace modemedic::firmware {

namespace {

constexpr std::size_t block_size = 256_KiB;
/// What may be read before the first entry is known. A .zip's directory is read whole, and libarchive keeps several
/// times its size; 100,000 entries need about 10 MiB.
constexpr std::uint64_t largest_index = 16_MiB;

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

Result<std::shared_ptr<ArchiveFile>> ArchiveFile::open(Descriptor handle, ArchiveKind kind, const std::string& label) {
  struct stat info {};

  if (::fstat(handle.get(), &info) != 0) {
    return fail_errno(errno, "look at " + label);
  }
  auto file = std::make_shared<ArchiveFile>();
  file->handle = std::move(handle);
  file->kind = kind;
  file->label = label;
  file->size = static_cast<std::uint64_t>(info.st_size);
  return file;
}

/// The archive's bytes for libarchive, at a position of its own, so that cursors do not disturb each other.
struct ArchiveCursor::Input {
  explicit Input(const ArchiveFile& archive_file) : file(archive_file), block(block_size) {}

  const ArchiveFile& file;
  Buffer block;
  std::uint64_t position = 0;
  std::uint64_t allowance = largest_index;  ///< bytes that may still be read

  static la_ssize_t read(archive* handle, void* self, const void** bytes) {
    auto& input = *static_cast<Input*>(self);
    for (;;) {
      auto count =
          ::pread(input.file.handle.get(), input.block.data(), input.block.size(), static_cast<off_t>(input.position));
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        ::archive_set_error(handle, errno, "the file cannot be read");
        return ARCHIVE_FATAL;
      }
      auto got = static_cast<std::uint64_t>(count);
      if (got > input.allowance) {
        ::archive_set_error(handle, EFBIG, "its directory is larger than that of any firmware package");
        return ARCHIVE_FATAL;
      }
      input.allowance -= got;
      input.position += got;
      *bytes = input.block.data();
      return count;
    }
  }

  static la_int64_t skip(archive* /*handle*/, void* self, la_int64_t request) {
    auto& input = *static_cast<Input*>(self);
    auto left = input.file.size - std::min(input.position, input.file.size);
    auto skipped = std::min(left, static_cast<std::uint64_t>(std::max<la_int64_t>(request, 0)));
    input.position += skipped;
    return static_cast<la_int64_t>(skipped);
  }

  static la_int64_t seek(archive* /*handle*/, void* self, la_int64_t offset, int whence) {
    auto& input = *static_cast<Input*>(self);
    auto from = whence == SEEK_SET ? 0 : static_cast<la_int64_t>(whence == SEEK_CUR ? input.position : input.file.size);
    la_int64_t target = 0;
    if (__builtin_add_overflow(from, offset, &target) || target < 0) {
      return ARCHIVE_FATAL;
    }
    input.position = static_cast<std::uint64_t>(target);
    return target;
  }
};

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
  input_ = std::make_unique<Input>(*file_);
  ::archive_read_set_callback_data(archive_.get(), input_.get());
  ::archive_read_set_read_callback(archive_.get(), &Input::read);
  ::archive_read_set_skip_callback(archive_.get(), &Input::skip);
  ::archive_read_set_seek_callback(archive_.get(), &Input::seek);
  if (::archive_read_open1(archive_.get()) != ARCHIVE_OK) {
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
  input_->allowance = std::numeric_limits<std::uint64_t>::max();
  position_ = 0;
  auto header = describe(entry);
  current_ = header.path;
  if (::archive_entry_is_encrypted(entry) != 0) {
    return fail(Code::package_bad)
        .what(fmt::format("{} is encrypted", file_->label))
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

std::uint64_t ArchiveCursor::packed_position() const {
  return std::min(input_->position, file_->size);
}

Failure ArchiveCursor::damaged(const std::string& why) const {
  return fail(Code::package_bad)
      .what(fmt::format("{} is cut or damaged: {} {}", file_->label, printable(current_), why))
      .hint(damaged_hint);
}

Failure ArchiveCursor::library_failure() const {
  const char* text = ::archive_error_string(archive_.get());
  auto why = printable(text != nullptr ? text : "no reason given");
  auto number = ::archive_errno(archive_.get());
  if (number == EIO || number == ENXIO || number == ENODEV || number == ESTALE) {
    return fail_errno(number, "read " + file_->label);
  }
  if (number_ == 0 && file_->kind == ArchiveKind::tar && why == "Unrecognized archive format") {
    return fail(Code::package_bad)
        .what(fmt::format("what is packed in {} is no .tar", file_->label))
        .hint("unpack it, and name what was in it");
  }
  auto where = current_.empty() ? std::string{} : fmt::format(" at {}", printable(current_));
  return fail(Code::package_bad)
      .what(fmt::format("{} is cut or damaged{}: {}", file_->label, where, why))
      .hint(damaged_hint);
}

}  // namespace modemedic::firmware
