#include "usb/kernel_events.h"

#include <gtest/gtest.h>

namespace modemedic::usb {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST(KernelEvents, AreOfADeviceThatComesOrGoes) {
  EXPECT_TRUE(is_device_event("add@/devices/pci0000:00/usb1/1-1\0ACTION=add\0SUBSYSTEM=usb\0DEVTYPE=usb_device\0"sv));
  EXPECT_TRUE(is_device_event("remove@/devices/pci0000:00/usb1/1-1\0DEVTYPE=usb_device"sv));
}

TEST(KernelEvents, AreNotOfWhatBelongsToADevice) {
  EXPECT_FALSE(is_device_event("add@/devices/usb1/1-1/1-1:1.0\0SUBSYSTEM=usb\0DEVTYPE=usb_interface\0"sv));
  EXPECT_FALSE(is_device_event("add@/devices/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0\0SUBSYSTEM=tty\0"sv));
  EXPECT_FALSE(is_device_event("bind@/devices/usb1/1-1\0DEVTYPE=usb_device\0"sv));
  EXPECT_FALSE(is_device_event("change@/devices/usb1/1-1\0XDEVTYPE=usb_device\0"sv));
  EXPECT_FALSE(is_device_event("add@/devices/usb1/1-1\0XDEVTYPE=usb_device\0DEVTYPE=usb_device2\0"sv));
}

TEST(KernelEvents, MayBeNonsense) {
  EXPECT_FALSE(is_device_event(""sv));
  EXPECT_FALSE(is_device_event("\0\0\0"sv));
  EXPECT_FALSE(is_device_event("libudev\0\xfe\xed\xca\xfe"sv)) << "what udevd says";
  EXPECT_FALSE(is_device_event("add@"sv));
}

TEST(KernelEvents, AreWaitedForNoLongerThanAllowed) {
  SteadyClock clock;
  auto started = clock.now();
  KernelEvents().wait(clock, Deadline::in(clock, 20ms));
  EXPECT_LT(clock.now() - started, 2s);
}

}  // namespace
}  // namespace modemedic::usb
