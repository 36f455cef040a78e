#include "support/command.h"

#include <fstream>

#include <gmock/gmock.h>

namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string first_of(const std::string& bytes, const std::string& path) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(FastbootVerbs, TellTheBootLoadersVariablesAndEndItForGood) {
  Serve serve({"eg25-g:fastboot"});
  auto all = run({"--bus", serve.bus(), "fastboot", "getvar", "all"});
  EXPECT_EQ(all.exit, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("version:0.5"), HasSubstr("kernel:lk"), HasSubstr("max-download-size:")));
  auto reboot = run({"--bus", serve.bus(), "fastboot", "reboot"});
  EXPECT_EQ(reboot.exit, 0) << reboot.err;
  EXPECT_TRUE(serve.wait_for("running"));
}

TEST(FastbootVerbs, RefuseWhatNoFlashMayTouchAndWhatWouldBeWrittenWrong) {
  TempDir dir;
  Serve serve({"eg25-g:fastboot"});
  auto page = first_of(std::string(2048, 'x'), dir / "page");
  auto empty = first_of("", dir / "empty");
  auto fb = [&](std::vector<std::string> words) {
    std::vector<std::string> all{"--bus", serve.bus(), "fastboot"};
    all.insert(all.end(), words.begin(), words.end());
    return run(all);
  };
  for (const auto* name : {"sbl", "mibib", "efs2", "sys_rev", "rawdata", "tz", "rpm", "cust_info", "sec", "misc",
                           "aboot", "rootfs", "SYSTEM", ""}) {
    EXPECT_EQ(fb({"erase", name, "--yes", "--override", "unknown"}).exit, 4) << name;
    EXPECT_EQ(fb({"flash", name, page, "--yes", "--override", "unknown"}).exit, 4) << name;
  }
  for (const auto* name : {"system", "modem", "recoveryfs", "boot", "recovery"}) {
    EXPECT_EQ(fb({"flash", name, page, "--yes", "--override", "unknown"}).exit, 4) << name;
    EXPECT_EQ(fb({"flash", name, empty, "--yes", "--override", "unknown"}).exit, 4) << name;
  }
  EXPECT_EQ(fb({"erase", "usr_data"}).exit, 2) << "nobody said yes";
  EXPECT_EQ(fb({"erase", "usr_data", "--yes"}).exit, 4) << "whose modem it is is not known";
  EXPECT_EQ(fb({"continue"}).exit, 4);
  EXPECT_EQ(fb({"oem", "unlock"}).exit, 2);
  EXPECT_EQ(fb({"flash", "usr_data", dir / "nothing", "--yes"}).exit, 11);

  EXPECT_EQ(fb({"erase", "usr_data", "--yes", "--override", "unknown"}).exit, 0);
  auto flash = fb({"flash", "usr_data", page, "--yes", "--override", "unknown"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out, HasSubstr("until `modemedic fastboot reboot`"));
}

}  // namespace
}  // namespace modemedic::tests
