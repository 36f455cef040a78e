#include "protocol/efs2_wire.h"

#include "protocol/diag_host.h"

#include <gmock/gmock.h>

namespace modemedic::protocol::efs2 {
namespace {

using std::chrono::seconds;

/// As publicly described: after 4b 13 and the command, everything little-endian.
TEST(Efs2Wire, SpellsItsRequests) {
  EXPECT_EQ(hex(open_request("/a")), "4b 13 02 00 00 00 00 00 00 00 00 00 2f 61 00");
  EXPECT_EQ(hex(close_request(7)), "4b 13 03 00 07 00 00 00");
  EXPECT_EQ(hex(read_request(7, 0x12345)), "4b 13 04 00 07 00 00 00 00 04 00 00 45 23 01 00");
  EXPECT_EQ(hex(opendir_request("/")), "4b 13 0b 00 2f 00");
  EXPECT_EQ(hex(readdir_request(readdir, 3, 1)), "4b 13 0d 00 03 00 00 00 01 00 00 00");
  EXPECT_EQ(hex(readdir_request(readdir_older, 3, 1)), "4b 13 0c 00 03 00 00 00 01 00 00 00");
  EXPECT_EQ(hex(closedir_request(3)), "4b 13 0d 00 03 00 00 00");
  EXPECT_EQ(hello_request().size(), 44U);
  EXPECT_EQ(open_request(std::string(5000, 'x')).size(), 4 + 8 + longest_path + 1) << "no path is longer";
  auto item = nv_read_request(550);
  EXPECT_EQ(item.size(), 133U);
  EXPECT_EQ(hex(ByteView(item).first(4)), "26 26 02 00");
}

Buffer bytes(const char* text) {
  return *from_hex(text);
}

TEST(Efs2Wire, ReadsAnswersAndNothingShorter) {
  auto data = bytes("07 00 00 00 05 00 00 00 03 00 00 00 00 00 00 00 61 62 63");
  auto read_answer = parse_data(data);
  ASSERT_TRUE(read_answer);
  EXPECT_EQ(read_answer->file, 7);
  EXPECT_EQ(read_answer->offset, 5U);
  EXPECT_EQ(as_text(read_answer->bytes), "abc");
  for (std::size_t size = 0; size < data.size(); ++size) {
    EXPECT_FALSE(parse_data(ByteView(data).first(size))) << size;
  }
  auto listed = bytes(
      "03 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00 ed 41 00 00 09 00 00 00 00 00 00 00 "
      "10 00 00 00 00 00 00 00 6e 76 ff 00 78");
  auto entry = parse_entry(listed);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->kind, static_cast<int>(Kind::directory));
  EXPECT_EQ(entry->mode, 040755);
  EXPECT_EQ(entry->changed, 16);
  EXPECT_EQ(entry->name, "nv\xff");
  for (std::size_t size = 0; size < 36; ++size) {
    EXPECT_FALSE(parse_entry(ByteView(listed).first(size))) << size;
  }
  EXPECT_EQ(parse_entry(ByteView(listed).first(36))->name, "") << "the end of the list";
}

TEST(Efs2Wire, ASizeThatLiesIsNoAnswer) {
  EXPECT_FALSE(parse_data(bytes("07 00 00 00 00 00 00 00 ff ff ff 7f 00 00 00 00 61")));
  auto negative = parse_data(bytes("07 00 00 00 00 00 00 00 ff ff ff ff 02 00 00 00 61"));
  ASSERT_TRUE(negative);
  EXPECT_TRUE(negative->bytes.empty());
}

TEST(Efs2Wire, KnowsARefusalByItsEcho) {
  auto request = opendir_request("/nv");
  EXPECT_TRUE(refuses(bytes("13 4b 13 0b 00 2f"), request));
  EXPECT_TRUE(refuses(bytes("47 4b 13 0b 00"), request));
  EXPECT_FALSE(refuses(bytes("13 4b 13 04 00"), request)) << "of another command";
  EXPECT_FALSE(refuses(bytes("4b 13 0b 00 00"), request));
  EXPECT_FALSE(refuses(bytes("13"), request));
}

TEST(DiagHost, FindsItsAnswerInALogAndAsksAgainOnlyWhereItMay) {
  auto is_answer = [](ByteView frame) { return !frame.empty() && frame.front() == std::byte{0x4b}; };
  DiagHost host({"x", bytes("4b 13 00 00"), is_answer, seconds(1), 2});
  host.feed(hdlc_frame(bytes("4b 00")));
  EXPECT_TRUE(std::holds_alternative<Send>(host.next())) << "what came before was the answer to something else";
  EXPECT_TRUE(std::holds_alternative<Await>(host.next()));
  host.timed_out();
  EXPECT_TRUE(std::holds_alternative<Send>(host.next()));
  host.feed(hdlc_frame(bytes("10 aa bb")));
  auto answer = hdlc_frame(bytes("4b 13 00 00 01"));
  answer[2] ^= std::byte{1};  // a wrong CRC
  host.feed(answer);
  EXPECT_TRUE(std::holds_alternative<Await>(host.next()));
  host.timed_out();
  EXPECT_TRUE(std::holds_alternative<Failed>(host.next()));
}

}  // namespace
}  // namespace modemedic::protocol::efs2
