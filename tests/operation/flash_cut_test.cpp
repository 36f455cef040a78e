#include "operation/flash.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::newer_package;
using test::newer_revision;
using test::TwinBench;
using testing::AnyOf;
using testing::StartsWith;

class FlashCut : public testing::TestWithParam<std::string> {
protected:
  TwinBench::Options options() const {
    TwinBench::Options options;
    options.persona = GetParam();
    options.real_timing = true;
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Personas, FlashCut, testing::Values("eg25-g", "ec25-e"),
                         [](const auto& value) { return value.param == "eg25-g" ? "Eg25G" : "Ec25E"; });

/// Power is cut at moments spread over a whole flash with real timing. Whatever is on the chip then, the modem boots
/// (old or new firmware) or waits in EDL, and the same package brings it to the new firmware with its own IMEI.
TEST_P(FlashCut, AtAnyMomentLeavesAModemThatCanBeFlashed) {
  const auto& package = *newer_package(GetParam());
  Duration whole{};
  {
    TwinBench bench(options());
    whole = bench.flash(package)->whole_time;
  }
  constexpr int cuts = 150;
  auto in_edl = 0;
  for (int i = 0; i < cuts; ++i) {
    TwinBench bench(options());
    auto imei = bench.modem->imei();
    auto at = whole * i / cuts;
    bench.timers.after(at, [&] { bench.modem->power_cut(); });
    auto cut = bench.flash(package);
    ASSERT_FALSE(cut) << "cut " << i;
    bench.power_cycle();
    ASSERT_THAT(bench.modem->state(), AnyOf(StartsWith("running"), StartsWith("edl"))) << "cut " << i << ", " << at;
    in_edl += bench.modem->state().starts_with("edl") ? 1 : 0;
    auto again = bench.flash(package, test::lifting_unknown());
    ASSERT_TRUE(again) << "cut " << i << ": " << again.error().what << " / " << again.error().hint;
    EXPECT_EQ(again->after.revision, newer_revision(GetParam()));
    EXPECT_EQ(again->after.imei, imei);
  }
  EXPECT_GT(in_edl, 3);
}

/// The host goes away instead of the modem: the programmer runs on, perhaps in the middle of an image.
TEST_P(FlashCut, OfTheHostLeavesAModemThatTheNextHostTakesOver) {
  const auto& package = *newer_package(GetParam());
  for (std::uint64_t after : {std::uint64_t{0}, std::uint64_t{16384}, std::uint64_t{16384 * 3}}) {
    auto start = options();
    start.start = twin::Mode::edl;
    TwinBench bench(start);
    test::die_in_raw_mode(bench, package, after);
    auto again = bench.flash(package, test::lifting_unknown());
    ASSERT_TRUE(again) << after << ": " << again.error().what << " / " << again.error().hint;
    EXPECT_EQ(again->after.revision, newer_revision(GetParam()));
  }
}

}  // namespace
}  // namespace modemedic::operation
