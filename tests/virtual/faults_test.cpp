#include "virtual/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using testing::HasSubstr;

TEST(ParseFault, ReadsEachForm) {
  auto cut = parse_fault("cut@104857600").value();
  EXPECT_EQ(cut.kind, "cut");
  EXPECT_EQ(cut.at, 104857600U);
  auto nak = parse_fault("nak@erase").value();
  EXPECT_EQ(nak.kind, "nak");
  EXPECT_EQ(nak.where, "erase");
  EXPECT_FALSE(nak.at);
  EXPECT_EQ(parse_fault("bad-block:17").value().argument, 17U);
  EXPECT_EQ(parse_fault("nak@getsha256digest").value().where, "getsha256digest");
  EXPECT_EQ(parse_fault("vanish@0").value().at, 0U);
}

TEST(ParseFault, KnowsEachKind) {
  for (const char* spec : {"cut@1",
                           "vanish@1",
                           "nak@program",
                           "bad-block:1",
                           "erase-fails:1",
                           "page-fails:1",
                           "page-lost:1",
                           "page-dead:1",
                           "grows-bad:1",
                           "retry@erase",
                           "stall@1",
                           "slow-erase:30",
                           "ignores-skip-write",
                           "sahara-out-of-range",
                           "sahara-4gib",
                           "lost-hello",
                           "log-flood",
                           "half-document",
                           "silent",
                           "babble@configure",
                           "never-returns",
                           "wrong-revision",
                           "loader-refused",
                           "loader-dead",
                           "wrong-address@1024",
                           "sahara-dead",
                           "full-speed",
                           "blank@sbl",
                           "torn@boot",
                           "force-fastboot",
                           "no-imei",
                           "no-calibration",
                           "foreign-efs",
                           "composition@rndis",
                           "at-silent",
                           "diag-silent",
                           "at-noise",
                           "at-error@cfun",
                           "diag-flood",
                           "not-ready:30",
                           "cfun:4",
                           "no-sim",
                           "sim-pin",
                           "sim-fails"}) {
    EXPECT_TRUE(parse_fault(spec)) << spec;
  }
}

TEST(ParseFault, ListsTheKindsWhenItIsNone) {
  for (const char* spec : {"",           "boom",      "cut",
                           "cut@",       "cut:5",     "cut@x",
                           "cut@1x",     "cut@-1",    "cut@99999999999999999999",
                           "cut@ 1",     "nak",       "nak@",
                           "nak@Erase!", "bad-block", "bad-block@3",
                           "bad-block:", "silent@3",  "silent:",
                           "@",          ":",         "lost-hello:1"}) {
    auto fault = parse_fault(spec);
    ASSERT_FALSE(fault) << spec;
    EXPECT_EQ(fault.error().code, Code::usage) << spec;
    EXPECT_THAT(fault.error().what, HasSubstr("'" + std::string(spec) + "'"));
    EXPECT_THAT(fault.error().hint, HasSubstr("cut@BYTES, vanish@BYTES, nak@TAG, bad-block:BLOCK"));
  }
}

/// Found by fuzzing.
TEST(ParseFault, QuotesWhatIsNoneSoThatItCanBePrinted) {
  EXPECT_THAT(parse_fault("nak@\xfcrase").error().what, HasSubstr("'nak@\\xfcrase'"));
  EXPECT_THAT(parse_fault("\x1b[2J").error().what, HasSubstr("'\\x1b[2J'"));
}

TEST(Faults, StrikeOnceWhereTheyAre) {
  Faults faults({parse_fault("nak@erase").value(), parse_fault("nak@program").value(), parse_fault("silent").value()});
  EXPECT_FALSE(faults.strikes("nak", "configure"));
  EXPECT_TRUE(faults.strikes("nak", "erase"));
  EXPECT_FALSE(faults.strikes("nak", "erase"));
  EXPECT_TRUE(faults.strikes("nak", "program"));
  EXPECT_NE(faults.find("silent"), nullptr);
  EXPECT_NE(faults.find("silent"), nullptr);
  EXPECT_EQ(faults.find("cut"), nullptr);
  EXPECT_EQ(faults.all().size(), 1U);
}

}  // namespace
}  // namespace modemedic::twin
