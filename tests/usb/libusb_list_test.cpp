// The list of a system without sysfs, on a libusb that hears of nothing: its contexts know what was there when they
// began. The executable's own functions go before those of the library.

#include "usb/libusb_list.h"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libusb.h>

struct libusb_device {
  std::uint8_t bus = 0;
  std::uint8_t number = 0;
  std::uint8_t port = 0;
};

/// Knows what was there when it began, and hears of nothing.
struct libusb_context {
  std::vector<libusb_device> devices;
};

namespace {

std::vector<libusb_device> plugged_in;

}  // namespace

int LIBUSB_CALL libusb_init(libusb_context** context) {
  *context = new libusb_context{plugged_in};
  return LIBUSB_SUCCESS;
}

void LIBUSB_CALL libusb_exit(libusb_context* context) {
  delete context;
}

int LIBUSB_CALL libusb_has_capability(std::uint32_t /*capability*/) {
  return 0;
}

ssize_t LIBUSB_CALL libusb_get_device_list(libusb_context* context, libusb_device*** list) {
  *list = new libusb_device* [context->devices.size() + 1] {};
  std::ranges::transform(context->devices, *list, [](const auto& device) { return new libusb_device(device); });
  return static_cast<ssize_t>(context->devices.size());
}

// A reference is a copy: libusb's own are counted.
void LIBUSB_CALL libusb_free_device_list(libusb_device** list, int /*unref*/) {
  for (auto** device = list; *device != nullptr; ++device) {
    delete *device;
  }
  delete[] list;
}

libusb_device* LIBUSB_CALL libusb_ref_device(libusb_device* device) {
  return new libusb_device(*device);
}

void LIBUSB_CALL libusb_unref_device(libusb_device* device) {
  delete device;
}

std::uint8_t LIBUSB_CALL libusb_get_bus_number(libusb_device* device) {
  return device->bus;
}

std::uint8_t LIBUSB_CALL libusb_get_device_address(libusb_device* device) {
  return device->number;
}

int LIBUSB_CALL libusb_get_port_numbers(libusb_device* device, std::uint8_t* numbers, int /*length*/) {
  *numbers = device->port;
  return device->port == 0 ? 0 : 1;
}

int LIBUSB_CALL libusb_get_device_descriptor(libusb_device* /*device*/, libusb_device_descriptor* descriptor) {
  descriptor->idVendor = 0x05c6;
  descriptor->idProduct = 0x9008;
  return LIBUSB_SUCCESS;
}

int LIBUSB_CALL libusb_get_active_config_descriptor(libusb_device* /*device*/, libusb_config_descriptor** /*found*/) {
  return LIBUSB_ERROR_NOT_FOUND;
}

int LIBUSB_CALL libusb_get_config_descriptor(libusb_device* /*device*/, std::uint8_t /*index*/,
                                             libusb_config_descriptor** /*found*/) {
  return LIBUSB_ERROR_NOT_FOUND;
}

int LIBUSB_CALL libusb_open(libusb_device* /*device*/, libusb_device_handle** /*handle*/) {
  return LIBUSB_ERROR_ACCESS;
}

/// The real one would look into a context that is not its own.
int LIBUSB_CALL libusb_wrap_sys_device(libusb_context* /*context*/, intptr_t /*node*/,
                                       libusb_device_handle** /*handle*/) {
  return LIBUSB_ERROR_IO;
}

int LIBUSB_CALL libusb_get_device_speed(libusb_device* /*device*/) {
  return LIBUSB_SPEED_HIGH;
}

namespace modemedic::usb {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

class LibusbListTest : public testing::Test {
protected:
  LibusbListTest() {
    plugged_in = {{1, 1, 0}};
    list = LibusbList::start().value();
    EXPECT_THAT(list->look().value(), ElementsAre(Pair(Pair(1, 1), "usb1")));
  }

  SteadyClock clock;
  std::unique_ptr<LibusbList> list;
};

TEST_F(LibusbListTest, ShowsWhatComesAndNotWhatHasLeft) {
  plugged_in.push_back({1, 7, 3});
  EXPECT_TRUE(list->wait_change(clock, Deadline::in(clock, 60s)));
  EXPECT_THAT(list->look().value(), ElementsAre(Pair(Pair(1, 1), "usb1"), Pair(Pair(1, 7), "1-3")));
  plugged_in.pop_back();
  EXPECT_TRUE(list->wait_change(clock, Deadline::in(clock, 60s)));
  EXPECT_THAT(list->look().value(), ElementsAre(Pair(Pair(1, 1), "usb1")));
  LibusbHandle handle;
  EXPECT_EQ(list->open({1, 7}, handle), LIBUSB_ERROR_NO_DEVICE);
}

TEST_F(LibusbListTest, ShowsWhatCanBeHadWithoutPermission) {
  auto fingerprint = list->fingerprint({1, 1}, "usb1");
  EXPECT_EQ(fingerprint.vid, 0x05c6);
  EXPECT_EQ(fingerprint.pid, 0x9008);
  EXPECT_EQ(fingerprint.speed, Speed::high);
  EXPECT_EQ(fingerprint.product, "");
  LibusbHandle handle;
  EXPECT_EQ(list->open({1, 1}, handle), LIBUSB_ERROR_ACCESS);
}

}  // namespace
}  // namespace modemedic::usb
