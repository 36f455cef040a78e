#include "knowledge/at_advice.h"

#include "knowledge/embedded_data.h"

#include <gtest/gtest.h>

namespace modemedic::knowledge {
namespace {

std::string id_for(std::string_view command) {
  const auto* advice = find_at_advice(command);
  return advice == nullptr ? "" : advice->id;
}

TEST(AtAdvice, RowsAreWhole) {
  auto rows = parse_at_advice(embedded("at-commands.toml"));
  ASSERT_TRUE(rows) << rows.error().what;
  EXPECT_GT(rows->size(), 10U);
  for (const auto& row : *rows) {
    EXPECT_FALSE(row.commands.empty()) << row.id;
    for (const auto& command : row.commands) {
      EXPECT_EQ(id_for("AT" + command), row.id) << "an earlier row hides " << command;
    }
  }
}

TEST(AtAdvice, KnowsACommandHoweverItIsTyped) {
  EXPECT_EQ(id_for("AT+QFASTBOOT"), "fastboot");
  EXPECT_EQ(id_for("at+qfastboot"), "fastboot");
  EXPECT_EQ(id_for("at + qfastboot"), "fastboot");
  EXPECT_EQ(id_for("AT+CFUN=1,1"), "restart");
  EXPECT_EQ(id_for("AT+CFUN = 4"), "radio-off");
  EXPECT_EQ(id_for("AT+QGMR;+QFASTBOOT"), "fastboot");
  EXPECT_EQ(id_for("AT+QCFG=\"usbcfg\",0x2C7C,0x125,0,0,0,0,1,0,0"), "usbcfg");
  EXPECT_EQ(id_for("ATD*99#"), "data-mode");
}

TEST(AtAdvice, HasNothingToSayOfAQuestion) {
  for (const auto* command : {"ATI", "AT", "AT+QGMR", "AT+CFUN?", "AT+CFUN=1", "AT+QCFG=\"usbcfg\"", "AT+EGMR=0,7",
                              "AT+X=\";+QFASTBOOT\"", "", ";;;", "+++"}) {
    EXPECT_EQ(id_for(command), "") << command;
  }
}

TEST(AtAdvice, DoesNotLetAnImeiBeWritten) {
  for (const auto* command : {"AT+EGMR=1,7,\"867391040000017\"", "at+egmr = 1 , 7", "AT+CFUN=4;+EGMR=1,7,\"1\""}) {
    const auto* advice = find_at_advice(command);
    ASSERT_NE(advice, nullptr) << command;
    EXPECT_TRUE(advice->refused) << command;
  }
}

}  // namespace
}  // namespace modemedic::knowledge
