#include "usb/udev_pace.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

namespace modemedic::usb {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// udevd's own folder; /dev/null, c1:3, is the device.
class UdevPace : public testing::Test {
public:
  ~UdevPace() override { fs::remove_all(run); }

protected:
  UdevPace() {
    auto pattern = (fs::temp_directory_path() / "modemedic-XXXXXX").string();
    run = mkdtemp(pattern.data());
    fs::create_directories(run / "data");
  }

  void file(const fs::path& path) const { std::ofstream(run / path) << "E:ID_MODEL=x\n"; }

  bool at_work() const { return udev_still_at_work("/dev/null", run); }

  fs::path run;
};

TEST_F(UdevPace, IsWaitedForUntilItHasDecided) {
  file("control");
  EXPECT_TRUE(at_work()) << "it knows nothing of the device";
  file("data/c1:3");
  EXPECT_TRUE(at_work()) << "its last rules may still run";
  fs::last_write_time(run / "data/c1:3", fs::file_time_type::clock::now() - 10s);
  EXPECT_FALSE(at_work());
}

TEST_F(UdevPace, IsNotWaitedForWhereThereIsNone) {
  EXPECT_FALSE(at_work());
  file("control");
  EXPECT_FALSE(udev_still_at_work("/dev/there-is-no-such-node", run));
}

}  // namespace
}  // namespace modemedic::usb
