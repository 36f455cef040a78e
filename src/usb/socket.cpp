#include "usb/socket.h"

#include "usb/nap.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace modemedic::usb {

namespace {

constexpr auto silent_server = "it took the connection and keeps silent: see that it still runs, and start it anew";

bool try_again(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

Failure hung_up_failure() {
  return fail(Code::modem_lost)
      .what("the USB/IP server ended the connection")
      .hint("the modem left the bus, or the server was stopped: see that both are there, and start anew");
}

Failure broken(int error) {
  return hung_up_failure().cause(fail_errno(error, "use the connection to the USB/IP server"));
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<Addresses> resolve(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  auto service = std::to_string(port);
  if (auto error = getaddrinfo(host.c_str(), service.c_str(), &wanted, &found); error != 0) {
    return fail(Code::io)
        .what(fmt::format("the name '{}' can't be resolved: {}", printable(host), gai_strerror(error)))
        .hint("give the USB/IP server as HOST or HOST:PORT");
  }
  return Addresses(found, &freeaddrinfo);
}

/// @return what went wrong, as errno; nothing when it is connected
std::optional<int> try_address(int descriptor, const addrinfo& address, const Clock& clock, Deadline deadline) {
  if (connect(descriptor, address.ai_addr, address.ai_addrlen) == 0) {
    return std::nullopt;
  }
  if (errno != EINPROGRESS) {
    return errno;
  }
  pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
  for (;;) {
    auto left = time_left(clock, deadline);
    auto ready = ppoll(&wanted, 1, &left, nullptr);
    if (ready > 0) {
      break;
    }
    if (ready == 0 && deadline.passed(clock)) {
      return ETIMEDOUT;
    }
    if (ready < 0 && errno != EINTR) {
      return errno;
    }
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::nullopt : std::optional(error);
}

}  // namespace

Result<Socket> Socket::connect(const std::string& host, std::uint16_t port, const Clock& clock, Deadline deadline) {
  TRY_ASSIGN(auto addresses, resolve(host, port));
  int error = 0;
  for (const auto* address = addresses.get(); address != nullptr; address = address->ai_next) {
    auto descriptor =
        socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    if (descriptor < 0) {
      error = errno;
      continue;
    }
    Socket connection(descriptor);
    auto failed = try_address(descriptor, *address, clock, deadline);
    if (!failed) {
      int on = 1;  // a URB's header must not wait for the ACK of the one before it
      setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return connection;
    }
    error = *failed;
  }
  return fail(error == ETIMEDOUT ? Code::timeout : Code::io)
      .what(fmt::format("no USB/IP server answers at {}:{}", printable(host), port))
      .hint("see that it runs and listens there (modemedic virtual serve, or usbipd), and that no firewall is between")
      .cause(fail_errno(error, fmt::format("connect to {}:{}", printable(host), port)));
}

Socket::Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Socket::~Socket() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

Result<std::size_t> Socket::read_now(std::span<std::byte> into) {
  auto count = recv(descriptor_, into.data(), into.size(), 0);
  if (count > 0) {
    return static_cast<std::size_t>(count);
  }
  if (count == 0) {
    return hung_up_failure();
  }
  return try_again(errno) ? Result<std::size_t>(0) : broken(errno);
}

Result<std::size_t> Socket::write_now(const std::array<ByteView, 2>& parts) {
  std::array<iovec, 2> pieces{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // The interface of iovec is older than const; sendmsg only reads.
    pieces[i] = {.iov_base = const_cast<std::byte*>(parts[i].data()), .iov_len = parts[i].size()};
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  auto count = sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  if (count >= 0) {
    return static_cast<std::size_t>(count);
  }
  return try_again(errno) ? Result<std::size_t>(0) : broken(errno);
}

Result<bool> Socket::wait(Until until, const Clock& clock, Deadline deadline) {
  auto events = static_cast<short>(until == Until::readable ? POLLIN : POLLIN | POLLOUT);
  for (;;) {
    pollfd wanted{.fd = descriptor_, .events = events, .revents = 0};
    auto left = time_left(clock, deadline);
    auto ready = ppoll(&wanted, 1, &left, nullptr);
    if (ready > 0) {
      return true;
    }
    if (ready < 0 && errno != EINTR) {
      return fail_errno(errno, "wait for the USB/IP server");
    }
    if (ready == 0 && deadline.passed(clock)) {
      return false;
    }
  }
}

Result<void> Socket::read_all(std::span<std::byte> into, const Clock& clock, Deadline deadline) {
  while (!into.empty()) {
    TRY_ASSIGN(auto count, read_now(into));
    into = into.subspan(count);
    if (count == 0) {
      TRY_ASSIGN(auto ready, wait(Until::readable, clock, deadline));
      if (!ready) {
        return fail(Code::timeout).what("the USB/IP server does not answer").hint(silent_server);
      }
    }
  }
  return {};
}

Result<void> Socket::write_all(ByteView bytes, const Clock& clock, Deadline deadline) {
  while (!bytes.empty()) {
    TRY_ASSIGN(auto count, write_now({bytes, ByteView{}}));
    bytes = bytes.subspan(count);
    if (count == 0) {
      TRY_ASSIGN(auto ready, wait(Until::readable_or_writable, clock, deadline));
      if (!ready) {
        return fail(Code::timeout).what("the USB/IP server takes nothing").hint(silent_server);
      }
    }
  }
  return {};
}

std::string Socket::peer() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> text{};
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (getpeername(descriptor_, generic, &size) != 0 ||
      getnameinfo(generic, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return "";
  }
  return text.data();
}

bool Socket::hung_up() const {
  pollfd wanted{.fd = descriptor_, .events = POLLRDHUP, .revents = 0};
  return poll(&wanted, 1, 0) > 0;
}

void Socket::say_goodbye(const Clock& clock, Deadline deadline) {
  shutdown(descriptor_, SHUT_WR);
  std::array<std::byte, 16_KiB> dropped;
  for (;;) {
    auto count = read_now(dropped);
    if (!count) {
      return;
    }
    if (*count == 0) {
      auto ready = wait(Until::readable, clock, deadline);
      if (!ready || !*ready) {
        return;
      }
    }
  }
}

}  // namespace modemedic::usb
