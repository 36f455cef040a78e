#include "support/command.h"

#include <gmock/gmock.h>

/// `mode`: into each mode and back again.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Mode, TakesAModemThereAndBack) {
  Serve serve({"eg25-g"});
  for (const auto* mode : {"edl", "normal", "fastboot", "download", "edl", "fastboot", "normal"}) {
    auto changed = run({"--bus", serve.bus(), "mode", mode});
    EXPECT_EQ(changed.exit, 0) << mode << ": " << changed.err;
    EXPECT_THAT(changed.out, AllOf(HasSubstr(std::string("is now in ") + mode), HasSubstr("next:"))) << changed.out;
  }
  auto again = run({"--bus", serve.bus(), "--json", "mode", "normal"});
  EXPECT_EQ(again.exit, 0);
  EXPECT_THAT(again.out, AllOf(HasSubstr("\"changed\":false"), HasSubstr("\"answered\":\"AT\"")));
}

TEST(Mode, MakesAModemKnownInEdl) {
  TempDir dir;
  Serve serve({"eg25-g", "eg25-g"});
  auto data = dir / "data";
  ASSERT_EQ(run({"--bus", serve.bus(), "--data", data, "--modem", "port:1-2", "mode", "edl"}).exit, 0);
  auto list = run({"--bus", serve.bus(), "--data", data, "--json", "list"});
  EXPECT_THAT(list.out, HasSubstr("\"certain\":true"));
  auto imei = list.out.substr(list.out.rfind("\"imei\":\"") + 8, 15);
  auto back = run({"--bus", serve.bus(), "--data", data, "--modem", "imei:" + imei, "mode", "normal"});
  EXPECT_EQ(back.exit, 0) << back.err;
  EXPECT_THAT(back.out, HasSubstr("port 1-2"));
}

TEST(Mode, RefusesWhatIsNoMode) {
  Serve serve({"eg25-g"});
  auto wrong = run({"--bus", serve.bus(), "mode", "recovery"});
  EXPECT_EQ(wrong.exit, 2);
  EXPECT_THAT(wrong.err, HasSubstr("normal, edl, fastboot or download"));
}

}  // namespace
}  // namespace modemedic::tests
