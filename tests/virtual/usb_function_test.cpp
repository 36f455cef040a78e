#include "virtual/usb_function.h"

#include <string>

#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

usb::Fingerprint edl_shape() {
  usb::Fingerprint shape;
  shape.vid = 0x05C6;
  shape.pid = 0x9008;
  shape.manufacturer = "Qualcomm CDMA Technologies MSM";
  shape.product = "QHSUSB__BULK";
  shape.interfaces = {
      {0, 0xFF, 0xFF, 0xFF, {{0x81, usb::TransferType::bulk, 512, 0}, {0x01, usb::TransferType::bulk, 512, 0}}}};
  return shape;
}

usb::Fingerprint running_shape() {
  usb::Fingerprint shape;
  shape.vid = 0x2C7C;
  shape.pid = 0x0125;
  shape.bcd_device = 0x0318;
  shape.product = "EC25";
  shape.serial = "7f";
  shape.interfaces = {
      {0, 0xFF, 0xFF, 0xFF, {{0x81, usb::TransferType::bulk, 512, 0}, {0x01, usb::TransferType::bulk, 512, 0}}},
      {1,
       0xFF,
       0x00,
       0x00,
       {{0x83, usb::TransferType::interrupt, 10, 9},
        {0x82, usb::TransferType::bulk, 512, 0},
        {0x02, usb::TransferType::bulk, 512, 0}}},
  };
  return shape;
}

std::string ask(UsbFunction& function, const Setup& setup) {
  auto answer = function.control(setup, {});
  return answer ? hex(*answer) : "stall";
}

Setup get_descriptor(std::uint8_t type, std::uint8_t index, std::uint16_t length) {
  return {0x80, 6, static_cast<std::uint16_t>(type << 8U | index), 0, length};
}

// Expected bytes: USB 2.0 tables 9-8, 9-9, 9-10, 9-12, 9-13, 9-15 and 9-16, written out by hand.

TEST(UsbFunction, ShowsItsDeviceDescriptor) {
  UsbFunction edl(edl_shape());
  EXPECT_EQ(ask(edl, get_descriptor(1, 0, 64)), "12 01 00 02 00 00 00 40 c6 05 08 90 00 00 01 02 00 01");
  UsbFunction running(running_shape());
  EXPECT_EQ(ask(running, get_descriptor(1, 0, 18)), "12 01 00 02 00 00 00 40 7c 2c 25 01 18 03 00 02 03 01");
}

TEST(UsbFunction, CutsADescriptorWhereTheHostAskedTo) {
  UsbFunction edl(edl_shape());
  EXPECT_EQ(ask(edl, get_descriptor(1, 0, 8)), "12 01 00 02 00 00 00 40");
  EXPECT_EQ(ask(edl, get_descriptor(2, 0, 9)), "09 02 20 00 01 01 00 80 fa");
}

TEST(UsbFunction, ShowsItsConfiguration) {
  UsbFunction edl(edl_shape());
  EXPECT_EQ(ask(edl, get_descriptor(2, 0, 255)),
            "09 02 20 00 01 01 00 80 fa "
            "09 04 00 00 02 ff ff ff 00 "
            "07 05 81 02 00 02 00 "
            "07 05 01 02 00 02 00");
  UsbFunction running(running_shape());
  EXPECT_EQ(ask(running, get_descriptor(2, 0, 255)),
            "09 02 3e 00 02 01 00 80 fa "  // 9 + 9 + 2 * 7 + 9 + 3 * 7 = 62 bytes
            "09 04 00 00 02 ff ff ff 00 "
            "07 05 81 02 00 02 00 "
            "07 05 01 02 00 02 00 "
            "09 04 01 00 03 ff 00 00 00 "
            "07 05 83 03 0a 00 09 "
            "07 05 82 02 00 02 00 "
            "07 05 02 02 00 02 00");
  EXPECT_EQ(ask(edl, get_descriptor(2, 1, 255)), "stall");
}

TEST(UsbFunction, ShowsItselfAsUsb3WhenItIs) {
  auto shape = edl_shape();
  shape.speed = usb::Speed::super;
  for (auto& endpoint : shape.interfaces[0].endpoints) {
    endpoint.max_packet = 1024;
  }
  UsbFunction device(shape);
  EXPECT_EQ(ask(device, get_descriptor(1, 0, 18)), "12 01 00 03 00 00 00 09 c6 05 08 90 00 00 01 02 00 01");
  EXPECT_EQ(ask(device, get_descriptor(2, 0, 255)),
            "09 02 2c 00 01 01 00 80 3e "
            "09 04 00 00 02 ff ff ff 00 "
            "07 05 81 02 00 04 00 06 30 00 00 00 00 "
            "07 05 01 02 00 04 00 06 30 00 00 00 00");
  EXPECT_EQ(ask(device, get_descriptor(6, 0, 10)), "stall");
}

TEST(UsbFunction, ShowsItsStringsInUtf16) {
  UsbFunction running(running_shape());
  EXPECT_EQ(ask(running, get_descriptor(3, 0, 255)), "04 03 09 04");
  EXPECT_EQ(ask(running, get_descriptor(3, 1, 255)), "stall") << "it has no manufacturer";
  EXPECT_EQ(ask(running, get_descriptor(3, 2, 255)), "0a 03 45 00 43 00 32 00 35 00");
  EXPECT_EQ(ask(running, get_descriptor(3, 3, 255)), "06 03 37 00 66 00");
  EXPECT_EQ(ask(running, get_descriptor(3, 4, 255)), "stall");
}

TEST(UsbFunction, CutsAStringThatNoDescriptorHolds) {
  auto shape = edl_shape();
  shape.product = std::string(300, 'x');
  UsbFunction function(shape);
  auto answer = function.control(get_descriptor(3, 2, 0xFFFF), {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->size(), 254U);
  EXPECT_EQ(answer->front(), std::byte{254});
}

TEST(UsbFunction, HasAQualifierAtHighSpeedOnly) {
  UsbFunction high(edl_shape());
  EXPECT_EQ(ask(high, get_descriptor(6, 0, 10)), "0a 06 00 02 00 00 00 40 01 00");
  auto shape = edl_shape();
  shape.speed = usb::Speed::full;
  UsbFunction full(shape);
  EXPECT_EQ(ask(full, get_descriptor(6, 0, 10)), "stall");
}

TEST(UsbFunction, TakesAConfigurationAndTellsIt) {
  UsbFunction function(running_shape());
  EXPECT_EQ(ask(function, {0x00, 9, 1, 0, 0}), "");
  EXPECT_EQ(ask(function, {0x80, 8, 0, 0, 1}), "01");
  EXPECT_EQ(ask(function, {0x00, 9, 0, 0, 0}), "");
  EXPECT_EQ(ask(function, {0x80, 8, 0, 0, 1}), "00");
  EXPECT_EQ(ask(function, {0x00, 9, 2, 0, 0}), "stall");
}

TEST(UsbFunction, AnswersForItsInterfacesOnly) {
  UsbFunction function(running_shape());
  EXPECT_EQ(ask(function, {0x01, 11, 0, 1, 0}), "");
  EXPECT_EQ(ask(function, {0x01, 11, 1, 1, 0}), "stall") << "there is no alternate setting 1";
  EXPECT_EQ(ask(function, {0x81, 10, 0, 1, 1}), "00");
  EXPECT_EQ(ask(function, {0x81, 10, 0, 2, 1}), "stall");
  EXPECT_EQ(ask(function, {0x81, 0, 0, 0, 2}), "00 00");
  EXPECT_EQ(ask(function, {0x21, 0x22, 3, 1, 0}), "") << "DTR and RTS, as option sets them";
  EXPECT_EQ(ask(function, {0x21, 0x22, 3, 7, 0}), "stall");
  EXPECT_EQ(ask(function, {0x21, 0x20, 0, 1, 7}), "stall");
}

TEST(UsbFunction, ClearsAHaltOfItsEndpointsOnly) {
  UsbFunction function(running_shape());
  EXPECT_EQ(ask(function, {0x02, 1, 0, 0x81, 0}), "");
  EXPECT_EQ(ask(function, {0x02, 1, 0, 0x01, 0}), "");
  EXPECT_EQ(ask(function, {0x02, 1, 0, 0x00, 0}), "");
  EXPECT_EQ(ask(function, {0x02, 1, 0, 0x8F, 0}), "stall");
  EXPECT_EQ(ask(function, {0x02, 1, 0, 0x181, 0}), "stall");
  EXPECT_EQ(ask(function, {0x82, 0, 0, 0x83, 2}), "00 00");
  EXPECT_EQ(ask(function, {0x80, 0, 0, 0, 2}), "00 00");
}

TEST(UsbFunction, StallsWhatItDoesNotKnow) {
  UsbFunction function(running_shape());
  for (unsigned type = 0x22; type < 0x80; ++type) {
    EXPECT_EQ(ask(function, {static_cast<std::uint8_t>(type), 0x22, 0, 0, 0}), "stall");
  }
  for (unsigned descriptor : {0U, 4U, 5U, 7U, 15U, 255U}) {
    EXPECT_EQ(ask(function, get_descriptor(static_cast<std::uint8_t>(descriptor), 0, 255)), "stall");
  }
}

TEST(UsbFunction, HasTheEndpointsOfItsFingerprint) {
  UsbFunction function(running_shape());
  EXPECT_NE(function.in(0x81), nullptr);
  EXPECT_NE(function.in(0x83), nullptr) << "interrupt endpoints too";
  EXPECT_NE(function.out(0x02), nullptr);
  EXPECT_EQ(function.in(0x01), nullptr);
  EXPECT_EQ(function.out(0x81), nullptr);
  EXPECT_EQ(function.out(0x03), nullptr);
}

TEST(UsbFunction, EndsAllTransfersWhenItLeaves) {
  UsbFunction function(running_shape());
  int gone = 0;
  function.in(0x81)->submit(512, [&](UrbStatus status, ByteView) { gone += status == UrbStatus::gone; });
  function.in(0x83)->submit(10, [&](UrbStatus status, ByteView) { gone += status == UrbStatus::gone; });
  function.out(0x02)->submit({}, false, [&](UrbStatus status, std::size_t) { gone += status == UrbStatus::gone; });
  function.disconnect();
  EXPECT_EQ(gone, 3);
}

}  // namespace
}  // namespace modemedic::twin
