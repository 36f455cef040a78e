#include "protocol/usbip_wire.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::protocol::usbip {
namespace {

TEST(UsbIpWire, WritesTheDeviceListRequest) {
  EXPECT_EQ(hex(encode(OpHeader{.code = op_req_devlist})), "01 11 80 05 00 00 00 00");
}

TEST(UsbIpWire, WritesTheImportRequest) {
  EXPECT_EQ(hex(encode(OpHeader{.code = op_req_import})), "01 11 80 03 00 00 00 00");
}

TEST(UsbIpWire, ReadsAReplyHeader) {
  auto header = decode_op(*from_hex("0111 0003 00000001"));
  EXPECT_EQ(header.version, version);
  EXPECT_EQ(header.code, op_rep_import);
  EXPECT_EQ(header.status, 1U);
}

Device ec25() {
  Device device;
  device.path = "/sys/devices/1-1";
  device.busid = "1-1";
  device.busnum = 1;
  device.devnum = 7;
  device.speed = 3;
  device.vid = 0x2c7c;
  device.pid = 0x0125;
  device.bcd_device = 0x0318;
  device.interface_count = 2;
  device.interfaces = {{0xff, 0xff, 0xff}, {0xff, 0x00, 0x40}};
  return device;
}

TEST(UsbIpWire, LaysADeviceBlockOutAsTheKernelDocumentsIt) {
  auto bytes = encode(ec25(), false);
  ASSERT_EQ(bytes.size(), 0x138U);
  auto view = ByteView(bytes);
  EXPECT_EQ(as_text(view.first(17)), std::string_view("/sys/devices/1-1\0", 17));
  EXPECT_EQ(as_text(view.subspan(256, 4)), std::string_view("1-1\0", 4));
  EXPECT_EQ(hex(view.subspan(288)), "00 00 00 01 00 00 00 07 00 00 00 03 2c 7c 01 25 03 18 00 00 00 01 01 02");
}

TEST(UsbIpWire, PutsFourBytesAnInterfaceBehindADeviceInAList) {
  auto bytes = encode(ec25(), true);
  EXPECT_EQ(hex(ByteView(bytes).subspan(device_size)), "ff ff ff 00 ff 00 40 00");
}

TEST(UsbIpWire, ReadsADeviceBlock) {
  auto device = decode_device(encode(ec25(), false));
  EXPECT_EQ(device.path, "/sys/devices/1-1");
  EXPECT_EQ(device.busid, "1-1");
  EXPECT_EQ(device.busnum, 1U);
  EXPECT_EQ(device.devnum, 7U);
  EXPECT_EQ(device.speed, 3U);
  EXPECT_EQ(device.vid, 0x2c7c);
  EXPECT_EQ(device.pid, 0x0125);
  EXPECT_EQ(device.bcd_device, 0x0318);
  EXPECT_EQ(device.interface_count, 2);
  EXPECT_TRUE(device.interfaces.empty());
}

TEST(UsbIpWire, CutsTextsThatAreLongerThanTheirFields) {
  auto device = ec25();
  device.path.assign(1000, 'p');
  device.busid.assign(1000, 'b');
  auto read = decode_device(encode(device, false));
  EXPECT_EQ(read.path, std::string(255, 'p'));
  EXPECT_EQ(read.busid, std::string(31, 'b'));
  EXPECT_EQ(read.pid, 0x0125);
}

TEST(UsbIpWire, ReadsTextFieldsWithoutNul) {
  Buffer bytes(device_size, std::byte{'x'});
  auto device = decode_device(bytes);
  EXPECT_EQ(device.path.size(), 256U);
  EXPECT_EQ(device.busid.size(), 32U);
}

TEST(UsbIpWire, LaysASubmitOutAsTheKernelDocumentsIt) {
  UrbHeader header;
  header.seqnum = 13;
  header.devid = 0x00010007;
  header.in = true;
  header.endpoint = 1;
  header.flags = urb_zero_packet;
  header.length = 0x200;
  header.interval = 4;
  header.setup[0] = std::byte{0x80};
  header.setup[7] = std::byte{0x12};
  EXPECT_EQ(hex(encode(header)),
            "00 00 00 01 00 00 00 0d 00 01 00 07 00 00 00 01 00 00 00 01 "
            "00 00 00 40 00 00 02 00 00 00 00 00 ff ff ff ff 00 00 00 04 80 00 00 00 00 00 00 12");
}

TEST(UsbIpWire, ReadsAStalledReturn) {
  auto header =
      decode_urb(*from_hex("00000003 0000000d 00000000 00000000 00000000"
                           "ffffffe0 00000000 00000000 00000000 00000000 0000000000000000"));
  EXPECT_EQ(header.command, UrbCommand::ret_submit);
  EXPECT_EQ(header.seqnum, 13U);
  EXPECT_EQ(header.status, -32);
  EXPECT_EQ(header.length, 0);
}

TEST(UsbIpWire, WritesAnUnlinkAndItsReturn) {
  UrbHeader unlink;
  unlink.command = UrbCommand::unlink;
  unlink.seqnum = 15;
  unlink.unlink_seqnum = 13;
  EXPECT_EQ(hex(ByteView(encode(unlink)).first(24)),
            "00 00 00 02 00 00 00 0f 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 0d");
  UrbHeader answer;
  answer.command = UrbCommand::ret_unlink;
  answer.seqnum = 15;
  answer.status = -104;
  EXPECT_EQ(hex(ByteView(encode(answer)).subspan(20, 4)), "ff ff ff 98");
}

TEST(UsbIpWire, ReadsBackWhatItWritesForEveryCommand) {
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    UrbHeader header;
    header.command = static_cast<UrbCommand>(1 + random() % 4);
    header.seqnum = static_cast<std::uint32_t>(random());
    header.devid = static_cast<std::uint32_t>(random());
    header.in = random() % 2 == 0;
    header.endpoint = static_cast<std::uint32_t>(random() % 16);
    auto bytes = encode(header);
    auto read = decode_urb(bytes);
    EXPECT_EQ(encode(read), bytes);
    EXPECT_EQ(read.seqnum, header.seqnum);
    EXPECT_EQ(read.in, header.in);
  }
}

TEST(UsbIpWire, TakesAnyBytesAsAHeaderWithoutHarm) {
  std::mt19937 random(2);
  for (int i = 0; i < 1000; ++i) {
    Buffer bytes(urb_header_size);
    for (auto& byte : bytes) {
      byte = static_cast<std::byte>(random());
    }
    decode_urb(bytes);
    decode_op(ByteView(bytes).first(op_header_size));
  }
}

}  // namespace
}  // namespace modemedic::protocol::usbip
