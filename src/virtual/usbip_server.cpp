#include "virtual/usbip_server.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

namespace modemedic::twin {

namespace {

constexpr std::size_t most_connections = 64;
/// A host that asks many modems at once connects for each: what the queue drops comes again only a second later.
constexpr int backlog = 256;
constexpr auto plug_pause = std::chrono::milliseconds(2);
constexpr auto accept_pause = std::chrono::milliseconds(100);

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<Addresses> resolve(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  auto error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (error != 0) {
    return fail(Code::usage)
        .what(fmt::format("cannot listen on '{}': {}", host, gai_strerror(error)))
        .hint("name an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all");
  }
  return Addresses(found, &freeaddrinfo);
}

void set_option(int socket, int level, int option) {
  int on = 1;
  setsockopt(socket, level, option, &on, sizeof on);
}

/// What a socket of ours is: never waited in, not inherited. A descriptor that select() can't take counts as none.
bool tame(const Descriptor& socket) {
  return socket.is_open() && socket.get() < FD_SETSIZE && fcntl(socket.get(), F_SETFD, FD_CLOEXEC) == 0 &&
         fcntl(socket.get(), F_SETFL, O_NONBLOCK) == 0;
}

Result<Descriptor> listening_socket(const addrinfo& address, const std::string& name) {
  Descriptor socket(::socket(address.ai_family, SOCK_STREAM, address.ai_protocol));
  if (!tame(socket)) {
    return fail_errno(errno, "make a socket");
  }
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket.get(), backlog) != 0) {
    return fail_errno(errno, "listen on " + name).hint("choose another port; 0 takes a free one");
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

timespec to_timespec(Duration duration) {
  auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {whole.count(), (duration - whole).count()};
}

/// poll(), but by pselect(): the one of POSIX counts in milliseconds, and a page is programmed in a third of one. Who
/// has hung up is readable, or writable.
/// @param patience  nothing: as long as it takes
/// @return false when it failed, with errno
bool wait_for_any(std::vector<pollfd>& polled, std::optional<Duration> patience) {
  fd_set readable;
  fd_set writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  int highest = -1;
  for (const auto& one : polled) {
    highest = std::max(highest, one.fd);
    if (one.fd >= 0 && (one.events & POLLIN) != 0) {
      FD_SET(one.fd, &readable);
    }
    if (one.fd >= 0 && (one.events & POLLOUT) != 0) {
      FD_SET(one.fd, &writable);
    }
  }
  auto time = to_timespec(patience.value_or(Duration::zero()));
  auto count = pselect(highest + 1, &readable, &writable, nullptr, patience ? &time : nullptr, nullptr);
  for (auto& one : polled) {
    auto in = count > 0 && one.fd >= 0 && FD_ISSET(one.fd, &readable);
    auto out = count > 0 && one.fd >= 0 && FD_ISSET(one.fd, &writable);
    one.revents = static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0));
  }
  return count >= 0 || errno == EINTR;
}

}  // namespace

Result<std::unique_ptr<UsbIpServer>> UsbIpServer::listen(const std::string& host, std::uint16_t port, Timers& timers) {
  TRY_ASSIGN(auto addresses, resolve(host, port));
  Result<Descriptor> listening = fail(Code::usage).what(fmt::format("'{}' has no address", host));
  for (const auto* address = addresses.get(); address != nullptr && !listening; address = address->ai_next) {
    listening = listening_socket(*address, fmt::format("{}:{}", host, port));
  }
  TRY_ASSIGN(auto socket, std::move(listening));
  auto bound = port_of(socket.get());
  return std::unique_ptr<UsbIpServer>(new UsbIpServer(std::move(socket), bound, timers));
}

UsbIpServer::UsbIpServer(Descriptor socket, std::uint16_t port, Timers& timers)
    : socket_(std::move(socket)), port_(port), timers_(timers) {}

UsbIpServer::~UsbIpServer() = default;

void UsbIpServer::export_modem(Pluggable& modem, std::string busid) {
  exports_.add(modem, std::move(busid));
}

Result<void> UsbIpServer::run(int stop) {
  for (;;) {
    timers_.run_due();
    for (auto& connection : connections_) {
      connection->settle();
    }
    std::erase_if(connections_, [](const auto& connection) { return connection->over(); });

    TRY(plug_in());
    TRY_ASSIGN(auto stopped, wait(stop));
    if (stopped) {
      connections_.clear();
      return {};
    }
  }
}

/// Waits for a client, for a timer, for `stop`, and reads what came.
/// @return true when it was `stop`
Result<bool> UsbIpServer::wait(int stop) {
  std::vector<pollfd> polled;
  polled.push_back({stop, POLLIN, 0});
  polled.push_back({accepting() ? socket_.get() : -1, POLLIN, 0});
  auto wake = timers_.next();
  auto earlier = [&wake](std::optional<TimePoint> other) {
    if (other && (!wake || *other < *wake)) {
      wake = other;
    }
  };
  if (accept_from_ > timers_.clock().now()) {
    earlier(accept_from_);
  }
  if (plug_again_) {
    earlier(plug_again_);
  }
  for (const auto& connection : connections_) {
    polled.push_back({connection->socket(), connection->wanted_events(), 0});
    earlier(connection->patience_ends());
  }

  if (!wait_for_any(polled, wake ? std::optional(Deadline{*wake}.left(timers_.clock())) : std::nullopt)) {
    return fail_errno(errno, "wait for USB/IP clients");
  }
  if (polled[0].revents != 0) {
    return true;
  }
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if ((polled[i + 2].revents & POLLIN) != 0) {
      connections_[i]->readable();
    }
  }
  if (polled[1].revents != 0) {
    accept_clients();
  }
  return false;
}

Result<void> UsbIpServer::plug_in() {
  plug_again_.reset();
  if (vhci_ == nullptr) {
    return {};
  }
  for (const auto& [slot, busid] : exports_.free_to_take()) {
    auto* taken = exports_.take(busid);
    auto socket = vhci_->plug(slot, UsbIpExports::devid(*taken), taken->modem->function()->fingerprint().speed);
    if (socket && *socket) {
      connections_.push_back(std::make_unique<UsbIpConnection>(std::move(**socket), exports_, timers_.clock(), *taken));
      continue;
    }
    taken->imported = false;
    if (!socket) {
      return fail(std::move(socket.error()));
    }
    plug_again_ = timers_.clock().now() + plug_pause;
  }
  return {};
}

bool UsbIpServer::accepting() const {
  return connections_.size() < most_connections && timers_.clock().now() >= accept_from_;
}

void UsbIpServer::accept_clients() {
  while (connections_.size() < most_connections) {
    Descriptor client(accept(socket_.get(), nullptr, nullptr));
    if (client.is_open() && !tame(client)) {
      continue;
    }
    if (!client.is_open()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        accept_from_ = timers_.clock().now() + accept_pause;
      }
      return;
    }
    set_option(client.get(), IPPROTO_TCP, TCP_NODELAY);
    set_option(client.get(), SOL_SOCKET, SO_KEEPALIVE);
    connections_.push_back(std::make_unique<UsbIpConnection>(std::move(client), exports_, timers_.clock()));
  }
}

}  // namespace modemedic::twin
