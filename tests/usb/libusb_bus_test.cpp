// The libusb bus on a folder that looks as the kernel's. Nothing is behind it: libusb is given nodes that are no
// devices.

#include "usb/libusb_bus.h"

#include "base/descriptor.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::usb {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// A second of it is 20 ms of the machine's.
class FastClock final : public Clock {
public:
  TimePoint now() const override { return TimePoint(std::chrono::steady_clock::now().time_since_epoch() * 50); }
};

/// A boot ROM in EDL: device, and one configuration with a bulk pair.
const auto edl = *from_hex(
    "12 01 00 02 00 00 00 40 c6 05 08 90 00 00 00 01 00 01"
    "09 02 20 00 01 01 00 80 fa 09 04 00 00 02 ff ff ff 00 07 05 81 02 00 02 00 07 05 01 02 00 02 00");

class LibusbBusTest : public testing::Test {
protected:
  LibusbBusTest() {
    auto pattern = (fs::temp_directory_path() / "modemedic-XXXXXX").string();
    root = mkdtemp(pattern.data());
    kernel_has("usb1", 1);
    bus = LibusbBus::start(clock, Sysfs(root / "devices", root / "dev")).value();
    EXPECT_THAT(ports(), ElementsAre("usb1"));
  }

  ~LibusbBusTest() override { fs::remove_all(root); }

  void file(const fs::path& path, std::string_view text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path, std::ios::binary) << text;
  }

  void kernel_has(const std::string& port, int number, ByteView descriptors = edl) const {
    auto device = fs::path("devices") / port;
    file(device / "busnum", "1\n");
    file(device / "descriptors", as_text(descriptors));
    file(device / "devnum", std::to_string(number) + "\n");
  }

  void kernel_has_not(const std::string& port) const { fs::remove_all(root / "devices" / port); }

  std::vector<std::string> ports() {
    auto devices = bus->snapshot().value();
    std::vector<std::string> ports(devices.size());
    std::ranges::transform(devices, ports.begin(), &DeviceInfo::port);
    return ports;
  }

  bool changes(Duration patience) { return bus->wait_change(Deadline::in(clock, patience)).value(); }

  FastClock clock;
  fs::path root;
  std::unique_ptr<LibusbBus> bus;
};

TEST_F(LibusbBusTest, ShowsWhatComesAndNotWhatHasLeft) {
  EXPECT_FALSE(changes(1s));
  kernel_has("1-1", 7);
  EXPECT_TRUE(changes(60s));
  EXPECT_THAT(ports(), ElementsAre("1-1", "usb1"));
  EXPECT_FALSE(changes(1s));
  kernel_has_not("1-1");
  EXPECT_TRUE(changes(60s));
  EXPECT_THAT(ports(), ElementsAre("usb1"));
}

TEST_F(LibusbBusTest, TellsAModemFromWhatWasOnItsPortBefore) {
  kernel_has("1-1", 7);
  auto before = bus->snapshot().value();
  EXPECT_EQ(bus->snapshot().value()[0].enumeration, before[0].enumeration);
  kernel_has("1-1", 8);
  EXPECT_TRUE(changes(60s));
  auto after = bus->snapshot().value();
  ASSERT_THAT(after, SizeIs(2));
  EXPECT_EQ(after[0].port, "1-1");
  EXPECT_NE(after[0].enumeration, before[0].enumeration);
  EXPECT_EQ(after[1].enumeration, before[1].enumeration);
  auto opened = bus->open(before[0], 0);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::modem_lost);
}

TEST_F(LibusbBusTest, ShowsAllThatTheKernelKnowsOfADevice) {
  kernel_has("1-1", 7);
  file("devices/1-1/serial", "deadbeef\n");
  file("devices/1-1/product", "QUSB_BULK\n");
  file("devices/1-1/manufacturer", "Qualcomm\n");
  file("devices/1-1/speed", "480\n");
  file("devices/1-1/bConfigurationValue", "1\n");
  auto fingerprint = bus->snapshot().value().at(0).fingerprint;
  EXPECT_EQ(fingerprint.vid, 0x05c6);
  EXPECT_EQ(fingerprint.pid, 0x9008);
  EXPECT_EQ(fingerprint.serial, "deadbeef");
  EXPECT_EQ(fingerprint.product, "QUSB_BULK");
  EXPECT_EQ(fingerprint.manufacturer, "Qualcomm");
  EXPECT_EQ(fingerprint.speed, Speed::high);
  ASSERT_THAT(fingerprint.interfaces, SizeIs(1));
  EXPECT_TRUE(bulk_pair(fingerprint.interfaces[0]));
}

TEST_F(LibusbBusTest, ShowsADeviceWhoseDescriptorsAreCutAnywhere) {
  for (std::size_t size = 0; size < edl.size(); ++size) {
    kernel_has("1-1", static_cast<int>(7 + size), ByteView(edl).first(size));
    auto devices = bus->snapshot().value();
    ASSERT_THAT(devices, SizeIs(2)) << size;
    EXPECT_EQ(devices[0].fingerprint.pid, size < 18 ? 0 : 0x9008) << size;
    auto opened = bus->open(devices[0], 0);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::device_protocol) << size;
  }
}

TEST_F(LibusbBusTest, ListsEachOf127Devices) {
  for (int number = 2; number <= 127; ++number) {
    kernel_has("1-" + std::to_string(number), number);
  }
  EXPECT_THAT(ports(), SizeIs(127));
}

TEST_F(LibusbBusTest, SaysThatAContainerHasTheDeviceButNotItsNode) {
  kernel_has("1-1", 7);
  auto opened = bus->open(bus->snapshot().value().at(0), 0);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::permission);
  EXPECT_THAT(opened.error().what, HasSubstr("dev/bus/usb/001/007"));
  EXPECT_THAT(opened.error().hint, HasSubstr("container"));
}

TEST_F(LibusbBusTest, SaysThatADeviceLeftWithItsNode) {
  kernel_has("1-1", 7);
  auto seen = bus->snapshot().value().at(0);
  kernel_has_not("1-1");
  auto opened = bus->open(seen, 0);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::modem_lost);
}

TEST_F(LibusbBusTest, ClosesANodeThatLibusbRefuses) {
  kernel_has("1-1", 7);
  file("dev/bus/usb/001/007", "no device");
  auto seen = bus->snapshot().value().at(0);
  ASSERT_FALSE(bus->open(seen, 0));
  Descriptor lowest_free(dup(0));
  auto number = lowest_free.get();
  lowest_free = Descriptor();
  auto opened = bus->open(seen, 0);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::io);
  EXPECT_EQ(Descriptor(dup(0)).get(), number);
}

}  // namespace
}  // namespace modemedic::usb
