#include "firmware/source.h"

#include "base/descriptor.h"
#include "firmware/archive_source.h"
#include "firmware/folder_source.h"
#include "firmware/safe_path.h"
#include "firmware/temporary_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

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

Failure no_archive(const std::string& label, std::string_view what) {
  return fail(Code::package_bad)
      .what(fmt::format("{} is no firmware package but {}", label, what))
      .hint("name the package's folder, or its .zip, .7z or .tar; unpack any other archive first");
}

Result<std::unique_ptr<Source>> open_archive_file(Descriptor file, const std::string& label, FirstLook* look,
                                                  const std::stop_token& stop) {
  std::array<char, 512> head{};
  auto count = ::pread(file.get(), head.data(), head.size(), 0);
  if (count < 0) {
    return fail_errno(errno, "read " + label);
  }
  if (count == 0) {
    return no_archive(label, "an empty file");
  }
  const auto* magic = recognise({head.data(), static_cast<std::size_t>(count)});
  if (magic == nullptr || !magic->kind) {
    return no_archive(
        label, magic == nullptr ? "something that is neither a folder nor an archive that we know" : magic->what);
  }
  return open_archive(std::move(file), *magic->kind, label, look, stop);
}

}  // namespace

Failure stopped_reading() {
  return fail(Code::interrupted)
      .what("stopped by the person while the package was read")
      .hint("nothing was sent to a modem");
}

bool is_archive_name(std::string_view path) {
  constexpr std::string_view endings[] = {".zip", ".7z", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz"};
  auto folded = fold_case(path);
  return std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view ending) { return folded.ends_with(ending); });
}

Result<std::unique_ptr<Source>> open_source(const std::string& path, FirstLook* look, const std::stop_token& stop) {
  // O_NONBLOCK: a pipe must not hold us before we have seen that it is one.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));

  struct stat info {};

  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    return fail_errno(errno, "it cannot be opened");
  }
  if (S_ISDIR(info.st_mode)) {
    return open_folder(std::move(file), stop);
  }
  if (!S_ISREG(info.st_mode)) {
    return no_archive("it", "a device, pipe or socket");
  }
  return open_archive_file(std::move(file), "it", look, stop);
}

Result<std::unique_ptr<Source>> open_inner_archive(Source& outer, std::size_t index, FirstLook* look,
                                                   const std::stop_token& stop) {
  auto label = fmt::format("\"{}\" in it", printable(outer.entries().at(index).path));
  TRY_ASSIGN(auto file, outer.open_file(index));
  if (!file.is_open()) {
    TRY_ASSIGN(file, unpack_to_temporary_file(outer, index, stop));
  }
  return open_archive_file(std::move(file), label, look, stop);
}

}  // namespace modemedic::firmware
