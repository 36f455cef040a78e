#include "support/command.h"

#include <gmock/gmock.h>

/// `at` and `gps`: talking to a modem that runs.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class At : public testing::Test {
protected:
  Ended at(std::vector<std::string> words) {
    words.insert(words.begin(), {"--bus", serve.bus()});
    return run(words);
  }

  Serve serve{{"eg25-g"}};
};

TEST_F(At, ShowsAnswers) {
  auto answers = at({"at", "ATI", "AT+QGMR"});
  EXPECT_EQ(answers.exit, 0) << answers.err;
  EXPECT_EQ(answers.out, "Quectel\nEG25\nRevision: EG25GGBR07A07M2G\nOK\nEG25GGBR07A07M2G_30.004.30.004\nOK\n");
}

TEST_F(At, ShowsAnswersAsObjects) {
  auto answers = at({"--json", "at", "AT+CPIN?"});
  EXPECT_EQ(answers.exit, 0) << answers.err;
  EXPECT_THAT(answers.out,
              HasSubstr(R"({"event":"at","command":"AT+CPIN?","lines":["+CPIN: READY"],"final":"OK","unsolicited":[)"));
}

TEST_F(At, EndsWithTheFirstRefusal) {
  auto refused = at({"at", "AT+NOSUCH", "ATI"});
  EXPECT_EQ(refused.exit, 7);
  EXPECT_EQ(refused.out, "ERROR\n");
  EXPECT_THAT(refused.err, HasSubstr("AT+NOSUCH"));
}

TEST_F(At, WarnsOfWhatTakesTheModemAwayAndSaysWhatToDo) {
  auto away = at({"at", "AT+QFASTBOOT"});
  EXPECT_EQ(away.exit, 0) << away.err;
  EXPECT_THAT(away.err, AllOf(HasSubstr("warning: "), HasSubstr("modemedic mode normal")));
  ASSERT_TRUE(serve.wait_for("fastboot"));
  auto wrong = at({"at", "ATI"});
  EXPECT_EQ(wrong.exit, 3);
  EXPECT_EQ(at({"mode", "normal"}).exit, 0);
}

TEST_F(At, SendsNothingWhenOneOfThemMustNotBeSent) {
  auto refused = at({"at", "AT+CFUN=0", "AT+EGMR=1,7,\"867391040000017\""});
  EXPECT_EQ(refused.exit, 4);
  EXPECT_THAT(refused.err, HasSubstr("imei"));
  EXPECT_THAT(at({"at", "AT+CFUN?"}).out, HasSubstr("+CFUN: 1"));
  EXPECT_EQ(at({"at", "ls"}).exit, 2);
  EXPECT_EQ(at({"at", "ATI", "--deadline", "-1"}).exit, 2);
  EXPECT_EQ(at({"at", "ATI", "--deadline", "nan"}).exit, 2);
}

TEST_F(At, SwitchesTheReceiverAndTellsItsPort) {
  EXPECT_THAT(at({"gps", "port"}).out, HasSubstr("interface 1"));
  auto on = at({"gps", "on"});
  EXPECT_EQ(on.exit, 0) << on.err;
  EXPECT_THAT(on.out, AllOf(HasSubstr("is now on"), HasSubstr("$GPGGA,")));
  EXPECT_THAT(at({"gps", "on"}).out, HasSubstr("was already on"));
  EXPECT_THAT(at({"--json", "gps", "off"}).out, HasSubstr("\"changed\":true"));
  EXPECT_EQ(at({"gps", "up"}).exit, 2);
}

}  // namespace
}  // namespace modemedic::tests
