#include "base/durable_file.h"

#include "base/write_all.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace modemedic {

namespace fs = std::filesystem;

namespace {

Result<void> write_durably(const Descriptor& file, std::string_view bytes, const fs::path& path) {
  if (auto number = write_all(file, as_bytes(bytes)); number != 0) {
    return fail_errno(number, "write " + path.string());
  }
  return ::fsync(file.get()) == 0 ? Result<void>{} : fail_errno(errno, "write " + path.string());
}

/// A name of this process's own beside the file, so that two programs don't write into one.
fs::path draft_of(const fs::path& path) {
  return path.parent_path() / fmt::format(".{}.{}.new", path.filename().string(), ::getpid());
}

}  // namespace

Result<void> replace_file(const fs::path& path, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);  // a failure shows when the file is made
  auto draft = draft_of(path);
  fs::remove(draft, error);  // left by a process of the same number that died
  Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return fail_errno(errno, "create " + draft.string());
  }
  auto written = write_durably(file, bytes, path);
  if (written && ::rename(draft.c_str(), path.c_str()) != 0) {
    written = fail_errno(errno, "write " + path.string());
  }
  if (!written) {
    fs::remove(draft, error);
    return written;
  }
  sync_folder(path.parent_path());
  return {};
}

Result<std::string> read_beginning(const fs::path& path, std::size_t most) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) {
    return fail_errno(errno, "open " + path.string());
  }
  std::string text(most, '\0');
  std::size_t have = 0;
  while (have < most) {
    auto count = ::read(file.get(), text.data() + have, most - have);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail_errno(errno, "read " + path.string());
    }
    if (count == 0) {
      break;
    }
    have += static_cast<std::size_t>(count);
  }
  text.resize(have);
  return text;
}

void sync_folder(const fs::path& folder) {
  Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.is_open()) {
    ::fsync(opened.get());
  }
}

}  // namespace modemedic
