#include "virtual/listener.h"

#include <cerrno>
#include <memory>

#include <fcntl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>

namespace modemedic::twin {

namespace {

/// A host that asks many modems at once connects for each: what the queue drops comes again only a second later.
constexpr int backlog = 256;

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

}  // namespace

Result<Listener> Listener::open(const std::string& host, std::uint16_t port) {
  TRY_ASSIGN(auto addresses, resolve(host, port));
  Result<Descriptor> listening = fail(Code::usage).what(fmt::format("'{}' has no address", host));
  for (const auto* address = addresses.get(); address != nullptr && !listening; address = address->ai_next) {
    listening = listening_socket(*address, fmt::format("{}:{}", host, port));
  }
  TRY_ASSIGN(auto socket, std::move(listening));
  auto bound = port_of(socket.get());
  return Listener(std::move(socket), bound);
}

std::optional<Descriptor> Listener::accept() {
  for (;;) {
    Descriptor client(::accept(socket_.get(), nullptr, nullptr));
    if (!client.is_open()) {
      exhausted_ = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
      return std::nullopt;
    }
    if (tame(client)) {
      set_option(client.get(), IPPROTO_TCP, TCP_NODELAY);
      set_option(client.get(), SOL_SOCKET, SO_KEEPALIVE);
      return client;
    }
  }
}

}  // namespace modemedic::twin
