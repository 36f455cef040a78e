#include "support/command.h"

#include <gmock/gmock.h>

/// A dress rehearsal on the modem, and then the flash.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RehearseOnDevice : public testing::Test {
protected:
  RehearseOnDevice() {
    EXPECT_EQ(
        run({"virtual", "package", "eg25-g", package, "--revision", "EG25GGBR07A08M2G_30.006.30.006", "--small"}).exit,
        0);
  }

  Ended rehearse(const Serve& serve) const {
    return run({"--bus", serve.bus(), "--data", dir / "data", "rehearse", package, "--on-device"});
  }

  TempDir dir;
  std::string package = dir / "fw";
};

TEST_F(RehearseOnDevice, ShowsThatAllIsWellAndLeavesTheModemAsItWas) {
  Serve serve({"eg25-g"});
  auto done = rehearse(serve);
  ASSERT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("nothing written, nothing erased"), HasSubstr("blank still"),
                              HasSubstr("EG25GGBR07A07M2G")));
  auto flash = run({"--bus", serve.bus(), "--data", dir / "data", "flash", package, "--yes"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
}

TEST_F(RehearseOnDevice, StopsWhereTheProgrammerDoesNotObey) {
  Serve serve({"eg25-g", "--fault", "ignores-skip-write"});
  auto stopped = rehearse(serve);
  EXPECT_EQ(stopped.exit, 7);
  EXPECT_THAT(stopped.err,
              AllOf(HasSubstr("and wrote"), HasSubstr("the modem runs"), Not(HasSubstr("nothing was written"))));
}

TEST_F(RehearseOnDevice, IsNoTwin) {
  EXPECT_EQ(run({"rehearse", package, "--on-device", "--cuts", "3"}).exit, 2);
}

}  // namespace
}  // namespace modemedic::tests
