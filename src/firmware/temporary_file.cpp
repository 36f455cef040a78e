#include "firmware/temporary_file.h"

#include "base/bytes.h"
#include "base/write_all.h"
#include "firmware/read_ahead.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::firmware {

namespace {

Failure no_room(int number, const std::string& folder) {
  auto error = fail_errno(number, "write a temporary file in " + folder);
  return std::move(error).hint(
      "make room there, or name another folder by TMPDIR; or unpack the outer archive once, and name what was in it");
}

std::string temporary_folder() {
  std::error_code error;
  auto folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder.string();
}

Result<Descriptor> open_temporary_file(const std::string& folder) {
  auto name = folder + "/modemedic-XXXXXX";
  Descriptor file(::mkstemp(name.data()));
  if (!file.is_open()) {
    return no_room(errno, folder);
  }
  ::unlink(name.c_str());
  ::fcntl(file.get(), F_SETFD, FD_CLOEXEC);
  return file;
}

}  // namespace

Result<Descriptor> unpack_to_temporary_file(Source& source, std::size_t index, const std::stop_token& stop) {
  const auto& entry = source.entries().at(index);
  if (entry.size > largest_inner_archive) {
    return fail(Code::package_bad)
        .what(fmt::format("\"{}\" in it has {} MiB: no firmware package is that large", printable(entry.path),
                          entry.size >> 20U))
        .hint("name the package itself");
  }
  auto folder = temporary_folder();
  TRY_ASSIGN(auto file, open_temporary_file(folder));
  TRY_ASSIGN(auto stream, source.open(index));
  ReadAhead ahead(std::move(stream));
  std::uint64_t written = 0;
  for (;;) {
    if (stop.stop_requested()) {
      return stopped_reading();
    }
    TRY_ASSIGN(auto chunk, ahead.read());
    if (chunk.empty()) {
      return file;
    }
    written += chunk.size();
    if (written > entry.size) {  // a file in a folder that grew
      return fail(Code::package_bad)
          .what(fmt::format("\"{}\" in it changed while it was being read", printable(entry.path)))
          .hint("let whatever writes to the package end first, then try again");
    }
    if (auto number = write_all(file, chunk); number != 0) {
      return no_room(number, folder);
    }
  }
}

}  // namespace modemedic::firmware
