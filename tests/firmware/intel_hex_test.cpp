#include "firmware/intel_hex.h"

#include "support/tool.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::firmware {
namespace {

using testing::HasSubstr;

// Lines whose checksums were worked out by hand: the bytes of a line add up to 0.
const std::string upper_4170 = ":02000004417049\r\n";
const std::string data_0000 = ":0400000001020304F2\r\n";
const std::string data_0004 = ":0400040005060708DE\r\n";
const std::string start_4170 =
    ":0400000541700000"
    "46\r\n";
const std::string end = ":00000001FF\r\n";

Result<HexProgram> parse(const std::string& text) {
  return parse_intel_hex(as_bytes(text), "NPRG9x15.hex");
}

std::string why_not(const std::string& text) {
  auto program = parse(text);
  EXPECT_FALSE(program);
  EXPECT_TRUE(program || program.error().code == Code::package_bad);
  return program ? "" : program.error().what;
}

TEST(IntelHex, ReadsAProgram) {
  auto program = parse(upper_4170 + data_0000 + data_0004 + start_4170 + end);
  ASSERT_TRUE(program) << program.error().what;
  EXPECT_EQ(program->address, 0x41700000U);
  EXPECT_EQ(program->start, 0x41700000U);
  EXPECT_EQ(hex(program->bytes), "01 02 03 04 05 06 07 08");
}

TEST(IntelHex, ReadsItInPiecesOfAnySize) {
  auto text = upper_4170 + data_0000 + "\n" + data_0004 + start_4170 + ":00000001ff";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    IntelHexReader reader("NPRG9x15.hex");
    for (auto rest = as_bytes(text); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
      ASSERT_TRUE(reader.feed(rest.first(std::min(piece, rest.size()))));
    }
    auto program = reader.finish();
    ASSERT_TRUE(program) << program.error().what;
    EXPECT_EQ(program->bytes.size(), 8U);
  }
}

TEST(IntelHex, StartsAtItsFirstByteWhenItDoesNotSayWhere) {
  auto program = parse(upper_4170 + data_0000 + end);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->start, 0x41700000U);
}

TEST(IntelHex, SaysWhichLineIsAtFault) {
  const std::pair<std::string, std::string> cases[] = {
      {upper_4170 + ":0400000001020304F3\r\n" + end, "line 2: its checksum is wrong: the file is damaged"},
      {upper_4170 + ":04000000010203F6\r\n" + end, "line 2: its length is wrong: the file is damaged"},
      {upper_4170 + ":0400000001020304F\r\n" + end, "line 2: its length is wrong: the file is damaged"},
      {upper_4170 + data_0000 + ":0400080005060708DA\r\n" + end, "line 3: 4 bytes are missing before 0x41700008"},
      {upper_4170 + data_0000 + data_0000 + end,
       "line 3: 0x41700000 lies before the data of the line before, which end at 0x41700004"},
      {":02000004FFFFFC\r\n:04FFFE000102030"
       "4F5\r\n" +
           end,
       "line 2: its data go beyond 4 GiB"},
      {upper_4170 + ":020000021000EC\r\n" + end, "line 2: a record of kind 02, which no loader has"},
      {upper_4170 + data_0000 + end + data_0004, "line 4: the file goes on behind its end record"},
      {upper_4170 + data_0000 + start_4170 + start_4170 + end, "line 4: a second start address"},
      {"<html>404 Not Found</html>\n", "line 1: it is no Intel HEX"},
      {upper_4170 +
           "04000000"
           "01020304F2\r\n" +
           end,
       "line 2: it is no Intel HEX"},
      {upper_4170 + ": 0400000001020304F2\r\n" + end, "line 2: it is no Intel HEX"},
      {std::string(5000, ':'), "line 1: it is too long for Intel HEX"},
      {upper_4170 + data_0000, "its end is missing: the file is cut"},
      {upper_4170 + end, "there is no data in it"},
      {"", "its end is missing: the file is cut"},
      {upper_4170 + data_0000 +
           ":04000005417000044"
           "2\r\n" +
           end,
       "it starts at 0x41700004, which is not in it"},
      {upper_4170 + data_0000 +
           ":0400000540000000"
           "B7\r\n" +
           end,
       "it starts at 0x40000000, which is not in it"},
  };
  for (const auto& [text, why] : cases) {
    EXPECT_EQ(why_not(text), "NPRG9x15.hex: " + why);
  }
}

TEST(IntelHex, StaysWithItsFirstError) {
  IntelHexReader reader("NPRG9x15.hex");
  EXPECT_FALSE(reader.feed(as_bytes("nonsense\n")));
  auto again = reader.feed(as_bytes(upper_4170 + data_0000 + end));
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().what, HasSubstr("line 1"));
  EXPECT_FALSE(reader.finish());
}

TEST(IntelHex, TakesNoMoreThanALoaderHas) {
  HexProgram program{0, 0, Buffer(IntelHexReader::largest_program + 1)};
  EXPECT_THAT(why_not(make_intel_hex(program)), HasSubstr("more than 4 MiB"));
}

TEST(IntelHex, ReadsWhatItWritesWhereverItLies) {
  std::mt19937 random(3);
  for (int i = 0; i < 10; ++i) {
    HexProgram program;
    program.bytes.resize(1 + random() % 200'000);
    std::generate(program.bytes.begin(), program.bytes.end(), [&] { return static_cast<std::byte>(random()); });
    program.address = static_cast<std::uint32_t>(random() % (0xffffffff - 200'000));
    program.start = program.address + static_cast<std::uint32_t>(random() % program.bytes.size());
    auto read = parse(make_intel_hex(program));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->address, program.address);
    EXPECT_EQ(read->start, program.start);
    EXPECT_EQ(read->bytes, program.bytes);
  }
}

TEST(IntelHex, FindsEveryFlippedBit) {
  auto text = upper_4170 + data_0000 + data_0004 + start_4170 + end;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (unsigned bit = 0; bit < 7; ++bit) {
      auto bad = text;
      bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ (1U << bit));
      auto program = parse(bad);
      if (program) {  // another way to write the same
        EXPECT_EQ(hex(program->bytes), "01 02 03 04 05 06 07 08") << bad;
        EXPECT_EQ(program->start, 0x41700000U) << bad;
      }
    }
  }
}

TEST(IntelHex, IsWhatSrecordTakesItFor) {
  if (!test::have("srec_cat")) {
    GTEST_SKIP() << "srec_cat (package srecord) is not installed";
  }
  test::TemporaryDirectory directory;
  HexProgram program{0x41700000, 0x41700000, Buffer(70'001)};
  std::mt19937 random(4);
  std::generate(program.bytes.begin(), program.bytes.end(), [&] { return static_cast<std::byte>(random()); });
  test::write_text(directory / "our.hex", make_intel_hex(program));
  auto to_binary = test::run("srec_cat " + directory / "our.hex" + " -intel -offset -0x41700000 -o " +
                             directory / "our.bin" + " -binary");
  ASSERT_EQ(to_binary.status, 0) << to_binary.output;
  EXPECT_EQ(test::read_file(directory / "our.bin"), program.bytes);

  // And theirs is read here.
  auto to_hex = test::run("srec_cat " + directory / "our.bin" + " -binary -offset 0x41700000 -o " +
                          directory / "their.hex" + " -intel -execution-start-address=0x41700010");
  ASSERT_EQ(to_hex.status, 0) << to_hex.output;
  auto theirs = parse(test::text_of(directory / "their.hex"));
  ASSERT_TRUE(theirs) << theirs.error().what;
  EXPECT_EQ(theirs->bytes, program.bytes);
  EXPECT_EQ(theirs->start, 0x41700010U);
}

}  // namespace
}  // namespace modemedic::firmware
