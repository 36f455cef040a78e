#include "virtual/diag_device.h"

#include "protocol/diag.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using testing::MatchesRegex;

DiagDevice device() {
  return DiagDevice("EG25GGBR07A08M2G");
}

DiagDevice::Reply ask(DiagDevice& diag, std::string_view frame) {
  return diag.feed(*from_hex(frame));
}

TEST(DiagDevice, AnswersADloadPingAsARunningModemDoes) {
  auto diag = device();
  EXPECT_EQ(hex(ask(diag, "7e 06 4e 95 7e").bytes), "7e 13 06 88 d5 7e");
}

TEST(DiagDevice, EchoesTheWaysIntoFlashModesAndThenGoes) {
  struct Case {
    const char* frame;
    ModemRequest request;
  };

  for (const auto& c : {Case{"4b 65 01 00 54 0f 7e", ModemRequest::edl}, Case{"3a a1 6e 7e", ModemRequest::download},
                        Case{"29 02 00 59 6a 7e", ModemRequest::restart}}) {
    auto diag = device();
    auto reply = ask(diag, c.frame);
    EXPECT_EQ(hex(reply.bytes), c.frame);
    EXPECT_EQ(reply.request, c.request);
  }
}

TEST(DiagDevice, GoesOfflineAndStays) {
  auto diag = device();
  auto reply = ask(diag, "29 01 00 31 40 7e");
  EXPECT_EQ(hex(reply.bytes), "29 01 00 31 40 7e");
  EXPECT_TRUE(reply.offline);
  EXPECT_FALSE(reply.request);
}

TEST(DiagDevice, AVersionAnswerProvesThePort) {
  auto diag = device();
  auto reply = ask(diag, "00 78 f0 7e");
  // Date and time strings of 11, 8, 11, 8 characters from offset 1.
  auto text = as_text(reply.bytes);
  EXPECT_THAT(std::string(text.substr(1, 11)), MatchesRegex("[A-Z][a-z][a-z] [0-9 ][0-9] [0-9][0-9][0-9][0-9]"));
  EXPECT_THAT(std::string(text.substr(12, 8)), MatchesRegex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"));
  EXPECT_THAT(std::string(text.substr(20, 11)), MatchesRegex("[A-Z][a-z][a-z] [0-9 ][0-9] [0-9][0-9][0-9][0-9]"));
  EXPECT_THAT(std::string(text.substr(31, 8)), MatchesRegex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"));
  EXPECT_GT(reply.bytes.size(), 1U + 38U + 2U);
}

TEST(DiagDevice, TheBuildIdShowsTheRevisionAtOffsetTwelve) {
  auto diag = device();
  auto reply = ask(diag, "7c 93 49 7e");
  EXPECT_EQ(as_text(reply.bytes).substr(12, 17), std::string_view("EG25GGBR07A08M2G\0", 17));
}

TEST(DiagDevice, TheHostsCodecReadsItsAnswers) {
  auto diag = device();
  protocol::HdlcReader reader;
  reader.feed(diag.feed(protocol::hdlc_frame(protocol::diag::version_request())).bytes);
  auto version = reader.next();
  ASSERT_TRUE(version && std::holds_alternative<Buffer>(*version));
  EXPECT_TRUE(protocol::diag::parse_version(std::get<Buffer>(*version)));
  reader.feed(diag.feed(protocol::hdlc_frame(protocol::diag::build_id_request())).bytes);
  auto build = reader.next();
  ASSERT_TRUE(build && std::holds_alternative<Buffer>(*build));
  EXPECT_EQ(protocol::diag::parse_build_id(std::get<Buffer>(*build)), "EG25GGBR07A08M2G");
}

TEST(DiagDevice, SaysNothingToABrokenFrame) {
  auto diag = device();
  EXPECT_TRUE(ask(diag, "4b 65 01 00 54 0e 7e").bytes.empty());
  EXPECT_TRUE(ask(diag, "7e 7e 7e").bytes.empty());
  Buffer endless(DiagDevice::longest * 10, std::byte{0x55});
  EXPECT_TRUE(diag.feed(endless).bytes.empty());
  EXPECT_TRUE(ask(diag, "7e").bytes.empty());
  EXPECT_EQ(hex(ask(diag, "06 4e 95 7e").bytes), "13 06 88 d5 7e");
}

TEST(DiagDevice, SurvivesNoise) {
  std::mt19937 random(11);
  auto diag = device();
  for (int round = 0; round < 2000; ++round) {
    Buffer noise(random() % 64);
    for (auto& b : noise) {
      b = static_cast<std::byte>(random() % 3 == 0 ? 0x7E : random());
    }
    diag.feed(noise);
  }
  ask(diag, "7e");
  EXPECT_EQ(hex(ask(diag, "06 4e 95 7e").bytes), "13 06 88 d5 7e");
}

}  // namespace
}  // namespace modemedic::twin
