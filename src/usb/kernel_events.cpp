#include "usb/kernel_events.h"

#include "usb/nap.h"

#include <array>
#include <cerrno>

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

namespace modemedic::usb {

namespace {

/// The group of what the kernel says; 2 is what udevd says, and anybody with the right to may say something there.
constexpr unsigned kernel_group = 1;
/// The kernel's own buffer for one is 2 KiB (UEVENT_BUFFER_SIZE), and some words more.
constexpr std::size_t longest_event = 8192;

Descriptor open_socket() {
  Descriptor opened(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kernel_group;
  if (opened.is_open() && bind(opened.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Descriptor();
  }
  return opened;
}

}  // namespace

bool is_device_event(std::string_view uevent) {
  auto comes_or_goes = uevent.starts_with("add@") || uevent.starts_with("remove@");
  auto of_device = false;
  while (comes_or_goes && !uevent.empty()) {
    auto end = std::min(uevent.find('\0'), uevent.size());
    of_device = of_device || uevent.substr(0, end) == "DEVTYPE=usb_device";
    uevent.remove_prefix(std::min(end + 1, uevent.size()));
  }
  return of_device;
}

KernelEvents::KernelEvents() : socket_(open_socket()) {}

bool KernelEvents::wait(const Clock& clock, Deadline deadline) {
  while (!deadline.passed(clock)) {
    auto time = time_left(clock, deadline);
    pollfd polled{socket_.get(), POLLIN, 0};  // a socket that isn't there is no event, and the time passes
    if (ppoll(&polled, 1, &time, nullptr) > 0 && take_all()) {
      return true;
    }
  }
  return false;
}

/// @return whether one of them was of a device; true as well when some were lost because nobody took them
bool KernelEvents::take_all() {
  std::array<char, longest_event> buffer{};
  auto found = false;
  for (;;) {
    sockaddr_nl sender{};
    socklen_t size = sizeof(sender);
    auto count = recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&sender), &size);
    if (count < 0 && errno == ENOBUFS) {
      found = true;
    } else if (count < 0 && errno != EINTR) {
      return found;
    } else if (count >= 0 && sender.nl_pid == 0) {  // the kernel; a program that pretends to be it has a number
      found = is_device_event({buffer.data(), static_cast<std::size_t>(count)}) || found;
    }
  }
}

}  // namespace modemedic::usb
