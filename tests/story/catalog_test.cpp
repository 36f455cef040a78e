#include "support/command.h"
#include "support/longest_file.h"
#include "support/tool.h"

#include <gmock/gmock.h>

/// The packages that a person has: which of them may this modem take, and the newest goes onto it.
namespace modemedic::tests {
namespace {

using test::LongestFile;
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
                               HasSubstr("order-code: the modem is EC25EFA")));
  auto flash = remembering({"--bus", serve.bus(), "flash", "--latest", "--yes"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out, AllOf(HasSubstr("latest   EC25EFAR06A19M4G_20.206.20.206"), HasSubstr("the newest of 4"),
                               HasSubstr("not      EC25EFAR08A01M4G_01.001.01.001"), HasSubstr("done and proven")));
  auto again = remembering({"--bus", serve.bus(), "flash", "--latest", "--yes"});
  EXPECT_EQ(again.exit, 0) << again.err;
  EXPECT_THAT(again.out, AllOf(HasSubstr("nothing to do"), Not(HasSubstr("done and proven"))));
}

/// Whatever works with a package says who vouches for it.
TEST_F(CatalogStory, WhoVouchesForAPackageIsSaidByAllThatWorkWithIt) {
  if (!test::have("minisign")) {
    GTEST_SKIP() << "no minisign on this machine";
  }
  make("eg25-g", "EG25GGBR07A08M2G_30.006.30.006");
  auto package = dir / "EG25GGBR07A08M2G_30.006.30.006";
  Serve serve({"eg25-g"});
  const std::vector<std::vector<std::string>> commands = {{"inspect", package},
                                                          {"plan", package},
                                                          {"rehearse", package},
                                                          {"--bus", serve.bus(), "check", package},
                                                          {"--bus", serve.bus(), "rescue", package, "--yes"},
                                                          {"--bus", serve.bus(), "flash", package, "--yes"}};
  auto without = remembering({"plan", package});
  EXPECT_THAT(without.out, HasSubstr("origin   unknown: you have no signed list"));
  auto listed = remembering({"--json", "catalog", "list"}).out;
  auto at = listed.find("\"content\":\"");
  ASSERT_NE(at, std::string::npos) << listed;
  test::write_text(dir / "vendor.txt", listed.substr(at + 11, 64) + "  EG25 of May\n");
  auto made = test::run("cd " + dir.path() +
                        " && minisign -G -W -p key.pub -s key.sec && minisign -S -s key.sec -m vendor.txt");
  ASSERT_EQ(made.status, 0) << made.output;
  ASSERT_EQ(remembering({"catalog", "trust", dir / "key.pub"}).exit, 0);
  ASSERT_EQ(remembering({"catalog", "genuine", dir / "vendor.txt"}).exit, 0);
  for (const auto& words : commands) {
    auto done = remembering(words);
    EXPECT_EQ(done.exit, 0) << words[words.size() - 2] << ": " << done.err;
    EXPECT_THAT(done.out, HasSubstr("origin   genuine: EG25 of May, by ")) << words[words.size() - 2];
  }
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

/// A file may not become longer than this: what a full disk says, and what is left behind must be nothing.
TEST_F(CatalogStory, AFullDiskLeavesACatalogueThatWorks) {
  make("eg25-g", "EG25GGBR07A07M2G_30.004.30.004");
  auto other = dir / "EG25GGBR07A08M2G_30.006.30.006";
  ASSERT_EQ(
      run({"virtual", "package", "eg25-g", other, "--small", "--revision", "EG25GGBR07A08M2G_30.006.30.006"}).exit, 0);
  {
    LongestFile limit(4096);
    auto full = remembering({"catalog", "add", other});
    EXPECT_EQ(full.exit, 11) << full.err;
    EXPECT_THAT(full.err, HasSubstr("write"));
  }
  auto listed = remembering({"--json", "catalog", "list"});
  EXPECT_EQ(listed.exit, 0);
  EXPECT_THAT(listed.out, AllOf(HasSubstr("A07M2G"), Not(HasSubstr("A08M2G"))));
  EXPECT_EQ(remembering({"catalog", "add", other}).exit, 0);
  EXPECT_EQ(remembering({"catalog", "verify"}).exit, 0);
}

/// Story 2, as far as no modem is needed: a 9x15 package is what it is, and is for its own order code.
TEST_F(CatalogStory, APackageOfAnotherKindIsKeptAndJudgedLikeAny) {
  make("ec20", "EC20EQAR02A13E2G");
  auto found = remembering({"catalog", "find", "--revision", "EC20AQAR02A03E2G"});
  EXPECT_EQ(found.exit, 0) << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("refuse"), HasSubstr("order-code"), HasSubstr("0 of 1 packages")));
  auto check = run({"check", dir / "EC20EQAR02A13E2G", "--revision", "EC20EQAR02A04E2G"});
  EXPECT_THAT(check.out, AllOf(HasSubstr("EC20EQAR02A13E2G (9x15"), HasSubstr("order-code, memory"),
                               HasSubstr("from EC20EQAR02A04E2G: EC20EQAR02AxxE2G only")));
}

TEST_F(CatalogStory, AFolderThatCannotBeWrittenIsTold) {
  auto listed = run({"--data", "/proc/nowhere", "catalog", "list"});
  EXPECT_EQ(listed.exit, 11) << listed.err;
  EXPECT_THAT(listed.err, HasSubstr("/proc/nowhere"));
}

}  // namespace
}  // namespace modemedic::tests
