#include "usb/lock_file.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace modemedic::usb {

namespace {

constexpr std::size_t longest_text = 1024;
/// How often the file may vanish between our opening and locking it: each time somebody else has ended.
constexpr int most_attempts = 20;
constexpr mode_t everybody = 0666;
/// Never through a link that somebody laid, never waiting for the other end of a FIFO.
constexpr int with_care = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

Failure not_ours_to_open(const std::filesystem::path& path, const std::string& why) {
  return fail(Code::permission)
      .what(fmt::format("the lock file {} {}", path.string(), why))
      .hint("see with ls -l who made it, and remove it; nothing was sent to the modem");
}

/// Opens what is there. Without O_CREAT, which the kernel refuses for the file of another user in a folder like /tmp
/// (fs.protected_regular). For reading alone is enough to lock.
int open_existing(const char* path) {
  auto opened = ::open(path, O_RDWR | with_care);
  return opened < 0 && (errno == EACCES || errno == EROFS || errno == EPERM) ? ::open(path, O_RDONLY | with_care)
                                                                             : opened;
}

/// @return a closed one with errno set
Descriptor open_or_create(const char* path) {
  Descriptor file(open_existing(path));
  if (!file.is_open() && errno == ENOENT) {
    file = Descriptor(::open(path, O_RDWR | O_CREAT | O_EXCL | with_care, everybody));
    if (file.is_open()) {
      fchmod(file.get(), everybody);  // whatever the umask says: the next one may be another user
    }
  }
  return file;
}

std::string read_text(int file) {
  std::array<char, longest_text> text{};
  auto count = pread(file, text.data(), text.size(), 0);
  return {text.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

/// Whether the path still names what was opened.
bool still_there(const struct stat& opened, const char* path) {
  struct stat named {};

  return lstat(path, &named) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

}  // namespace

Result<LockFile::Taken> LockFile::take(const std::filesystem::path& path) {
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    auto file = open_or_create(path.c_str());
    if (!file.is_open()) {
      auto reason = errno;
      if (reason == EEXIST) {
        continue;  // somebody was faster
      }

      struct stat there {};

      if (lstat(path.c_str(), &there) != 0) {
        return Taken{};
      }
      return not_ours_to_open(path, reason == ELOOP || reason == EISDIR || reason == ENXIO
                                        ? "is not a plain file"
                                        : fmt::format("is kept from us by its owner (user {})", there.st_uid));
    }

    struct stat opened {};

    fstat(file.get(), &opened);
    if (!S_ISREG(opened.st_mode) || opened.st_nlink > 1) {
      return not_ours_to_open(path, "is not a plain file");
    }
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        return Taken{std::nullopt, read_text(file.get())};
      }
      return Taken{};  // a file system without locks
    }
    if (still_there(opened, path.c_str())) {
      return Taken{LockFile(std::move(file), path), std::nullopt};
    }
  }
  return Taken{std::nullopt, std::string()};
}

LockFile::~LockFile() {
  if (!descriptor_.is_open()) {
    return;
  }
  // Taken away while it is locked: who has it open already sees that the path doesn't name it any more.
  if (unlink(path_.c_str()) != 0) {
    write("");  // it belongs to another user: at least it doesn't name us any more
  }
}

void LockFile::write(const std::string& text) {
  static_cast<void>(ftruncate(descriptor_.get(), 0) == 0 && pwrite(descriptor_.get(), text.data(), text.size(), 0) > 0);
}

}  // namespace modemedic::usb
