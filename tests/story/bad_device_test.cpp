#include "support/command.h"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>

/// A device that breaks its protocol, or leaves: one clear error, the contract's exit code, and no endless wait.
namespace modemedic::tests {
namespace {

using testing::HasSubstr;

struct Case {
  std::string fault;
  int exit;
  std::string words;
};

void PrintTo(const Case& bad, std::ostream* out) {
  *out << bad.fault;
}

class BadDevice : public testing::TestWithParam<Case> {};

TEST_P(BadDevice, EndsTheFlashWithOneClearError) {
  const auto& bad = GetParam();
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(
      run({"virtual", "package", "eg25-g", package, "--small", "--revision", "EG25GGBR07A08M2G_30.006.30.006"}).exit,
      0);
  Serve serve({"eg25-g", "--fault", bad.fault});
  auto flash = run({"--bus", serve.bus(), "flash", package, "--yes"});
  EXPECT_EQ(flash.exit, bad.exit) << flash.err;
  EXPECT_THAT(flash.err, HasSubstr(bad.words));
  EXPECT_THAT(flash.err, HasSubstr("what to do:"));
}

INSTANTIATE_TEST_SUITE_P(Faults, BadDevice,
                         testing::Values(Case{"sahara-out-of-range", 7, "asked for bytes"},
                                         Case{"sahara-4gib", 7, "asked for bytes"},
                                         Case{"log-flood", 7, "logs without end"},
                                         Case{"half-document", 6, "configure"}, Case{"silent", 6, ""},
                                         Case{"nak@configure", 7, "configure"}, Case{"nak@program", 7, ""},
                                         Case{"vanish@100000", 6, ""}, Case{"cut@100000", 6, ""},
                                         Case{"wrong-revision", 8, "EG25GGBR07A08M2G_30.006.30.006"}),
                         [](const auto& tested) {
                           std::string name = tested.param.fault;
                           for (auto& c : name) {
                             c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           }
                           return name;
                         });

TEST(BadServer, GoneInMidFlashIsAModemLost) {
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(run({"virtual", "package", "eg25-g", package, "--revision", "EG25GGBR07A08M2G_30.006.30.006"}).exit, 0);
  Serve serve({"eg25-g", "--real-timing"});
  ASSERT_TRUE(serve.wait_for("running"));
  Ended flash;
  std::thread host([&] { flash = run({"--bus", serve.bus(), "flash", package, "--yes"}); });
  EXPECT_TRUE(serve.wait_for("edl"));
  serve.kill();
  host.join();
  EXPECT_EQ(flash.exit, 6) << flash.err;
  EXPECT_THAT(flash.err, HasSubstr("what to do:"));
}

}  // namespace
}  // namespace modemedic::tests
