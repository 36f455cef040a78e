#include "operation/flash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using testing::HasSubstr;

firmware::Package package_of(const std::string& revision) {
  firmware::Package package;
  package.revision = firmware::parse_revision(revision);
  return package;
}

Result<void> check(const std::string& modem, const std::string& package, const FlashOptions& options = {}) {
  Identity identity;
  identity.revision = modem;
  return check_fit(&identity, package_of(package), options);
}

std::string rule_of(const Result<void>& result) {
  return result ? "taken" : result.error().rule;
}

TEST(CheckFit, TakesTheSameOrderCodeAndMemory) {
  EXPECT_EQ(rule_of(check("EG25GGBR07A07M2G_30.004.30.004", "EG25GGBR07A08M2G_30.006.30.006")), "taken");
  EXPECT_EQ(rule_of(check("EG25GGBR07A07M2G", "EG25GGBR07A08M2G_30.006.30.006")), "taken");
  EXPECT_EQ(rule_of(check("EC25EFAR06A11M4G_01.001.01.001", "EC25EFAR06A17M4G_20.200.20.200")), "taken");
}

TEST(CheckFit, RefusesAnotherOrderCodeWhateverThePersonLifts) {
  FlashOptions all;
  all.overrides = {"order-code", "memory", "unknown"};
  for (const auto* package : {"EC25EUGAR08A03M4G", "EC25EUXGAR08A15M4G", "EG25GGBR07A08M4G"}) {
    auto result = check("EC25EFAR06A11M4G", package, all);
    EXPECT_EQ(rule_of(result), "order-code") << package;
    EXPECT_EQ(result.error().code, Code::refused);
    EXPECT_THAT(result.error().what, HasSubstr("EC25EFA"));
  }
  EXPECT_EQ(rule_of(check("EC20CEFAGR06A16M4G", "EC20CEFAR06A16M4G", all)), "order-code");
}

TEST(CheckFit, RefusesAnotherMemoryButNotATrailingA) {
  EXPECT_EQ(rule_of(check("EC25EFAR06A11M4G", "EC25EFAR06A17M2G")), "memory");
  EXPECT_EQ(rule_of(check("EG25GGBR07A07M2GA", "EG25GGBR07A08M2G")), "taken");
}

/// Story 5: "upgraded" from R06 to R08, passed, and dead.
TEST(CheckFit, StopsAtAnotherBaselineEitherWay) {
  EXPECT_EQ(rule_of(check("EC25EFAR06A17M4G_20.200.20.200", "EC25EFAR08A01M4G_01.001.01.001")), "baseline");
  EXPECT_EQ(rule_of(check("EC25EFAR08A01M4G_01.001.01.001", "EC25EFAR06A17M4G_20.200.20.200")), "baseline");
  FlashOptions lifted;
  lifted.overrides = {"baseline"};
  EXPECT_EQ(rule_of(check("EC25EFAR02A08M4G", "EC25EFAR06A11M4G", lifted)), "taken");
}

TEST(CheckFit, StopsForAnUnknownModemUnlessLifted) {
  FlashOptions lifted;
  lifted.overrides = {"unknown"};
  auto package = package_of("EG25GGBR07A08M2G");
  auto in_edl = check_fit(nullptr, package, {});
  EXPECT_EQ(rule_of(in_edl), "unknown");
  EXPECT_THAT(in_edl.error().hint, HasSubstr("--override unknown"));
  EXPECT_THAT(in_edl.error().hint, HasSubstr("nothing was sent"));
  EXPECT_TRUE(check_fit(nullptr, package, lifted));
  EXPECT_EQ(rule_of(check("", "EG25GGBR07A08M2G")), "unknown");
  EXPECT_EQ(rule_of(check("SIM7600M22_V1.1", "EG25GGBR07A08M2G")), "unknown");
  EXPECT_EQ(rule_of(check("", "EG25GGBR07A08M2G", lifted)), "taken");
}

TEST(CheckFit, StopsForAPackageOfNoKnownRevision) {
  Identity identity;
  identity.revision = "EG25GGBR07A07M2G";
  FlashOptions lifted;
  lifted.overrides = {"unknown"};
  EXPECT_EQ(rule_of(check_fit(&identity, {}, {})), "unknown");
  EXPECT_TRUE(check_fit(&identity, {}, lifted));
}

}  // namespace
}  // namespace modemedic::operation
