#include "usb/libusb_fingerprint.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libusb.h>

namespace modemedic::usb {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(PortPath, IsWrittenAsLinuxNamesIt) {
  EXPECT_EQ(port_path(1, std::array<std::uint8_t, 2>{1, 4}), "1-1.4");
  EXPECT_EQ(port_path(12, std::array<std::uint8_t, 1>{3}), "12-3");
  EXPECT_EQ(port_path(2, std::array<std::uint8_t, 7>{1, 2, 3, 4, 5, 6, 127}), "2-1.2.3.4.5.6.127");
  EXPECT_EQ(port_path(2, {}), "usb2");
}

TEST(LibusbSpeed, TakesWhatItDoesNotKnowAsUnknown) {
  EXPECT_EQ(speed_of(LIBUSB_SPEED_FULL), Speed::full);
  EXPECT_EQ(speed_of(LIBUSB_SPEED_HIGH), Speed::high);
  EXPECT_EQ(speed_of(LIBUSB_SPEED_SUPER_PLUS), Speed::super);
  EXPECT_EQ(speed_of(99), Speed::unknown);
}

/// A device in EDL as usb.md has it: one vendor interface with two bulk endpoints.
struct Edl {
  std::array<libusb_endpoint_descriptor, 2> endpoints{};
  std::array<libusb_interface_descriptor, 2> settings{};
  std::array<libusb_interface, 1> interfaces{};
  libusb_config_descriptor configuration{};
  libusb_device_descriptor device{};

  Edl() {
    device.idVendor = 0x05c6;
    device.idProduct = 0x9008;
    endpoints[0].bEndpointAddress = 0x81;
    endpoints[0].bmAttributes = 2;
    endpoints[0].wMaxPacketSize = 512;
    endpoints[1].bEndpointAddress = 0x01;
    endpoints[1].bmAttributes = 2;
    endpoints[1].wMaxPacketSize = 512;
    settings[0].bInterfaceClass = 0xff;
    settings[0].bInterfaceSubClass = 0xff;
    settings[0].bInterfaceProtocol = 0xff;
    settings[0].bNumEndpoints = 2;
    settings[0].endpoint = endpoints.data();
    settings[1] = settings[0];
    settings[1].bAlternateSetting = 1;
    settings[1].bInterfaceProtocol = 0x11;
    interfaces[0].altsetting = settings.data();
    interfaces[0].num_altsetting = 2;
    configuration.bNumInterfaces = 1;
    configuration.interface = interfaces.data();
  }

  Edl(const Edl&) = delete;
  Edl& operator=(const Edl&) = delete;

  Fingerprint fingerprint() const { return fingerprint_of(device, &configuration); }
};

TEST(LibusbFingerprint, HoldsIdsAndTheFirstSettingOfEachInterface) {
  auto fingerprint = Edl().fingerprint();
  EXPECT_EQ(fingerprint.vid, 0x05c6);
  EXPECT_EQ(fingerprint.pid, 0x9008);
  EXPECT_EQ(fingerprint.bcd_device, 0);
  ASSERT_THAT(fingerprint.interfaces, SizeIs(1));
  EXPECT_EQ(fingerprint.interfaces[0].protocol, 0xff);
  auto pair = bulk_pair(fingerprint.interfaces[0]);
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(pair->in.address, 0x81);
  EXPECT_EQ(pair->out.address, 0x01);
  EXPECT_EQ(pair->out.max_packet, 512);
}

TEST(LibusbFingerprint, TakesAlternateSettingZeroWhereverItStands) {
  Edl edl;
  std::swap(edl.settings[0], edl.settings[1]);
  EXPECT_EQ(edl.fingerprint().interfaces.at(0).protocol, 0xff);
}

TEST(LibusbFingerprint, SurvivesDescriptorsThatLie) {
  Edl no_endpoints;
  no_endpoints.settings[0].bNumEndpoints = 30;
  no_endpoints.settings[0].endpoint = nullptr;
  auto fingerprint = no_endpoints.fingerprint();
  ASSERT_THAT(fingerprint.interfaces, SizeIs(1));
  EXPECT_THAT(fingerprint.interfaces[0].endpoints, IsEmpty());
  EXPECT_FALSE(bulk_pair(fingerprint.interfaces[0]).has_value());

  Edl no_settings;
  no_settings.interfaces[0].altsetting = nullptr;
  EXPECT_THAT(no_settings.fingerprint().interfaces, IsEmpty());
  no_settings.interfaces[0].altsetting = no_settings.settings.data();
  no_settings.interfaces[0].num_altsetting = -1;
  EXPECT_THAT(no_settings.fingerprint().interfaces, IsEmpty());

  Edl no_interfaces;
  no_interfaces.configuration.interface = nullptr;
  EXPECT_THAT(no_interfaces.fingerprint().interfaces, IsEmpty());

  EXPECT_THAT(fingerprint_of(no_interfaces.device, nullptr).interfaces, IsEmpty());
}

TEST(LibusbFingerprint, DropsTheBitsAboveThePacketSize) {
  Edl edl;
  edl.endpoints[0].wMaxPacketSize = 0xFA00;
  EXPECT_EQ(edl.fingerprint().interfaces.at(0).endpoints.at(0).max_packet, 0x200);
}

}  // namespace
}  // namespace modemedic::usb
