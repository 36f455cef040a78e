#include "virtual/at_device.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

AtModem healthy() {
  AtModem modem;
  modem.model = "EC25";
  modem.cgmr = "EC25EFAR02A08M4G";
  modem.qgmr = "EC25EFAR02A08M4G_01.001.01.001";
  modem.imei = "861081040000017";
  modem.iccid = "89490200000000000017";
  modem.composition = "0x2C7C,0x125,1,1,1,1,1,0,0";
  return modem;
}

std::string ask(AtDevice& device, std::string_view command) {
  return device.feed(as_bytes(std::string(command) + "\r")).text;
}

/// What a modem without echo answers.
std::string answer(AtModem modem, std::string_view command) {
  AtDevice device(modem);
  ask(device, "ATE0");
  return ask(device, command);
}

TEST(AtDevice, EchoesUntilToldNotTo) {
  auto modem = healthy();
  AtDevice device(modem);
  EXPECT_EQ(ask(device, "AT"), "AT\r\r\nOK\r\n");
  EXPECT_EQ(ask(device, "ATE0"), "ATE0\r\r\nOK\r\n");
  EXPECT_EQ(ask(device, "AT"), "\r\nOK\r\n");
  EXPECT_EQ(ask(device, "ATE1"), "\r\nOK\r\n");
  EXPECT_EQ(ask(device, "AT"), "AT\r\r\nOK\r\n");
  ask(device, "ATE");
  EXPECT_EQ(ask(device, "AT"), "\r\nOK\r\n");
  ask(device, "AT&F");
  EXPECT_EQ(ask(device, "AT"), "AT\r\r\nOK\r\n");
}

TEST(AtDevice, AnswersWhatTheFieldSaw) {
  const std::pair<const char*, const char*> seen[] = {
      {"ATI", "\r\nQuectel\r\nEC25\r\nRevision: EC25EFAR02A08M4G\r\n\r\nOK\r\n"},
      {"AT+CGMI", "\r\nQuectel\r\n\r\nOK\r\n"},
      {"AT+CGMM", "\r\nEC25\r\n\r\nOK\r\n"},
      {"AT+CGMR", "\r\nEC25EFAR02A08M4G\r\n\r\nOK\r\n"},
      {"AT+QGMR", "\r\nEC25EFAR02A08M4G_01.001.01.001\r\n\r\nOK\r\n"},
      {"AT+CGSN", "\r\n861081040000017\r\n\r\nOK\r\n"},
      {"AT+GSN", "\r\n861081040000017\r\n\r\nOK\r\n"},
      {"AT+QCCID", "\r\n+QCCID: 89490200000000000017\r\n\r\nOK\r\n"},
      {"AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n"},
      {"AT+CFUN?", "\r\n+CFUN: 1\r\n\r\nOK\r\n"},
      {"AT+QCFG=\"usbnet\"", "\r\n+QCFG: \"usbnet\",0\r\n\r\nOK\r\n"},
      {"AT+QCFG=\"usbcfg\"", "\r\n+QCFG: \"usbcfg\",0x2C7C,0x125,1,1,1,1,1,0,0\r\n\r\nOK\r\n"},
      {"AT+QCFG=\"secbootstat\"", "\r\n+QCFG: \"secbootstat\",0\r\n\r\nOK\r\n"},
      {"AT+QSECBOOT=\"status\"", "\r\n+QSECBOOT: \"status\",0\r\n\r\nOK\r\n"},
      {"AT+QGPS?", "\r\n+QGPS: 0\r\n\r\nOK\r\n"},
      {"AT+QPRTPARA=3", "\r\nERROR\r\n"},
      {"AT+EGMR=1,7,\"123456789012345\"", "\r\nERROR\r\n"},
      {"at + cgmm", "\r\nEC25\r\n\r\nOK\r\n"},
      {"hello", ""},
  };
  for (const auto& [command, text] : seen) {
    EXPECT_EQ(answer(healthy(), command), text) << command;
  }
}

TEST(AtDevice, TellsAFusedModem) {
  auto modem = healthy();
  modem.fused = true;
  EXPECT_EQ(answer(modem, "AT+QSECBOOT=\"status\""), "\r\n+QSECBOOT: \"status\",1\r\n\r\nOK\r\n");
}

TEST(AtDevice, ShowsALostEfs) {
  auto modem = healthy();
  modem.imei.clear();
  modem.calibrated = false;
  modem.cfun = 5;
  EXPECT_EQ(answer(modem, "AT+CGSN"), "\r\n0\r\n\r\nOK\r\n");
  EXPECT_EQ(answer(modem, "AT+CFUN?"), "\r\n+CFUN: 5\r\n\r\nOK\r\n");
  EXPECT_EQ(answer(modem, "AT+CFUN=1"), "\r\n+CME ERROR: 3\r\n");
}

TEST(AtDevice, CannotTellARevisionThatTheImagesDoNotHold) {
  auto modem = healthy();
  modem.cgmr.clear();
  modem.qgmr.clear();
  EXPECT_EQ(answer(modem, "AT+CGMR"), "\r\nERROR\r\n");
  EXPECT_EQ(answer(modem, "AT+QGMR"), "\r\nERROR\r\n");
}

TEST(AtDevice, ShowsAPlaceholderUntilItHasSettled) {
  auto modem = healthy();
  modem.settled = false;
  EXPECT_EQ(answer(modem, "AT+QGMR"), "\r\nEC25EFAR02A08M4G_01.016.00.000\r\n\r\nOK\r\n");
}

TEST(AtDevice, KeepsItsFunctionality) {
  auto modem = healthy();
  AtDevice device(modem);
  ask(device, "AT+CFUN=4");
  EXPECT_EQ(modem.cfun, 4U);
  ask(device, "AT+CFUN=1");
  EXPECT_EQ(modem.cfun, 1U);
  ask(device, "AT+CFUN=9");
  EXPECT_EQ(modem.cfun, 1U);
}

TEST(AtDevice, SwitchesGnss) {
  auto modem = healthy();
  AtDevice device(modem);
  ask(device, "ATE0");
  EXPECT_EQ(ask(device, "AT+QGPSEND"), "\r\n+CME ERROR: 505\r\n");
  EXPECT_EQ(ask(device, "AT+QGPS=1"), "\r\nOK\r\n");
  EXPECT_TRUE(modem.gnss);
  EXPECT_EQ(ask(device, "AT+QGPS=1"), "\r\n+CME ERROR: 504\r\n");
  EXPECT_EQ(ask(device, "AT+QGPS?"), "\r\n+QGPS: 1\r\n\r\nOK\r\n");
  EXPECT_EQ(ask(device, "AT+QGPSEND"), "\r\nOK\r\n");
  EXPECT_FALSE(modem.gnss);
}

TEST(AtDevice, AsksTheModemForWhatItCannotDoItself) {
  struct Case {
    const char* command;
    ModemRequest request;
    const char* text;
  };

  for (const auto& c : {Case{"AT+CFUN=1,1\r", ModemRequest::restart, "\r\nOK\r\n"},
                        Case{"AT+QPOWD\r", ModemRequest::power_off, "\r\nOK\r\n"},
                        Case{"AT+QFASTBOOT\r", ModemRequest::fastboot, ""}}) {
    auto modem = healthy();
    AtDevice device(modem);
    ask(device, "ATE0");
    auto reply = device.feed(as_bytes(std::string(c.command) + "ATI\r"));  // what comes after it is not heard
    EXPECT_EQ(reply.request, c.request) << c.command;
    EXPECT_EQ(reply.text, c.text) << c.command;
  }
}

TEST(AtDevice, TakesACommandInAnyPieces) {
  auto modem = healthy();
  AtDevice device(modem);
  std::string text;
  for (auto c : std::string_view("ATE0\r\nAT+CGMM\r\n")) {
    text += device.feed(as_bytes({&c, 1})).text;
  }
  EXPECT_EQ(text, "ATE0\r\r\nOK\r\n\r\nEC25\r\n\r\nOK\r\n");
}

TEST(AtDevice, RefusesALineWithoutEnd) {
  auto modem = healthy();
  AtDevice device(modem);
  ask(device, "ATE0");
  std::string flood = "AT" + std::string(AtDevice::longest * 100, 'x');
  EXPECT_EQ(device.feed(as_bytes(flood)).text, "");
  EXPECT_EQ(ask(device, ""), "\r\nERROR\r\n");
  EXPECT_EQ(ask(device, "AT"), "\r\nOK\r\n");
}

TEST(AtDevice, SurvivesNoise) {
  std::mt19937 random(7);
  auto modem = healthy();
  AtDevice device(modem);
  for (int round = 0; round < 2000; ++round) {
    Buffer noise(random() % 64);
    for (auto& b : noise) {
      b = static_cast<std::byte>("AT+CFUN=1,?\r\n\"\x7e\x00IE"[random() % 19]);
    }
    device.feed(noise);
  }
  ask(device, "");
  ask(device, "ATE0");
  EXPECT_EQ(ask(device, "AT+CGMM"), "\r\nEC25\r\n\r\nOK\r\n");
}

TEST(AtDevice, UnsolicitedLinesStandAlone) {
  EXPECT_EQ(unsolicited("RDY"), "\r\nRDY\r\n");
}

}  // namespace
}  // namespace modemedic::twin
