#include "usb/uucp_lock.h"

#include "base/bytes.h"
#include "base/descriptor.h"
#include "usb/node_holders.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace modemedic::usb {

namespace {

/// The process that a lock file names; 0 for none. Only a plain file is looked into: anybody may have laid it there.
pid_t process_in(const std::filesystem::path& file) {
  Descriptor opened(open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

  struct stat what {};

  if (!opened.is_open() || fstat(opened.get(), &what) != 0 || !S_ISREG(what.st_mode)) {
    return 0;
  }
  std::array<char, 16> text{};
  auto count = read(opened.get(), text.data(), text.size());
  const auto* end = text.data() + (count > 0 ? count : 0);
  const auto* begin = std::find_if(text.data(), text.data() + (count > 0 ? count : 0), [](char c) { return c != ' '; });
  pid_t process = 0;
  std::from_chars(begin, end, process);
  return process > 0 ? process : 0;
}

bool lives(pid_t process) {
  return process > 0 && (kill(process, 0) == 0 || errno == EPERM);
}

}  // namespace

Result<UucpLock> UucpLock::take(const std::string& node, const std::filesystem::path& folder) {
  auto name = std::filesystem::path(node).filename().string();
  auto path = folder / ("LCK.." + name);
  if (auto process = process_in(path); process != getpid() && lives(process)) {
    return fail(Code::busy)
        .what(fmt::format("{} is in use by {} (process {}), as {} says", node, printable(process_name(process)),
                          process, path.string()))
        .hint("close that program, then try again; nothing was sent");
  }
  unlink(path.c_str());  // nobody's any more
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  auto text = fmt::format("{:>10}\n", getpid());
  if (!file.is_open() || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return UucpLock({});
  }
  return UucpLock(path);
}

UucpLock::~UucpLock() {
  if (!path_.empty() && process_in(path_) == getpid()) {
    unlink(path_.c_str());
  }
}

}  // namespace modemedic::usb
