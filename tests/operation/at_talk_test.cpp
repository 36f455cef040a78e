#include "operation/at_talk.h"

#include "operation/ask_modem.h"
#include "support/scripted_bus.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::ScriptedBus;
using test::TwinBench;
using testing::ElementsAre;

usb::Fingerprint running_shape() {
  return must(twin::find_persona("eg25-g")).running;
}

/// A modem that answers AT, and all else as the test says.
ScriptedBus modem_that_answers(const std::function<std::vector<std::string>(const std::string&)>& answer) {
  return {running_shape(), [answer](std::uint8_t, const std::string& sent) {
            return sent == "AT\r" ? std::vector<std::string>{"\r\nOK\r\n"} : answer(sent);
          }};
}

Result<AtExchange> talk(usb::Bus& bus, const usb::DeviceInfo& device, const std::string& command,
                        Duration patience = 5s) {
  auto port = AtPort::open(bus, device, Deadline::in(bus.clock(), 5s));
  return port ? exchange(*port, command, patience) : fail(port.error());
}

TEST(AtTalk, ShowsWhatTheModemAnswers) {
  TwinBench bench;
  auto done = talk(bench.bus, must(bench.find()).device, "ATI");
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_THAT(done->answer.lines, ElementsAre("Quectel", "EG25", "Revision: EG25GGBR07A07M2G"));
  EXPECT_EQ(done->answer.final, "OK");
}

TEST(AtTalk, TakesARefusalForAnAnswer) {
  TwinBench bench;
  EXPECT_EQ(talk(bench.bus, must(bench.find()).device, "AT+NOSUCH")->answer.final, "ERROR");
}

TEST(AtTalk, TakesSilenceForAnAnswerWhereTheModemLeaves) {
  TwinBench bench;
  auto done = talk(bench.bus, must(bench.find()).device, "AT+QFASTBOOT");
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_TRUE(done->left);
  bench.bus.run_until([&] { return bench.modem->function() != nullptr; }, Deadline::in(bench.clock, 30s));
  EXPECT_EQ(must(bench.find()).sighting.state, knowledge::State::fastboot);
}

TEST(AtTalk, WaitsUntilTheModemIsPoweredDown) {
  TwinBench::Options options;
  options.real_timing = true;
  TwinBench bench(options);
  bench.bus.run_until([] { return false; }, Deadline::in(bench.clock, 10s));
  auto done = talk(bench.bus, must(bench.find()).device, "AT+QPOWD", 30s);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->answer.final, "OK");
  EXPECT_TRUE(done->finished);
}

TEST(AtTalk, SendsNothingThatIsNoSingleCommand) {
  auto bus = modem_that_answers([](const std::string&) { return std::vector<std::string>{}; });
  for (const std::string command :
       {"", "A", "+QGMR", "ls", "AT+X\rAT+CFUN=0", "AT\n", "AT\x1b[2J", "ATI\x1a", "AT\x7f"}) {
    auto refused = check_at_command(command);
    ASSERT_FALSE(refused) << command;
    EXPECT_EQ(refused.error().code, Code::usage);
  }
  EXPECT_FALSE(check_at_command("AT" + std::string(1000, 'x')));
  EXPECT_TRUE(check_at_command("at+qgmr"));
}

TEST(AtTalk, WritesNoImei) {
  auto bus = modem_that_answers([](const std::string&) { return std::vector<std::string>{"\r\nOK\r\n"}; });
  auto refused = talk(bus, bus.device(), "AT+EGMR=1,7,\"867391040000017\"");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused);
  for (const auto& sent : bus.sent) {
    EXPECT_EQ(sent.find("EGMR"), std::string::npos);
  }
}

TEST(AtTalk, ComesBackFromDataMode) {
  auto bus = modem_that_answers([](const std::string& sent) {
    return sent.starts_with("ATD") ? std::vector<std::string>{"\r\nCONNECT 150000000\r\n", "~\xff}#\xc0!"}
                                   : std::vector<std::string>{};
  });
  auto failed = talk(bus, bus.device(), "ATD*99#");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::device_refused);
  EXPECT_EQ(bus.sent.back(), "+++");
}

TEST(AtTalk, EndsAModemThatBabblesForEver) {
  for (const auto* noise : {"\r\n+QIND: \"act\",\"LTE\"\r\n", "x", "\r\n", "$GPGGA,1,2,3*00\r\n"}) {
    auto bus = modem_that_answers([noise](const std::string&) {
      return std::vector<std::string>(400'000, noise);  // more than any answer has
    });
    auto failed = talk(bus, bus.device(), "ATI");
    ASSERT_FALSE(failed) << noise;
  }
}

TEST(AtTalk, TellsUnaskedLinesApart) {
  auto bus = modem_that_answers([](const std::string&) {
    return std::vector<std::string>{"AT+QCCID\r\r\n+QIND: SMS DONE\r\n\r\n+QCC", "ID: 8949020000466212\r\n\r\nRDY\r\n",
                                    std::string("\0\0\r\nOK\r\n", 8)};
  });
  auto done = talk(bus, bus.device(), "AT+QCCID");
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_THAT(done->answer.lines, ElementsAre("+QCCID: 8949020000466212"));
  EXPECT_THAT(done->answer.unsolicited, ElementsAre("+QIND: SMS DONE", "RDY"));
}

/// Whatever a modem answers, what is taken for an identity is short, and none of it is made up.
TEST(Identity, OfAModemThatAnswersNonsenseIsBounded) {
  const std::vector<std::string> nonsense = {
      std::string("\r\nOK\r\n"),
      "\r\n" + std::string(500'000, 'A') + "\r\n\r\nOK\r\n",
      "\r\n" + std::string(5'000, '\xff') + "\r\n\r\nOK\r\n",
      "\r\n\x1b[2J\x1b]0;owned\x07\r\n\r\nOK\r\n",
      "\r\n+CFUN: " + std::string(5'000, '9') + "\r\n\r\nOK\r\n",
      "\r\n867391040000017\r\n\r\nOK\r\n",  // the answer to another question
      "\r\n+CME ERROR: 100\r\n",
      "\r\nERROR\r\n",
  };
  for (const auto& answer : nonsense) {
    auto bus = modem_that_answers([&](const std::string&) { return std::vector<std::string>{answer}; });
    EventRecorder events;
    auto identity = identify(bus, bus.device(), Deadline::in(bus.clock(), 3s), events);
    if (!identity) {
      continue;
    }
    for (const auto& field : {identity->model, identity->revision, identity->imei, identity->cfun, identity->sim,
                              identity->iccid, identity->usbnet, identity->usbcfg, identity->imei_answer}) {
      EXPECT_LE(field.size(), 120U);
    }
    EXPECT_EQ(identity->order_code, "");
    EXPECT_EQ(identity->iccid, "");
    EXPECT_FALSE(identity->fused);
  }
}

}  // namespace
}  // namespace modemedic::operation
