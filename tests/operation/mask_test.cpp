#include "operation/mask.h"

#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

const std::string imei = "867391041234565";  // Luhn's digit is right
const std::string iccid = "89490200001234567890";
const std::string imsi = "228011234567890";

Mask knowing() {
  Mask mask;
  mask.hide_imei(imei);
  mask.hide_iccid(iccid);
  mask.hide_imsi(imsi);
  mask.hide_user("alice");
  return mask;
}

TEST(Mask, LeavesTheTypeCodeAndTheLastTwoDigits) {
  EXPECT_EQ(knowing().text("IMEI 867391041234565."), "IMEI 86739104xxxxx65.");
  EXPECT_EQ(knowing().text("+QCCID: 89490200001234567890"), "+QCCID: 894902xxxxxxxxxxxx90");
  EXPECT_EQ(knowing().text("228011234567890"), "22801xxxxxxxx90");
}

TEST(Mask, FindsANumberHoweverItsDigitsStand) {
  for (const auto* text : {"86739104-123456-5", "86 73 91 04 12 34 56 5", "8,6,7,3,9,1,0,4,1,2,3,4,5,6,5",
                           "867391/04/123456/5", "\"8673910\", \"41234565\""}) {
    auto shown = knowing().text(text);
    std::erase_if(shown, [](char c) { return (c < '0' || c > '9') && c != 'x'; });
    EXPECT_EQ(shown, "86739104xxxxx65") << text;
  }
}

TEST(Mask, FindsAPartOfANumber) {
  EXPECT_EQ(knowing().text("the answer stopped: 86739104123"), "the answer stopped: 86739104xxx");
  EXPECT_EQ(knowing().text("…1041234565"), "…104xxxxx65");
  EXPECT_EQ(knowing().text("86739104"), "86739104");  // the type code is no secret
}

TEST(Mask, FindsANumberInHex) {
  for (const auto* text : {"38 36 37 33 39 31 30 34 31 32 33 34 35 36 35", "383637333931303431323334353635",
                           // of an NV item: a length, then swapped digits with a in front
                           "08 8a 76 93 01 14 32 54 56", "088A769301143254 56",
                           // of a SIM's file
                           "98940200001032547698 90", "22 08 11 32 54 76 98"}) {
    auto shown = knowing().text(text);
    EXPECT_NE(shown.find('x'), std::string::npos) << text << " -> " << shown;
  }
}

TEST(Mask, MasksNumbersThatNobodyToldItOf) {
  const Mask mask;
  EXPECT_EQ(mask.text("867391041234563"), "86739104xxxxx63");  // Luhn's digit is right: an IMEI
  EXPECT_EQ(mask.text("228011234567891"), "22801xxxxxxxx91");
  EXPECT_EQ(mask.text("89490200001234567890F"), "894902xxxxxxxxxxxx90F");
  EXPECT_EQ(mask.text("+CLIP: \"+41791234567\",145"), "+CLIP: \"+41xxxxxxx67\",145");
}

TEST(Mask, LeavesWhatAVendorNeeds) {
  for (const auto* text :
       {"EG25GGBR07A08M2G_30.006.30.006", "HWID 0x000480e100000000, chip serial 49cbd7ef",
        "cc3153a80293939b90d02d3bf8b23e0292e452fef662c74998421adad42a380f", "2026-11-21T09:30:00Z",
        "interface 0: ff/ff/ff: bulk 0x81 512; bulk 0x01 512;", "+QCFG: \"usbcfg\",0x2C7C,0x125,1,1,1,1,1,0,0",
        "start_sector=\"93312\" num_partition_sectors=\"37760\"", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"}) {
    EXPECT_EQ(knowing().text(text), text);
  }
}

TEST(Mask, TakesNamesOutOfPaths) {
  EXPECT_EQ(knowing().text("/home/bob/fw/EG25.zip: not found"), "/home/(user)/fw/EG25.zip: not found");
  EXPECT_EQ(knowing().text("C:\\Users\\bob\\fw"), "C:\\Users\\(user)\\fw");
  EXPECT_EQ(knowing().text("open '/media/carol'"), "open '/media/(user)'");
  EXPECT_EQ(knowing().text("/mnt/alice/x, alice, malice, alice_2"), "/mnt/(user)/x, (user), malice, alice_2");
  EXPECT_EQ(knowing().text("/home/"), "/home/");
  EXPECT_EQ(knowing().text("/tmp/EG25.zip"), "/tmp/EG25.zip");
}

TEST(Mask, ChangesNoLength) {
  // A masked JSON is still JSON, and columns stay columns.
  for (const auto& secret : {imei, iccid, imsi}) {
    auto text = "{\"a\": \"" + secret + "\"}";
    EXPECT_EQ(knowing().text(text).size(), text.size());
  }
}

TEST(Mask, MasksNothingWhenItIsOff) {
  auto mask = Mask::off();
  mask.hide_imei(imei);
  EXPECT_EQ(mask.text("/home/bob " + imei), "/home/bob " + imei);
}

TEST(Mask, IsNotConfusedByNonsense) {
  Mask mask;
  for (const auto* nonsense : {"", "x", "12", "86739104123456a", "\xff\xff"}) {
    mask.hide_imei(nonsense);
    mask.hide_user(nonsense);
  }
  EXPECT_EQ(mask.text("a 12 x \xff"), "a 12 x \xff");
  EXPECT_EQ(knowing().text(std::string(100'000, '8')).size(), 100'000U);
}

}  // namespace
}  // namespace modemedic::operation
