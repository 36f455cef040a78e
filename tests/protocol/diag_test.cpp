#include "protocol/diag.h"

#include "protocol/hdlc.h"

#include <gmock/gmock.h>

namespace modemedic::protocol::diag {
namespace {

TEST(Diag, SendsThePublishedFrames) {
  EXPECT_EQ(hex(hdlc_frame(switch_to_edl_request())), "4b 65 01 00 54 0f 7e");
  EXPECT_EQ(hex(hdlc_frame(reset_request())), "29 02 00 59 6a 7e");
  EXPECT_EQ(hex(hdlc_frame(version_request())), "00 78 f0 7e");
  EXPECT_EQ(hex(hdlc_frame(build_id_request())), "7c 93 49 7e");
}

Buffer version_answer() {
  return ByteWriter(Endian::little)
      .u8(0)
      .text("Jun 12 2019", 11)
      .text("10:11:12", 8)
      .text("Nov 05 2018", 11)
      .text("00:00:00", 8)
      .fill(16)
      .take();
}

TEST(Diag, ReadsTheBuildDateOfAVersionAnswer) {
  EXPECT_EQ(parse_version(version_answer()), "Jun 12 2019 10:11:12");
}

TEST(Diag, TakesNothingElseForAVersionAnswer) {
  auto answer = version_answer();
  for (std::size_t length = 0; length < 39; ++length) {
    EXPECT_FALSE(parse_version(ByteView(answer).first(length))) << length;
  }
  answer[0] = std::byte{0x13};  // bad command
  EXPECT_FALSE(parse_version(answer));
  EXPECT_FALSE(parse_version(Buffer(55)));
  auto escapes = version_answer();
  escapes[3] = std::byte{0x1b};
  EXPECT_FALSE(parse_version(escapes));
}

TEST(Diag, ReadsTheRevisionOfABuildIdAnswer) {
  auto answer = ByteWriter(Endian::little).u8(0x7c).fill(11).text("EC25EFAR02A08M4G", 17).text("4145", 5).take();
  EXPECT_EQ(parse_build_id(answer), "EC25EFAR02A08M4G");
}

TEST(Diag, TakesNothingElseForABuildIdAnswer) {
  EXPECT_FALSE(parse_build_id({}));
  EXPECT_FALSE(parse_build_id(*from_hex("7c")));
  EXPECT_FALSE(parse_build_id(Buffer(12, std::byte{0x7c})));
  EXPECT_FALSE(parse_build_id(ByteWriter(Endian::little).u8(0x7c).fill(20).take()));
  EXPECT_FALSE(parse_build_id(ByteWriter(Endian::little).u8(0x13).fill(11).text("EC25", 5).take()));
  EXPECT_FALSE(parse_build_id(ByteWriter(Endian::little).u8(0x7c).fill(11).text("\x1b[2J", 5).take()));
  EXPECT_FALSE(parse_build_id(ByteWriter(Endian::little).u8(0x7c).fill(11).fill(4096, std::byte{'A'}).take()));
}

TEST(Diag, ReadsARevisionThatRunsToTheEndOfTheFrame) {
  EXPECT_EQ(parse_build_id(ByteWriter(Endian::little).u8(0x7c).fill(11).text("EC25", 4).take()), "EC25");
}

}  // namespace
}  // namespace modemedic::protocol::diag
