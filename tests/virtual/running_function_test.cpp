#include "virtual/running_function.h"

#include "virtual/host_port.h"
#include "virtual/nmea.h"
#include "virtual/persona.h"

#include <algorithm>

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::size_t diag = 0;
constexpr std::size_t nmea = 1;
constexpr std::size_t at = 2;
constexpr std::size_t modem_port = 3;
constexpr std::size_t network = 4;

class RunningFunctionTest : public testing::Test {
protected:
  RunningFunction::Setup setup() {
    RunningFunction::Setup made{.fingerprint = find_persona("ec25-e")->running,
                                .at = {},
                                .at_up = true,
                                .at_ready = milliseconds(3000),
                                .settling = milliseconds(1000),
                                .timers = timers,
                                .on_request = [this](ModemRequest request) { requests.push_back(request); }};
    made.at.model = "EC25";
    made.at.cgmr = "EC25EFAR06A11M4G";
    made.at.qgmr = "EC25EFAR06A11M4G_01.001.01.001";
    made.at.imei = "861081040000017";
    made.at.composition = composition_text(made.fingerprint);
    return made;
  }

  void pass(Duration time) {
    auto until = clock.now() + time;
    while (timers.next() && *timers.next() <= until) {
      clock.advance_to(*timers.next());
      timers.run_due();
    }
    clock.advance_to(until);
  }

  SimulatedClock clock;
  Timers timers{clock};
  std::vector<ModemRequest> requests;
};

TEST_F(RunningFunctionTest, IsSilentUntilAtComesUpAndThenGreets) {
  RunningFunction function(setup());
  HostPort port(function, at);
  function.connected();
  port.send("AT\r");
  pass(milliseconds(2999));
  EXPECT_EQ(port.take(), "");
  pass(milliseconds(1));
  EXPECT_EQ(port.take(),
            "\r\nRDY\r\n\r\n+CPIN: READY\r\n\r\n+QUSIM: 1\r\n\r\n+QIND: SMS DONE\r\n\r\n+QIND: PB DONE\r\n");
  EXPECT_EQ(port.ask("AT\r"), "AT\r\r\nOK\r\n");
}

TEST_F(RunningFunctionTest, ShowsAPlaceholderForASecond) {
  RunningFunction function(setup());
  HostPort port(function, at);
  function.connected();
  pass(milliseconds(3000));
  EXPECT_THAT(port.ask("AT+QGMR\r"), HasSubstr("EC25EFAR06A11M4G_01.016.00.000\r\n"));
  pass(milliseconds(1000));
  EXPECT_THAT(port.ask("AT+QGMR\r"), HasSubstr("EC25EFAR06A11M4G_01.001.01.001\r\n"));
}

TEST_F(RunningFunctionTest, AnswersAtOnBothPortsWithEachItsOwnEcho) {
  RunningFunction function(setup());
  HostPort first(function, at);
  HostPort second(function, modem_port);
  function.connected();
  pass(milliseconds(4000));
  EXPECT_EQ(second.take(), "");  // what nobody asked for goes to the AT port alone
  first.ask("ATE0\r");
  EXPECT_EQ(first.ask("AT+CFUN=4\r"), "\r\nOK\r\n");
  EXPECT_EQ(second.ask("AT+CFUN?\r"), "AT+CFUN?\r\r\n+CFUN: 4\r\n\r\nOK\r\n");
}

TEST_F(RunningFunctionTest, WithoutModemImageAtStaysSilentAndDiagAnswers) {
  auto broken = setup();
  broken.at_up = false;
  RunningFunction function(std::move(broken));
  HostPort port(function, at);
  HostPort diag_port(function, diag);
  function.connected();
  pass(std::chrono::minutes(5));
  EXPECT_EQ(port.ask("AT\r"), "");
  diag_port.send(*from_hex("7e 06 4e 95 7e"));
  EXPECT_EQ(hex(as_bytes(diag_port.take())), "7e 13 06 88 d5 7e");
}

TEST_F(RunningFunctionTest, EchoesTheSwitchToEdlAndHearsNoMore) {
  RunningFunction function(setup());
  HostPort port(function, diag);
  function.connected();
  port.send(*from_hex("4b 65 01 00 54 0f 7e"));
  EXPECT_EQ(hex(as_bytes(port.take())), "4b 65 01 00 54 0f 7e");
  EXPECT_THAT(requests, testing::ElementsAre(ModemRequest::edl));
  port.send(*from_hex("29 02 00 59 6a 7e"));
  EXPECT_EQ(port.take(), "");
  EXPECT_EQ(requests.size(), 1U);
}

TEST_F(RunningFunctionTest, DiagOfflineShowsInCfun) {
  RunningFunction function(setup());
  HostPort diag_port(function, diag);
  HostPort port(function, at);
  function.connected();
  pass(milliseconds(4000));
  diag_port.send(*from_hex("29 01 00 31 40 7e"));
  EXPECT_THAT(port.ask("AT+CFUN?\r"), HasSubstr("+CFUN: 7\r\n"));
}

TEST_F(RunningFunctionTest, TellsAPositionEachSecondWhileGnssIsOn) {
  RunningFunction function(setup());
  HostPort port(function, at);
  HostPort position(function, nmea);
  function.connected();
  pass(milliseconds(10000));
  EXPECT_EQ(position.take(), "");
  port.ask("AT+QGPS=1\r");
  pass(milliseconds(3000));
  auto told = position.take();
  EXPECT_EQ(std::count(told.begin(), told.end(), '$'), 6);
  EXPECT_THAT(told, HasSubstr("$GPGGA,120002.0,"));
  port.ask("AT+QGPSEND\r");
  position.take();
  pass(milliseconds(5000));
  EXPECT_EQ(position.take(), "");
  EXPECT_FALSE(timers.next());
}

TEST_F(RunningFunctionTest, StopsAHostThatNeverReads) {
  RunningFunction function(setup());
  function.connected();
  pass(milliseconds(4000));
  auto pair = *usb::bulk_pair(function.fingerprint().interfaces[at]);
  auto* out = function.out(pair.out.address);
  const std::string command = "ATI\r";
  std::size_t taken = 0;
  for (int i = 0; i < 10000; ++i) {
    out->submit(as_bytes(command), false, [&](UrbStatus status, std::size_t) { taken += status == UrbStatus::ok; });
  }
  EXPECT_LT(taken, 2000U);
  std::size_t read = 0;
  auto* in = function.in(pair.in.address);
  for (int i = 0; i < 40000; ++i) {
    in->submit(4096, [&](UrbStatus, ByteView data) { read += data.size(); });
  }
  EXPECT_EQ(taken, 10000U);
  EXPECT_GT(read, 10000U * command.size());
  function.disconnect();
}

TEST_F(RunningFunctionTest, TheNetworkInterfaceStallsWhatItDoesNotKnow) {
  RunningFunction function(setup());
  twin::Setup encapsulated_command{0x21, 0x00, 0, network, 3};
  EXPECT_FALSE(function.control(encapsulated_command, as_bytes("QMI")));
  twin::Setup raise_dtr{0x21, 0x22, 1, network, 0};
  EXPECT_TRUE(function.control(raise_dtr, {}));
}

TEST_F(RunningFunctionTest, ShowsItsComposition) {
  EXPECT_EQ(composition_text(find_persona("ec25-e")->running), "0x2C7C,0x125,1,1,1,1,1,0,0");
}

TEST_F(RunningFunctionTest, ASilentFunctionTakesEverythingAndSaysNothing) {
  SilentFunction function(find_persona("ec25-e")->running);
  HostPort port(function, at);
  EXPECT_EQ(port.ask("AT\r"), "");
  EXPECT_EQ(port.last_status, UrbStatus::ok);
}

TEST(Nmea, CarriesItsChecksum) {
  EXPECT_EQ(nmea_sentence("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,"),
            "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n");
}

}  // namespace
}  // namespace modemedic::twin
