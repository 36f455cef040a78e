#include "firmware/zip_end.h"

#include "base/bytes.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace modemedic::firmware {

namespace {

constexpr std::string_view end_mark = "PK\x05\x06";
constexpr std::uint64_t longest_end = 22 + 65535;  // the record, and a comment behind it

}  // namespace

Result<void> check_zip_end(int file, const std::string& label) {
  struct stat info {};

  if (::fstat(file, &info) != 0) {
    return fail_errno(errno, "look at " + label);
  }
  auto size = static_cast<std::uint64_t>(info.st_size);
  Buffer tail(static_cast<std::size_t>(std::min(size, longest_end)));
  auto got = ::pread(file, tail.data(), tail.size(), static_cast<off_t>(size - tail.size()));
  if (got < 0) {
    return fail_errno(errno, "read " + label);
  }
  if (as_text(tail).find(end_mark) == std::string_view::npos) {
    return fail(Code::package_bad)
        .what(fmt::format("{} is cut short: the directory that ends a .zip is missing after byte {}", label, size))
        .hint("download the package again; a transfer that was cut leaves such a file");
  }
  return {};
}

}  // namespace modemedic::firmware
