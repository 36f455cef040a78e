#include "virtual/usbip_server.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>

#include <poll.h>
#include <sys/select.h>

namespace modemedic::twin {

namespace {

constexpr std::size_t most_connections = 64;
constexpr auto plug_pause = std::chrono::milliseconds(2);
constexpr auto accept_pause = std::chrono::milliseconds(100);

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
  TRY_ASSIGN(auto listener, Listener::open(host, port));
  return std::unique_ptr<UsbIpServer>(new UsbIpServer(std::move(listener), timers));
}

UsbIpServer::UsbIpServer(Listener listener, Timers& timers) : listener_(std::move(listener)), timers_(timers) {}

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
  polled.push_back({accepting() ? listener_.socket() : -1, POLLIN, 0});
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
  const auto own = polled.size();
  if (guest_ != nullptr) {
    guest_->collect(polled);
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
  if (guest_ != nullptr) {
    guest_->handle(std::span(polled).subspan(own));
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
    auto client = listener_.accept();
    if (!client) {
      if (listener_.exhausted()) {
        accept_from_ = timers_.clock().now() + accept_pause;
      }
      return;
    }
    connections_.push_back(std::make_unique<UsbIpConnection>(std::move(*client), exports_, timers_.clock()));
  }
}

}  // namespace modemedic::twin
