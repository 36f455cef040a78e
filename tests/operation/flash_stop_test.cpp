#include "operation/flash.h"
#include "support/twin_bench.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using test::newer_package;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// Flashes, and stops when an event is what `when` waits for.
Result<FlashReport> flash_and_stop(TwinBench& bench, const std::function<bool(const Event&)>& when) {
  std::stop_source person;
  bench.events.on_event = [&](const Event& event) {
    if (when(event)) {
      person.request_stop();
    }
  };
  auto result = bench.flash(*newer_package("eg25-g"), {}, person.get_token());
  bench.events.on_event = nullptr;
  return result;
}

std::function<bool(const Event&)> at_step(const std::string& id) {
  return [id](const Event& event) {
    const auto* step = std::get_if<event::Step>(&event);
    return step != nullptr && step->id == id;
  };
}

TEST(FlashStop, BeforeTheFirstEraseLeavesTheOldFirmwareRunning) {
  for (const auto* step : {"identify", "switch", "upload", "configure", "ask-chip", "erase"}) {
    TwinBench bench;
    auto before = bench.fingerprint();
    auto result = flash_and_stop(bench, at_step(step));
    ASSERT_FALSE(result) << step;
    EXPECT_EQ(result.error().code, Code::interrupted) << step;
    EXPECT_THAT(result.error().hint, HasSubstr("nothing was written")) << step;
    EXPECT_EQ(bench.fingerprint(), before) << step;
    EXPECT_THAT(bench.modem->state(), StartsWith("running")) << step;
  }
}

TEST(FlashStop, AfterItTellsWhatTheModemHasAndCanBeGoneOnWithAtOnce) {
  for (const auto* step : {"prove-erased", "program"}) {
    TwinBench bench;
    auto result = flash_and_stop(bench, at_step(step));
    ASSERT_FALSE(result) << step;
    EXPECT_EQ(result.error().code, Code::interrupted) << step;
    EXPECT_THAT(result.error().hint, AllOf(HasSubstr("EDL by itself"), HasSubstr("--override unknown"))) << step;
    // The programmer runs on, and it is not deaf: no power cycle is needed.
    auto again = bench.flash(*newer_package("eg25-g"), test::lifting_unknown());
    ASSERT_TRUE(again) << step << ": " << again.error().what;
  }
}

TEST(FlashStop, InTheMiddleOfAnImageFeedsTheProgrammerToItsEnd) {
  TwinBench bench;
  auto result = flash_and_stop(bench, [](const Event& event) {
    const auto* log = std::get_if<event::Log>(&event);
    return log != nullptr && log->text.find("INSIDE HANDLE PROGRAM") != std::string::npos;
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::interrupted);
  EXPECT_THAT(result.error().during, StartsWith("program "));
  // Nothing of the image went out any more: what the programmer had been promised came as 0xFF.
  for (const auto& image : newer_package("eg25-g")->images) {
    auto page = bench.modem->nand().peek(image.range.start.n);
    EXPECT_TRUE(std::all_of(page.begin(), page.end(), [](std::byte b) { return b == std::byte{0xFF}; }))
        << image.partition;
  }
  auto again = bench.flash(*newer_package("eg25-g"), test::lifting_unknown());
  ASSERT_TRUE(again) << again.error().what;
}

}  // namespace
}  // namespace modemedic::operation
