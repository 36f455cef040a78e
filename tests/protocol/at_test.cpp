#include "protocol/at.h"

#include <gmock/gmock.h>

namespace modemedic::protocol {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Duration patience = std::chrono::seconds(5);

/// A host that has sent its command.
AtHost sent(const std::string& command) {
  AtHost host(command, patience);
  auto action = host.next();
  EXPECT_EQ(as_text(std::get<Send>(action).bytes), command + "\r");
  EXPECT_EQ(std::get<Await>(host.next()).patience, patience);
  return host;
}

AtAnswer answered(const std::string& command, std::string_view bytes) {
  auto host = sent(command);
  host.feed(as_bytes(bytes));
  EXPECT_TRUE(std::holds_alternative<Done>(host.next())) << "no end of " << bytes;
  return host.answer();
}

const Error& failure(const AtHost::Action& action) {
  static const Error none;
  const auto* failed = std::get_if<Failed>(&action);
  EXPECT_NE(failed, nullptr);
  return failed != nullptr ? failed->error : none;
}

TEST(AtHost, CollectsTheLinesOfAnAnswer) {
  auto answer = answered("ATI", "\r\nQuectel\r\nEC25\r\nRevision: EC25EFAR02A08M4G\r\n\r\nOK\r\n");
  EXPECT_THAT(answer.lines, ElementsAre("Quectel", "EC25", "Revision: EC25EFAR02A08M4G"));
  EXPECT_TRUE(answer.ok());
  EXPECT_THAT(answer.unsolicited, IsEmpty());
}

TEST(AtHost, DropsTheEcho) {
  auto answer = answered("AT+QGMR", "AT+QGMR\r\r\nEG25GGBR07A08M2G_30.006.30.006\r\n\r\nOK\r\n");
  EXPECT_THAT(answer.lines, ElementsAre("EG25GGBR07A08M2G_30.006.30.006"));
}

TEST(AtHost, TellsUnsolicitedLinesFromTheAnswer) {
  auto answer = answered("AT+CGSN",
                         "\r\nRDY\r\n\r\n+CPIN: READY\r\n\r\n861234567890123\r\n\r\n+QIND: SMS DONE\r\n"
                         "\r\n+QUSIM: 1\r\n\r\nPOWERED DOWN\r\n\r\nOK\r\n");
  EXPECT_THAT(answer.lines, ElementsAre("861234567890123"));
  EXPECT_THAT(answer.unsolicited, ElementsAre("RDY", "+CPIN: READY", "+QIND: SMS DONE", "+QUSIM: 1", "POWERED DOWN"));
}

TEST(AtHost, TakesALineThatWasAskedForAsTheAnswer) {
  EXPECT_THAT(answered("AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n").lines, ElementsAre("+CPIN: READY"));
  EXPECT_THAT(answered("at+cfun?", "\r\n+CFUN: 1\r\n\r\nOK\r\n").lines, ElementsAre("+CFUN: 1"));
}

TEST(AtHost, EndsAtEachFinalLine) {
  for (const auto* final : {"OK", "ERROR", "+CME ERROR: 10", "+CMS ERROR: 500"}) {
    auto answer = answered("AT+CPIN?", std::string("\r\n") + final + "\r\n");
    EXPECT_EQ(answer.final, final);
    EXPECT_EQ(answer.ok(), answer.final == "OK");
  }
  EXPECT_EQ(answered("AT+QFUPL=\"a\",3", "\r\nCONNECT\r\n").final, "CONNECT");
  EXPECT_EQ(answered("ATD*99#", "\r\nNO CARRIER\r\n").final, "NO CARRIER");
}

TEST(AtHost, DoesNotTakeSomebodyElsesHangUpForItsEnd) {
  auto answer = answered("AT+CFUN?", "\r\nNO CARRIER\r\n\r\n+CFUN: 1\r\n\r\nOK\r\n");
  EXPECT_THAT(answer.lines, ElementsAre("+CFUN: 1"));
  EXPECT_THAT(answer.unsolicited, ElementsAre("NO CARRIER"));
}

TEST(AtHost, AnswersTheSameHoweverTheBytesAreCut) {
  const std::string bytes = "ATI\r\r\nQuectel\r\n\r\n+QIND: PB DONE\r\nEG25\r\n\r\nOK\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    auto host = sent("ATI");
    host.feed(as_bytes(bytes).first(cut));
    host.feed(as_bytes(bytes).subspan(cut));
    EXPECT_TRUE(std::holds_alternative<Done>(host.next())) << cut;
    EXPECT_THAT(host.answer().lines, ElementsAre("Quectel", "EG25"));
    EXPECT_THAT(host.answer().unsolicited, ElementsAre("+QIND: PB DONE"));
  }
}

TEST(AtHost, TakesNothingThatCameBeforeItsCommandForItsAnswer) {
  AtHost host("ATI", patience);
  host.feed(as_bytes("\r\nOK\r\n\r\nRDY\r\nhalf"));
  EXPECT_TRUE(std::holds_alternative<Send>(host.next()));
  EXPECT_TRUE(std::holds_alternative<Await>(host.next()));
  host.feed(as_bytes("\r\nEC25\r\nOK\r\n"));
  EXPECT_TRUE(std::holds_alternative<Done>(host.next()));
  EXPECT_THAT(host.answer().lines, ElementsAre("EC25"));
  EXPECT_THAT(host.answer().unsolicited, ElementsAre("OK", "RDY"));
}

TEST(AtHost, ToleratesNulsAndBinary) {
  using std::string_view_literals::operator""sv;
  auto answer = answered("ATI", "\0\0ATI\r\r\n\xff\xfe\x01\r\n\r\nO\0K\r\n"sv);
  EXPECT_THAT(answer.lines, ElementsAre("\xff\xfe\x01"));
}

TEST(AtHost, FailsWhenNothingComes) {
  auto host = sent("AT+QGMR");
  host.timed_out();
  auto error = failure(host.next());
  EXPECT_EQ(error.code, Code::timeout);
  EXPECT_EQ(error.what, "no answer to AT+QGMR");
  EXPECT_FALSE(error.hint.empty());
}

TEST(AtHost, SaysWhenAnAnswerStopsHalfWay) {
  auto host = sent("AT+QGMR");
  host.feed(as_bytes("\r\nEG25GGB"));
  host.timed_out();
  EXPECT_EQ(failure(host.next()).what, "the answer stopped in the middle of AT+QGMR");
}

TEST(AtHost, EndsAPortThatNeverEndsItsAnswer) {
  auto host = sent("ATI");
  std::string line = "$GPGSV,1,1,00*79\r\n";
  std::size_t fed = 0;
  while (std::holds_alternative<Await>(host.next())) {
    host.feed(as_bytes(line));
    fed += line.size();
    ASSERT_LE(fed, 2_MiB);
  }
  EXPECT_EQ(failure(host.next()).code, Code::device_protocol);
  EXPECT_GE(fed, 1_MiB);
}

TEST(AtHost, EndsALineThatNeverEnds) {
  auto host = sent("ATI");
  host.feed(Buffer(3 * 1_MiB, std::byte{'x'}));
  EXPECT_EQ(failure(host.next()).code, Code::device_protocol);
}

TEST(AtHost, KeepsItsWordAfterTheEnd) {
  auto host = sent("ATI");
  host.feed(as_bytes("\r\nOK\r\n\r\nERROR\r\n"));
  host.timed_out();
  EXPECT_TRUE(std::holds_alternative<Done>(host.next()));
  EXPECT_EQ(host.answer().final, "OK");
}

}  // namespace
}  // namespace modemedic::protocol
