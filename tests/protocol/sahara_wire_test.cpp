#include "protocol/sahara_wire.h"

#include <gmock/gmock.h>

namespace modemedic::protocol::sahara {
namespace {

TEST(SaharaWire, WritesAHello) {
  EXPECT_EQ(hex(hello({})),
            "01 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 04 00 00 00 00 00 00 "
            "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
}

TEST(SaharaWire, WritesAHelloResponse) {
  EXPECT_EQ(hex(hello_response(2, 1, 0, Mode::command)),
            "02 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 03 00 00 00 "
            "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
}

TEST(SaharaWire, GivesPacketsTheLengthsOfTheProtocol) {
  EXPECT_EQ(hex(packet(Command::done)), "05 00 00 00 08 00 00 00");
  EXPECT_EQ(hex(packet(Command::reset_state_machine)), "13 00 00 00 08 00 00 00");
  auto mode = ByteWriter(Endian::little).u32(0).take();
  EXPECT_EQ(hex(packet(Command::command_switch_mode, mode)), "0c 00 00 00 0c 00 00 00 00 00 00 00");
}

TEST(SaharaWire, ReadsPacketsHoweverTheyAreCut) {
  // READ_DATA of 0x34 bytes of image 13, END_IMAGE_TRANSFER, DONE_RESPONSE
  auto stream = *from_hex(
      "03000000 14000000 0d000000 00000000 34000000"
      "04000000 10000000 0d000000 00000000"
      "06000000 0c000000 01000000");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    PacketReader reader;
    std::vector<Packet> packets;
    for (auto part : {ByteView(stream).first(cut), ByteView(stream).subspan(cut)}) {
      reader.feed(part);
      while (auto packet = reader.next()) {
        packets.push_back(*packet);
      }
    }
    ASSERT_EQ(packets.size(), 3U) << "cut at " << cut;
    EXPECT_EQ(packets[0].command, Command::read_data);
    EXPECT_EQ(hex(packets[0].body), "0d 00 00 00 00 00 00 00 34 00 00 00");
    EXPECT_EQ(packets[1].command, Command::end_image_transfer);
    EXPECT_EQ(packets[2].command, Command::done_response);
    EXPECT_TRUE(reader.pending().empty());
    EXPECT_FALSE(reader.broken());
  }
}

TEST(SaharaWire, TakesNoPacketShorterThanItsHeader) {
  for (const auto* length : {"00000000", "07000000", "01040000", "ffffffff"}) {
    PacketReader reader;
    reader.feed(*from_hex("03000000" + std::string(length)));
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.broken()) << length;
  }
}

TEST(SaharaWire, TakesTheLongestPacketAllowed) {
  PacketReader reader;
  reader.feed(packet(Command::hello, Buffer(max_packet - 8)));
  EXPECT_TRUE(reader.next());
}

TEST(SaharaWire, HandsOutRawBytesThatFollowAPacket) {
  PacketReader reader;
  reader.feed(*from_hex("0b000000 08000000 aabbccdd"));
  EXPECT_TRUE(reader.next());
  EXPECT_EQ(hex(reader.take(3)), "aa bb cc");
  EXPECT_EQ(hex(reader.take(3)), "dd");
  EXPECT_TRUE(reader.pending().empty());
}

TEST(SaharaWire, SaysStatusesInWords) {
  EXPECT_EQ(status_text(0x00), "success");
  EXPECT_EQ(status_text(0x08), "invalid data size");
  EXPECT_EQ(status_text(0x14), "invalid ELF header");
  EXPECT_EQ(status_text(0x21), "hash table not authenticated");
  EXPECT_EQ(status_text(0x25), "image not authenticated");
  EXPECT_EQ(status_text(0x28), "bulk transfer error");
  EXPECT_EQ(status_text(0x29), "unknown status");
  EXPECT_EQ(status_text(0xffffffff), "unknown status");
}

}  // namespace
}  // namespace modemedic::protocol::sahara
