// The libusb bus on a libusb that knows late what the kernel has: it believes udevd, which takes its time. The
// executable's own functions go before those of the library.

#include "usb/libusb_bus.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

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

std::vector<libusb_device> known_to_udevd;
int contexts_begun = 0;

}  // namespace

int LIBUSB_CALL libusb_init(libusb_context** context) {
  ++contexts_begun;
  *context = new libusb_context{known_to_udevd};
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

int LIBUSB_CALL libusb_get_device_speed(libusb_device* /*device*/) {
  return LIBUSB_SPEED_HIGH;
}

namespace modemedic::usb {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

/// A second of it is 20 ms of the machine's.
class FastClock final : public Clock {
public:
  TimePoint now() const override { return TimePoint(std::chrono::steady_clock::now().time_since_epoch() * 50); }
};

class LibusbBusTest : public testing::Test {
protected:
  LibusbBusTest() {
    auto pattern = (fs::temp_directory_path() / "modemedic-XXXXXX").string();
    root = mkdtemp(pattern.data());
    kernel_has("usb1", 1);
    known_to_udevd = {{1, 1, 0}};
    contexts_begun = 0;
    bus = LibusbBus::start(clock, Sysfs(root)).value();
    EXPECT_THAT(ports(), ElementsAre("usb1"));
  }

  ~LibusbBusTest() override { fs::remove_all(root); }

  void kernel_has(const std::string& name, int number) const {
    fs::create_directories(root / name);
    std::ofstream(root / name / "devnum") << number << '\n';
  }

  void kernel_has_not(const std::string& name) const { fs::remove_all(root / name); }

  std::vector<std::string> ports() {
    std::vector<std::string> ports;
    auto devices = bus->snapshot().value();
    for (const auto& device : devices) {
      ports.push_back(device.port);
    }
    return ports;
  }

  bool changes(Duration patience) { return bus->wait_change(Deadline::in(clock, patience)).value(); }

  FastClock clock;
  fs::path root;
  std::unique_ptr<LibusbBus> bus;
};

TEST_F(LibusbBusTest, ShowsWhatComes) {
  EXPECT_FALSE(changes(1s));
  kernel_has("1-1", 7);
  known_to_udevd.push_back({1, 7, 1});
  EXPECT_TRUE(changes(60s));
  EXPECT_THAT(ports(), ElementsAre("1-1", "usb1"));
  EXPECT_FALSE(changes(1s));
}

TEST_F(LibusbBusTest, LooksAgainForWhatLibusbDoesNotListYet) {
  kernel_has("1-1", 7);
  for (auto i = 0; i < 3; ++i) {
    ASSERT_TRUE(changes(60s)) << i;
    EXPECT_THAT(ports(), ElementsAre("usb1"));
  }
  known_to_udevd.push_back({1, 7, 1});
  ASSERT_TRUE(changes(60s));
  EXPECT_THAT(ports(), ElementsAre("1-1", "usb1"));
}

TEST_F(LibusbBusTest, GivesUpOnADeviceThatLibusbNeverLists) {
  kernel_has("1-1", 7);
  auto deadline = Deadline::in(clock, 600s);
  auto looks = 0;
  while (bus->wait_change(Deadline::in(clock, 20s)).value()) {
    ports();
    ++looks;
    ASSERT_FALSE(deadline.passed(clock)) << looks;
  }
  EXPECT_GT(looks, 0);
  auto begun = contexts_begun;
  ports();
  EXPECT_EQ(contexts_begun, begun) << "nothing has changed";
}

TEST_F(LibusbBusTest, NeverShowsWhatHasLeftThoughLibusbStillListsIt) {
  kernel_has("1-1", 7);
  known_to_udevd.push_back({1, 7, 1});
  EXPECT_THAT(ports(), ElementsAre("1-1", "usb1"));
  kernel_has_not("1-1");
  EXPECT_TRUE(changes(60s));
  EXPECT_THAT(ports(), ElementsAre("usb1"));
}

TEST_F(LibusbBusTest, TellsAModemFromWhatWasOnItsPortBefore) {
  kernel_has("1-1", 7);
  known_to_udevd.push_back({1, 7, 1});
  auto before = bus->snapshot().value();
  kernel_has("1-1", 8);
  EXPECT_TRUE(changes(60s));
  EXPECT_THAT(ports(), ElementsAre("usb1"));
  known_to_udevd.push_back({1, 8, 1});  // the old one is still listed as well
  EXPECT_TRUE(changes(60s));
  auto after = bus->snapshot().value();
  ASSERT_EQ(after.size(), 2);
  EXPECT_EQ(after[0].port, "1-1");
  EXPECT_NE(after[0].enumeration, before[0].enumeration);
  EXPECT_EQ(after[1].enumeration, before[1].enumeration);
  EXPECT_FALSE(bus->open(before[0], 0));
}

TEST_F(LibusbBusTest, ListsEachOf127Devices) {
  for (std::uint8_t number = 2; number <= 127; ++number) {
    kernel_has("1-" + std::to_string(number), number);
    known_to_udevd.push_back({1, number, number});
  }
  EXPECT_EQ(ports().size(), 127);
}

}  // namespace
}  // namespace modemedic::usb
