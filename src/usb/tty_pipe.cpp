#include "usb/tty_pipe.h"

#include "usb/nap.h"
#include "usb/node_holders.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace modemedic::usb {

using namespace std::chrono_literals;

namespace {

/// Nothing wakes us when the last byte has left a tty.
constexpr Duration between_looks = 1ms;

/// What the kernel answers when the modem behind a tty has gone.
bool means_gone(int error) {
  return error == EIO || error == ENODEV || error == ENXIO || error == ENOENT || error == ENOTCONN ||
         error == ESHUTDOWN || error == EPROTO;
}

std::string group_of(const std::string& node) {
  struct stat what {};

  group entry{};
  group* found = nullptr;
  std::array<char, 4096> buffer{};
  if (stat(node.c_str(), &what) != 0 || what.st_gid == 0 ||
      getgrgid_r(what.st_gid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return "dialout";
  }
  return found->gr_name;
}

Failure in_use(const std::string& node) {
  auto holders = describe(holders_of({node}));
  return fail(Code::busy)
      .what(holders.empty() ? "another program holds " + node + " for itself" : holders)
      .hint("close that program (for ModemManager: systemctl stop ModemManager), then try again; nothing was sent");
}

Failure cannot_open(const std::string& node, int reason) {
  auto what = fail_errno(reason, "open " + node);
  switch (reason) {
    case EBUSY:
      return in_use(node);
    case EACCES:
    case EPERM: {
      auto group = group_of(node);
      return std::move(what).hint(fmt::format(
          "join the group that may use it: sudo usermod -aG {} $USER, then log in again; or run this as root", group));
    }
    default:
      return means_gone(reason)
                 ? fail(Code::modem_lost)
                       .what(node + " is not there, or nothing is behind it")
                       .hint("look with modemedic list in what state the modem is; ls /dev/ttyUSB* shows its ports")
                       .cause(std::move(what))
                 : std::move(what).hint("name a port of a modem: /dev/ttyUSB2 is often AT");
  }
}

}  // namespace

Result<std::unique_ptr<Pipe>> TtyPipe::open(const std::string& node, const Clock& clock) {
  if (!holders_of({node}).empty()) {
    return in_use(node);
  }
  TRY_ASSIGN(auto lock, UucpLock::take(node));
  Descriptor tty(::open(node.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!tty.is_open()) {
    return cannot_open(node, errno);
  }
  if (isatty(tty.get()) == 0) {
    if (means_gone(errno)) {  // it left just now
      return cannot_open(node, errno);
    }
    return fail(Code::usage).what(node + " is no serial port").hint("name a port of a modem, such as /dev/ttyUSB2");
  }
  if (flock(tty.get(), LOCK_EX | LOCK_NB) != 0) {
    return in_use(node);
  }
  std::unique_ptr<TtyPipe> pipe(new TtyPipe(std::move(tty), std::move(lock), node, clock));
  TRY(pipe->make_raw());
  return pipe;
}

TtyPipe::TtyPipe(Descriptor tty, UucpLock lock, std::string node, const Clock& clock)
    : clock_(clock), tty_(std::move(tty)), lock_(std::move(lock)), node_(std::move(node)) {}

TtyPipe::~TtyPipe() {
  tcflush(tty_.get(), TCIOFLUSH);  // a modem that takes nothing would let close() wait half a minute
  if (raw_) {
    tcsetattr(tty_.get(), TCSANOW, &before_);
  }
  ioctl(tty_.get(), TIOCNXCL);
}

Result<void> TtyPipe::make_raw() {
  if (tcgetattr(tty_.get(), &before_) != 0) {
    return hung_up(errno);
  }
  auto raw = before_;
  cfmakeraw(&raw);
  raw.c_cflag |= CLOCAL | CREAD;
  raw.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS | HUPCL);  // closing it must not look like hanging up
  raw.c_cc[VMIN] = 1;                                      // so that reading nothing means hung up
  raw.c_cc[VTIME] = 0;
  cfsetspeed(&raw, B115200);
  if (tcsetattr(tty_.get(), TCSANOW, &raw) != 0) {
    return hung_up(errno);
  }
  raw_ = true;
  ioctl(tty_.get(), TIOCEXCL);  // nobody but root opens it from here on
  return {};
}

/// Waits until something can be done, or the modem has hung up; false when the deadline passed first.
bool TtyPipe::wait(short events, Deadline deadline) const {
  pollfd wanted{tty_.get(), events, 0};
  for (;;) {
    auto time = time_left(clock_, deadline);
    auto count = ppoll(&wanted, 1, &time, nullptr);
    if (count > 0 || (count < 0 && errno != EINTR)) {
      return true;
    }
    if (count == 0 && deadline.passed(clock_)) {
      return false;
    }
  }
}

Failure TtyPipe::timed_out(const char* what) const {
  return fail(Code::timeout)
      .what(fmt::format("the modem {} ({})", what, node_))
      .hint("take the modem's power away and give it back, then try again");
}

Failure TtyPipe::hung_up(int reason) const {
  auto failure = fail(Code::modem_lost)
                     .what(fmt::format("the modem behind {} has left", node_))
                     .hint("look with modemedic list in what state it comes back; check cable and power if it doesn't");
  return reason == 0 ? std::move(failure) : std::move(failure).cause(fail_errno(reason, "use " + node_));
}

Result<void> TtyPipe::send(ByteView bytes, Zlp /*zlp*/, Deadline deadline) {
  while (!bytes.empty()) {
    auto count = write(tty_.get(), bytes.data(), bytes.size());
    if (count > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
      return hung_up(errno);
    } else if (!wait(POLLOUT, deadline)) {
      tcflush(tty_.get(), TCOFLUSH);  // what is left must not reach the modem later
      return timed_out("takes no data");
    }
  }
  return {};
}

Result<void> TtyPipe::flush(Deadline deadline) {
  for (;;) {
    int left = 0;
    if (ioctl(tty_.get(), TIOCOUTQ, &left) != 0) {
      return hung_up(errno);
    }
    if (left == 0) {
      return {};
    }
    if (deadline.passed(clock_)) {
      tcflush(tty_.get(), TCOFLUSH);
      return timed_out("takes no data");
    }
    nap(clock_, deadline, between_looks);
  }
}

Result<std::size_t> TtyPipe::receive(std::span<std::byte> into, Deadline deadline) {
  for (;;) {
    auto count = read(tty_.get(), into.data(), into.size());
    if (count > 0) {
      return static_cast<std::size_t>(count);
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      return hung_up(count == 0 ? 0 : errno);
    }
    if (!wait(POLLIN, deadline)) {
      return timed_out("sent nothing");
    }
  }
}

}  // namespace modemedic::usb
