#include "support/command.h"

#include <csignal>
#include <memory>

#include <gmock/gmock.h>

/// A flash that does not come to its end: power fails, the person stops it. What that leaves is told, and the next
/// flash goes on from what stands on the chip.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CutFlash : public testing::Test {
protected:
  CutFlash() {
    EXPECT_EQ(run({"virtual", "package", "eg25-g", package, "--revision", "EG25GGBR07A08M2G_30.006.30.006"}).exit, 0);
  }

  std::vector<std::string> flash(const Serve& serve, const std::string& data) const {
    return {"--bus", serve.bus(), "--data", data, "flash", package, "--yes", "--override", "unknown"};
  }

  TempDir dir;
  std::string package = dir / "fw";
};

TEST_F(CutFlash, IsGoneOnWithFromWhatStands) {
  auto data = dir / "data";
  {
    Serve serve({"eg25-g", "--state", dir / "chip", "--fault", "cut@60000000"});
    auto cut = run(flash(serve, data));
    EXPECT_EQ(cut.exit, 6) << cut.err;
    EXPECT_THAT(cut.err, HasSubstr("EDL by itself"));
  }
  Serve serve({"eg25-g", "--state", dir / "chip"});
  auto again = run(flash(serve, data));
  ASSERT_EQ(again.exit, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("read back what the job of 20"));
  EXPECT_THAT(again.out, AllOf(HasSubstr("done and proven"), HasSubstr("stood already"), HasSubstr("as before")));
}

TEST_F(CutFlash, IsBegunAnewWhereNoJournalCouldBeKept) {
  auto data = "/proc/nowhere";
  {
    Serve serve({"eg25-g", "--state", dir / "chip", "--fault", "cut@60000000"});
    auto cut = run(flash(serve, data));
    EXPECT_EQ(cut.exit, 6) << cut.err;
    EXPECT_THAT(cut.err, HasSubstr("no journal can be kept"));
  }
  Serve serve({"eg25-g", "--state", dir / "chip"});
  auto again = run(flash(serve, data));
  ASSERT_EQ(again.exit, 0) << again.err;
  EXPECT_THAT(again.out, AllOf(HasSubstr("done and proven"), Not(HasSubstr("stood already"))));
}

/// With real timing the data take 20 s, so that there is time to stop it.
class StoppedFlash : public CutFlash {
protected:
  StoppedFlash() {
    EXPECT_TRUE(serve_.wait_for("1-1 eg25-g: edl")) << serve_.said();
    job_ = std::make_unique<Background>(flash(serve_, dir / "data"));
  }

  Serve serve_{{"eg25-g:edl", "--real-timing"}};
  std::unique_ptr<Background> job_;
};

TEST_F(StoppedFlash, TellsFirstWhatThatWouldLeave) {
  ASSERT_TRUE(job_->wait_for("] program ")) << job_->said();
  job_->signal(SIGINT);
  ASSERT_TRUE(job_->wait_for("Ctrl-C again")) << job_->said();
  EXPECT_THAT(job_->said(), HasSubstr("stopping now would leave no SBL"));
  job_->signal(SIGINT);
  EXPECT_EQ(job_->wait(), 10) << job_->said();
  EXPECT_THAT(job_->said(), AllOf(HasSubstr("stopped by the person"), HasSubstr("EDL by itself")));
}

TEST_F(StoppedFlash, StopsAtOnceForWhoCannotRead) {
  ASSERT_TRUE(job_->wait_for("] program ")) << job_->said();
  job_->signal(SIGTERM);
  EXPECT_EQ(job_->wait(), 10) << job_->said();
  EXPECT_THAT(job_->said(), Not(HasSubstr("Ctrl-C again")));
}

TEST_F(StoppedFlash, BeforeTheFirstEraseLeavesTheModemAsItWas) {
  ASSERT_TRUE(job_->wait_for("hand over the programmer")) << job_->said();
  job_->signal(SIGINT);
  EXPECT_EQ(job_->wait(), 10) << job_->said();
  EXPECT_THAT(job_->said(), AllOf(HasSubstr("as it was found"), Not(HasSubstr("Ctrl-C again"))));
}

}  // namespace
}  // namespace modemedic::tests
