#include "firmware/source.h"

#include "base/descriptor.h"
#include "firmware/archive_source.h"
#include "firmware/folder_source.h"

#include <array>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace modemedic::firmware {

namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t at;
  std::string_view bytes;
  std::optional<ArchiveKind> kind;  ///< nothing: we know what it is, and don't read it
  std::string_view what;
};

constexpr Magic magics[] = {
    {0, "PK\x03\x04"sv, ArchiveKind::zip, "a .zip"},
    {0, "PK\x05\x06"sv, ArchiveKind::zip, "an empty .zip"},
    {0, "7z\xBC\xAF\x27\x1C"sv, ArchiveKind::seven_zip, "a .7z"},
    {0, "\x1F\x8B"sv, ArchiveKind::tar, "a .tar.gz"},
    {0, "\xFD\x37zXZ\0"sv, ArchiveKind::tar, "a .tar.xz"},
    {257, "ustar"sv, ArchiveKind::tar, "a .tar"},
    {0, "Rar!"sv, std::nullopt, "a .rar archive"},
    {0, "BZh"sv, std::nullopt, "a bzip2 file"},
    {0, "\x28\xB5\x2F\xFD"sv, std::nullopt, "a zstd file"},
    {0, "%PDF"sv, std::nullopt, "a PDF document"},
    {0, "MZ"sv, std::nullopt, "a Windows program"},
    {0,
     "\x7F"
     "ELF"sv,
     std::nullopt, "a single ELF image"},
    {0, "ANDROID!"sv, std::nullopt, "a single boot image"},
    {0, "UBI#"sv, std::nullopt, "a single UBI image"},
};

const Magic* recognise(std::string_view head) {
  for (const auto& magic : magics) {
    if (head.size() >= magic.at && head.substr(magic.at).starts_with(magic.bytes)) {
      return &magic;
    }
  }
  return nullptr;
}

Failure no_archive(const std::string& path, std::string_view what) {
  return fail(Code::package_bad)
      .what(fmt::format("{} is no firmware package: it is {}", path, what))
      .hint("name the package's folder, or its .zip, .7z or .tar; unpack any other archive first");
}

}  // namespace

Result<std::unique_ptr<Source>> open_source(const std::string& path) {
  // O_NONBLOCK: a pipe must not hold us before we have seen that it is one.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));

  struct stat info {};

  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    return fail_errno(errno, "open " + path);
  }
  if (S_ISDIR(info.st_mode)) {
    return open_folder(std::move(file), path);
  }
  if (!S_ISREG(info.st_mode)) {
    return no_archive(path, "a device, pipe or socket");
  }
  std::array<char, 512> head{};
  auto count = ::pread(file.get(), head.data(), head.size(), 0);
  if (count < 0) {
    return fail_errno(errno, "read " + path);
  }
  if (count == 0) {
    return no_archive(path, "an empty file");
  }
  const auto* magic = recognise({head.data(), static_cast<std::size_t>(count)});
  if (magic == nullptr || !magic->kind) {
    return no_archive(path, magic == nullptr ? "neither a folder nor an archive that we know" : magic->what);
  }
  return open_archive(std::move(file), *magic->kind, path);
}

}  // namespace modemedic::firmware
