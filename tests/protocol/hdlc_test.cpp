#include "protocol/hdlc.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::protocol {
namespace {

/// Frames as text: "3a", "bad".
std::vector<std::string> frames(HdlcReader& reader) {
  std::vector<std::string> found;
  while (auto next = reader.next()) {
    auto* body = std::get_if<Buffer>(&*next);
    found.push_back(body != nullptr ? hex(*body) : "bad");
  }
  return found;
}

std::vector<std::string> frames_of(std::string_view bytes) {
  HdlcReader reader;
  reader.feed(*from_hex(bytes));
  return frames(reader);
}

TEST(Hdlc, HasThePublishedCheckValues) {
  const std::pair<const char*, const char*> values[] = {
      {"3a", "a1 6e"},       {"06", "4e 95"}, {"07", "c7 84"},    {"29 02 00", "59 6a"}, {"4b 65 01 00", "54 0f"},
      {"7c", "93 49"},       {"00", "78 f0"}, {"17 01", "57 c6"}, {"0b", "ab 4e"},       {"05 41 70 00 00", "f7 63"},
      {"29 01 00", "31 40"},
  };
  for (auto [body, crc] : values) {
    EXPECT_EQ(hex(hdlc_frame(*from_hex(body))), std::string(body) + " " + crc + " 7e");
  }
}

TEST(Hdlc, HasTheCheckValueOfX25) {
  EXPECT_EQ(crc16_x25(as_bytes("123456789")), 0x906e);
}

TEST(Hdlc, EscapesFlagsAndEscapes) {
  auto frame = hex(hdlc_frame(*from_hex("01 7d 02 7e 03")));
  EXPECT_TRUE(frame.starts_with("01 7d 5d 02 7d 5e 03 ")) << frame;
}

TEST(Hdlc, PutsAFlagInFrontWhenAsked) {
  EXPECT_EQ(hex(hdlc_frame(*from_hex("3a"), true)), "7e 3a a1 6e 7e");
}

TEST(Hdlc, ReadsFramesBehindEachOtherAndEmptyOnesBetween) {
  EXPECT_THAT(frames_of("7e 7e 3a a1 6e 7e 7e 06 4e 95 7e 07 c7"), testing::ElementsAre("3a", "06"));
}

TEST(Hdlc, TellsOfAWrongCrcAndGoesOn) {
  EXPECT_THAT(frames_of("3a a1 6f 7e 06 4e 95 7e"), testing::ElementsAre("bad", "06"));
}

TEST(Hdlc, TakesNoFrameWithoutBody) {
  EXPECT_THAT(frames_of("00 00 7e 3a 7e"), testing::ElementsAre("bad", "bad"));
}

TEST(Hdlc, TakesAnEscapeBeforeTheFlagAsAnAbortedFrame) {
  EXPECT_THAT(frames_of("3a a1 6e 7d 7e 3a a1 6e 7e"), testing::ElementsAre("bad", "3a"));
}

TEST(Hdlc, DropsAFrameThatIsTooLongUpToItsFlag) {
  HdlcReader reader(16);
  reader.feed(Buffer(1000, std::byte{0x11}));
  EXPECT_TRUE(frames(reader).empty());
  reader.feed(*from_hex("22 7e 3a a1 6e 7e"));
  EXPECT_THAT(frames(reader), testing::ElementsAre("bad", "3a"));
}

TEST(Hdlc, TakesAFrameOfExactlyTheLimit) {
  HdlcReader reader(16);
  auto body = Buffer(14, std::byte{0x42});
  reader.feed(hdlc_frame(body));
  EXPECT_THAT(frames(reader), testing::ElementsAre(hex(body)));
  reader.feed(hdlc_frame(Buffer(15, std::byte{0x42})));
  EXPECT_THAT(frames(reader), testing::ElementsAre("bad"));
}

TEST(Hdlc, ReadsBackAnyBodyHoweverItIsCut) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Buffer body(1 + random() % 60);
    for (auto& byte : body) {
      // Half of them bytes that need care.
      byte =
          random() % 2 == 0 ? std::byte{0x7d} ^ static_cast<std::byte>(random() % 4) : static_cast<std::byte>(random());
    }
    auto frame = hdlc_frame(body, round % 2 == 0);
    auto cut = random() % (frame.size() + 1);
    HdlcReader reader;
    reader.feed(ByteView(frame).first(cut));
    auto found = frames(reader);
    reader.feed(ByteView(frame).subspan(cut));
    auto rest = frames(reader);
    found.insert(found.end(), rest.begin(), rest.end());
    EXPECT_THAT(found, testing::ElementsAre(hex(body)));
  }
}

TEST(Hdlc, TakesAnyCrcWhereNobodyLooksAtIt) {
  HdlcReader reader(8, HdlcReader::Crc::ignored);
  reader.feed(*from_hex("7e 06 12 34 7e 7e 01 02 03 04 05 06 07 08 09 7e 0b 7e"));
  EXPECT_EQ(hex(std::get<Buffer>(*reader.next())), "06");
  EXPECT_TRUE(std::holds_alternative<HdlcReader::BadFrame>(*reader.next()));  // too long
  EXPECT_TRUE(std::holds_alternative<HdlcReader::BadFrame>(*reader.next()));  // no room for a CRC
}

}  // namespace
}  // namespace modemedic::protocol
