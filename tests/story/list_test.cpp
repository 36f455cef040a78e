#include "support/command.h"

#include <chrono>

#include <gmock/gmock.h>

/// `list`: every modem in sight, and what is known of it.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

TEST(List, AsksEveryModemWhateverItsState) {
  Serve serve({"eg25-g", "ec25-e", "eg25-g:edl", "ec25-e:edl", "eg25-g:fastboot", "eg25-g:dump", "ec25-e:download"});
  for (int i = 0; i < 3; ++i) {  // a look leaves every modem as it was: the next one sees the same
    auto list = run({"--bus", serve.bus(), "--json", "list"});
    EXPECT_EQ(list.exit, 0) << list.err;
    EXPECT_EQ(count(list.out, "\"event\":\"modem\""), 7U);
    EXPECT_EQ(count(list.out, "\"certainty\":\"proven\""), 7U) << list.out;
    EXPECT_THAT(list.out, AllOf(HasSubstr("\"chip_serial\":\"1bad0003\""), HasSubstr("\"hwid\":\"000480e100000000\""),
                                HasSubstr("\"answered\":\"fastboot\""), HasSubstr("\"order_code\":\"EC25EFA\"")));
  }
}

TEST(List, CountsPortsAsAPersonDoes) {
  Serve serve(std::vector<std::string>(11, "eg25-g:edl"));
  auto list = run({"--bus", serve.bus(), "list"});
  EXPECT_LT(list.out.find("\n1-2 "), list.out.find("\n1-10 ")) << list.out;
  EXPECT_LT(list.out.find("\n1-10 "), list.out.find("\n1-11 ")) << list.out;
}

TEST(List, TellsOnlyOfTheModemThatIsChosen) {
  Serve serve({"eg25-g", "ec25-e"});
  auto one = run({"--bus", serve.bus(), "--modem", "port:1-2", "list", "--json"});
  EXPECT_EQ(one.exit, 0) << one.err;
  EXPECT_EQ(count(one.out, "\"event\":\"modem\""), 1U);
  EXPECT_THAT(one.out, HasSubstr("\"port\":\"1-2\""));
  auto none = run({"--bus", serve.bus(), "--modem", "port:1-3", "list"});
  EXPECT_EQ(none.exit, 3);
  EXPECT_THAT(none.err, AllOf(HasSubstr("no modem in sight is port:1-3"), HasSubstr("port:1-1")));
  EXPECT_EQ(run({"--bus", serve.bus(), "--modem", "1-2", "list"}).exit, 2);
}

TEST(List, SaysOverUsbIpThatAModemInUseIsNotShown) {
  Serve serve({"eg25-g"});
  auto none = run({"--bus", serve.bus(), "--modem", "port:1-9", "list"});
  EXPECT_THAT(none.err, HasSubstr("over USB/IP a modem that another program holds is not shown"));
}

TEST(List, TellsWithinThreeSecondsEvenOfModemsThatKeepSilent) {
  Serve serve({"eg25-g", "eg25-g", "eg25-g:edl", "--fault", "silent", "--fault", "lost-hello"});
  auto start = std::chrono::steady_clock::now();
  auto list = run({"--bus", serve.bus(), "list"});
  EXPECT_EQ(list.exit, 0) << list.err;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

TEST(List, KnowsAModemInEdlByWhatItWasBefore) {
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(run({"virtual", "package", "eg25-g", package, "--small"}).exit, 0);
  auto data = dir / "data";
  {
    Serve serve({"eg25-g", "--state", dir / "nand"});
    ASSERT_EQ(run({"--bus", serve.bus(), "--data", data, "flash", package, "--yes"}).exit, 0);
  }
  Serve serve({"eg25-g:edl", "--state", dir / "nand"});
  auto list = run({"--bus", serve.bus(), "--data", data, "--json", "list"});
  EXPECT_THAT(list.out,
              AllOf(HasSubstr("\"state\":\"edl\""), HasSubstr("\"revision\":\"EG25GGBR07A07M2G_30.004.30.004\""),
                    HasSubstr("\"certain\":true")));
  EXPECT_THAT(run({"--bus", serve.bus(), "--data", data + "-none", "list"}).out, Not(HasSubstr("EG25GGB")));
  // The same package goes on without a rule being lifted: it is known whose firmware it is.
  auto flash = run({"--bus", serve.bus(), "--data", data, "flash", package, "--yes"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
}

TEST(List, WatchTellsWhatComesAndGoes) {
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(run({"virtual", "package", "eg25-g", package, "--small"}).exit, 0);
  Serve serve({"eg25-g"});
  Background watch({"--bus", serve.bus(), "--json", "list", "--watch"});
  ASSERT_TRUE(watch.wait_for("\"change\":\"answers\"")) << watch.said();
  EXPECT_THAT(watch.said(), HasSubstr("EG25GGBR07A07M2G_30.004.30.004"));
  ASSERT_EQ(run({"--bus", serve.bus(), "flash", package, "--yes"}).exit, 0);
  EXPECT_TRUE(watch.wait_for("\"change\":\"left\"")) << watch.said();
  EXPECT_TRUE(watch.wait_for("\"was\":\"running\"")) << watch.said();
  EXPECT_EQ(watch.interrupt(), 0);
  EXPECT_THAT(watch.said(), HasSubstr("\"result\":\"ok\""));
}

TEST(List, WithoutAModemSaysWhereToLook) {
  Serve serve({"eg25-g", "--real-timing"});  // still off the bus
  auto list = run({"--bus", serve.bus(), "list"});
  EXPECT_EQ(list.exit, 3);
  EXPECT_THAT(list.err, HasSubstr("dmesg"));
}

TEST(List, WorksOnWithADataDirectoryThatCannotBeWritten) {
  TempDir dir;
  Serve serve({"eg25-g"});
  auto list = run({"--bus", serve.bus(), "--data", "/proc/nothing", "list"});
  EXPECT_EQ(list.exit, 0) << list.err;
  EXPECT_EQ(count(list.err, "can't be kept"), 1U) << list.err;
  EXPECT_THAT(list.out, HasSubstr("EG25GGBR07A07M2G"));
}

}  // namespace
}  // namespace modemedic::tests
