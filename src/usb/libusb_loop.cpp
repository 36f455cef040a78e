#include "usb/libusb_loop.h"

#include "usb/libusb_words.h"

#include <libusb.h>
#include <sys/time.h>

namespace modemedic::usb {

namespace {

constexpr auto longest_wait = std::chrono::seconds(60);

int count_change(libusb_context* /*context*/, libusb_device* /*device*/, libusb_hotplug_event /*event*/, void* count) {
  ++*static_cast<std::uint64_t*>(count);
  return 0;  // goes on listening
}

timeval to_timeval(Duration duration) {
  auto micro = std::chrono::ceil<std::chrono::microseconds>(std::min<Duration>(duration, longest_wait));
  auto whole = std::chrono::duration_cast<std::chrono::seconds>(micro);
  return {whole.count(), static_cast<suseconds_t>((micro - whole).count())};
}

}  // namespace

Result<std::shared_ptr<LibusbLoop>> LibusbLoop::start(Discovery discovery) {
  std::shared_ptr<LibusbLoop> loop(new LibusbLoop);
  if (discovery == Discovery::none) {
    libusb_set_option(nullptr, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);  // of every context that begins from now on
  }
  auto started = libusb_init(&loop->context_);
  if (started != LIBUSB_SUCCESS) {
    return fail_libusb(started, "start libusb");
  }
  if (discovery == Discovery::by_libusb && libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) != 0) {
    auto events = LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT;
    auto registered =
        libusb_hotplug_register_callback(loop->context_, events, 0, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
                                         LIBUSB_HOTPLUG_MATCH_ANY, &count_change, &loop->changes_, nullptr);
    loop->tells_hotplug_ = registered == LIBUSB_SUCCESS;
  }
  return loop;
}

LibusbLoop::~LibusbLoop() {
  if (context_ != nullptr) {
    libusb_exit(context_);
  }
}

bool LibusbLoop::run_until(const std::function<bool()>& ready, const Clock& clock, Deadline deadline) {
  for (auto last = false; !ready();) {
    if (last) {
      return false;
    }
    last = deadline.passed(clock);  // what has happened by now is still looked at
    auto patience = to_timeval(deadline.left(clock));
    libusb_handle_events_timeout_completed(context_, &patience, nullptr);
  }
  return true;
}

}  // namespace modemedic::usb
