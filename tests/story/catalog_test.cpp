#include "support/command.h"

#include <gmock/gmock.h>

/// The packages that a person has: which of them may this modem take, and the newest goes onto it.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CatalogStory : public testing::Test {
protected:
  void make(const std::string& persona, const std::string& revision) {
    ASSERT_EQ(run({"virtual", "package", persona, dir / revision, "--small", "--revision", revision}).exit, 0);
    auto added = remembering({"catalog", "add", dir / revision});
    ASSERT_EQ(added.exit, 0) << added.err;
  }

  Ended remembering(std::vector<std::string> words) {
    words.insert(words.begin(), {"--data", dir / "data"});
    return run(words);
  }

  TempDir dir;
};

TEST_F(CatalogStory, TheNewestAllowedPackageGoesOntoTheModemAndIsSaidWhy) {
  make("ec25-e", "EC25EFAR06A18M4G_20.204.20.204");
  make("ec25-e", "EC25EFAR06A19M4G_20.206.20.206");
  make("ec25-e", "EC25EFAR08A01M4G_01.001.01.001");  // newer, and deadly (story 5)
  make("eg25-g", "EG25GGBR07A08M2G_30.006.30.006");
  Serve serve({"ec25-e", "--revision", "EC25EFAR06A17M4G_20.200.20.200"});
  auto found = remembering({"--bus", serve.bus(), "catalog", "find"});
  EXPECT_EQ(found.exit, 0) << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("2 of 4 packages may go on this modem"), HasSubstr("r06-r08"),
                               HasSubstr("order-code: the modem is a EC25EFA")));
  auto flash = remembering({"--bus", serve.bus(), "flash", "--latest", "--yes"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out, AllOf(HasSubstr("latest   EC25EFAR06A19M4G_20.206.20.206"), HasSubstr("the newest of 4"),
                               HasSubstr("not      EC25EFAR08A01M4G_01.001.01.001"), HasSubstr("done and proven")));
  auto again = remembering({"--bus", serve.bus(), "flash", "--latest", "--yes"});
  EXPECT_EQ(again.exit, 0) << again.err;
  EXPECT_THAT(again.out, AllOf(HasSubstr("nothing to do"), Not(HasSubstr("done and proven"))));
}

TEST_F(CatalogStory, NothingIsFlashedWhereNothingMayBe) {
  make("eg25-g", "EG25GGBR07A08M2G_30.006.30.006");
  Serve serve({"ec25-e"});
  auto flash = remembering({"--bus", serve.bus(), "flash", "--latest", "--yes"});
  EXPECT_EQ(flash.exit, 4);
  EXPECT_THAT(flash.err, HasSubstr("none of the 1 packages"));
  EXPECT_FALSE(serve.has_said("edl"));
  EXPECT_EQ(remembering({"flash", "--yes"}).exit, 2);
  EXPECT_EQ(remembering({"flash", dir / "x", "--latest"}).exit, 2);
}

TEST_F(CatalogStory, AFolderThatCannotBeWrittenIsTold) {
  auto listed = run({"--data", "/proc/nowhere", "catalog", "list"});
  EXPECT_EQ(listed.exit, 11) << listed.err;
  EXPECT_THAT(listed.err, HasSubstr("/proc/nowhere"));
}

}  // namespace
}  // namespace modemedic::tests
