#include "operation/fastboot_verbs.h"
#include "operation/run_fastboot.h"
#include "support/recording_bus.h"
#include "support/scripted_bus.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The traps of a little-kernel's fastboot (facts: fastboot.md), seen from the host's side.
namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::TwinBench;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Kind = FastbootVerb::Kind;

TwinBench::Options in_fastboot(const std::string& persona = "eg25-g") {
  TwinBench::Options options;
  options.persona = persona;
  options.start = twin::Mode::fastboot;
  return options;
}

Buffer bytes(std::string_view text) {
  auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

Result<protocol::FastbootReply> say(usb::Bus& bus, TwinBench& bench, const FastbootVerb& verb,
                                    std::set<std::string> overrides = {"unknown"}) {
  GateOptions gate;
  gate.overrides = std::move(overrides);
  return run_verb(bus, must(bench.find()), verb, gate, bench.events, [](std::uint64_t) {}, {});
}

TEST(FastbootTraps, NothingIsSentForAPartitionThatTheBootLoaderWouldNotGuard) {
  TwinBench bench(in_fastboot());
  test::RecordingBus wire(bench.bus);
  for (const auto* name : {"sbl", "mibib", "efs2", "sys_rev", "rawdata", "tz", "rpm", "cust_info", "aboot", "sec",
                           "misc", "rootfs", "SYSTEM", "0:boot", "system ", "userdata"}) {
    for (auto kind : {Kind::flash, Kind::erase}) {
      auto refused = say(wire, bench, {kind, name, bytes("UBI#")});
      ASSERT_FALSE(refused) << name;
      EXPECT_THAT(refused.error().code, testing::AnyOf(Code::refused, Code::usage)) << name;
    }
  }
  for (const auto* name : {"system", "modem"}) {
    EXPECT_FALSE(say(wire, bench, {Kind::erase, name, {}})) << "the modem would start and not come back";
  }
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST(FastbootTraps, AFlashLeavesAFlagThatOnlyARebootClears) {
  TwinBench bench(in_fastboot());
  must(say(bench.bus, bench, {Kind::flash, "usr_data", bytes("data")}));
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("fastboot"));
  must(say(bench.bus, bench, {Kind::go_on, "", {}}));
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("fastboot"));
  must(say(bench.bus, bench, {Kind::reboot, "", {}}));
  bench.bus.run_until([&] { return bench.modem->state().starts_with("running"); }, Deadline::in(bench.clock, 60s));
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("running"));
}

/// A boot loader that a test makes up; `flash:` with nothing downloaded would erase.
class MadeUp {
public:
  using Answers = std::map<std::string, std::vector<std::string>>;

  explicit MadeUp(Answers answers)
      : bus_({}, [answers = std::move(answers)](std::uint8_t, const std::string& sent) {
          auto found = std::ranges::find_if(answers, [&](const auto& a) { return sent.starts_with(a.first); });
          return found == answers.end() ? std::vector<std::string>{} : found->second;
        }) {}

  Result<void> flash(std::string_view image, const std::stop_token& stop = {}) {
    auto data = bytes(image);
    auto step = must(plan::prove_fastboot_step(plan::ProvenFastbootStep::Kind::flash, "9x07", "usr_data", data));
    auto pipe = must(bus_.open(bus_.device(), 0));
    return flash_by_fastboot(
        *pipe, bus_.clock(), step, [](std::uint64_t) {}, stop);
  }

  const std::vector<std::string>& sent() const { return bus_.sent; }

private:
  test::ScriptedBus bus_;
};

TEST(FastbootTraps, FlashIsSentOnlyAfterTheOkayToItsOwnDownload) {
  const std::pair<const char*, std::vector<std::string>> lies[] = {
      {"FAIL", {"FAILdata too large"}},
      {"an OKAY before the data", {"OKAY"}},
      {"more than was told of", {"DATA00000005"}},
      {"less", {"DATA00000003"}},
      {"no number", {"DATA0000000x"}},
      {"silence", {}},
      {"64 bytes of control characters", {"FAIL" + std::string(60, '\x01')}},
      {"something else", {"HELO"}}};
  for (const auto& [what, answer] : lies) {
    MadeUp loader(MadeUp::Answers{{"getvar:", {"OKAY\t0xd000000"}}, {"download:", answer}});
    auto flashed = loader.flash("data");
    ASSERT_FALSE(flashed) << what;
    EXPECT_THAT(loader.sent(), Not(Contains(StartsWith("flash:")))) << what;
    EXPECT_EQ(flashed.error().what.find('\x01'), std::string::npos);
  }
  MadeUp refusing(MadeUp::Answers{{"getvar:", {"OKAY"}}, {"download:", {"DATA00000004"}}, {"data", {"FAILno room"}}});
  EXPECT_FALSE(refusing.flash("data"));
  EXPECT_THAT(refusing.sent(), Not(Contains(StartsWith("flash:"))));

  std::stop_source stop;
  stop.request_stop();
  MadeUp stopped(MadeUp::Answers{{"getvar:", {"OKAY"}}, {"download:", {"DATA00000004"}}, {"data", {"OKAY"}}});
  EXPECT_FALSE(stopped.flash("data", stop.get_token()));
  EXPECT_THAT(stopped.sent(), Not(Contains(StartsWith("flash:"))));

  MadeUp honest(MadeUp::Answers{
      {"getvar:", {"OKAY"}}, {"download:", {"DATA00000004"}}, {"data", {"OKAY"}}, {"flash:", {"OKAY"}}});
  EXPECT_TRUE(honest.flash("data"));
  EXPECT_EQ(honest.sent().back(), "flash:usr_data");
}

TEST(FastbootTraps, AnImageLargerThanTheBootLoaderTakesIsNotEvenAnnounced) {
  MadeUp exact(MadeUp::Answers{
      {"getvar:", {"OKAY\t0x4"}}, {"download:", {"DATA00000004"}}, {"data", {"OKAY"}}, {"flash:", {"OKAY"}}});
  EXPECT_TRUE(exact.flash("data")) << "the limit is inclusive";
  MadeUp small(MadeUp::Answers{{"getvar:", {"OKAY\t0x3"}}});
  auto refused = small.flash("data");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("takes 1 to 3 at once"));
  EXPECT_THAT(small.sent(), Each(StartsWith("getvar:")));
}

TEST(FastbootTraps, ImagesThatWouldBeWrittenShiftedAreRefused) {
  TwinBench bench(in_fastboot());
  test::RecordingBus wire(bench.bus);
  for (const auto* name : {"system", "modem", "recoveryfs"}) {
    EXPECT_FALSE(say(wire, bench, {Kind::flash, name, Buffer(4096)})) << name;
    auto odd = bytes("UBI#");
    odd.resize(2049);
    EXPECT_FALSE(say(wire, bench, {Kind::flash, name, odd})) << name;
  }
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST(FastbootTraps, NoZeroLengthPacketEndsTheDataAndNoShortOneIsInside) {
  TwinBench bench(in_fastboot());
  test::RecordingBus wire(bench.bus);
  for (std::size_t size : {std::size_t{512}, std::size_t{16384}, std::size_t{32768}, std::size_t{40000}}) {
    wire.sent.clear();
    must(say(wire, bench, {Kind::flash, "usr_data", Buffer(size, std::byte{7})}));
    for (const auto& transfer : wire.sent) {
      EXPECT_EQ(transfer.zlp, usb::Zlp::never);
    }
    std::size_t data = 0;
    for (const auto& transfer : wire.sent) {
      auto is_data = transfer.head[0] == std::byte{7};
      EXPECT_TRUE(!is_data || transfer.size % 512 == 0 || data + transfer.size == size);
      data += is_data ? transfer.size : 0;
    }
    EXPECT_EQ(data, size);
    auto after = must(say(wire, bench, {Kind::getvar, "version", {}}));
    EXPECT_EQ(after.text, "0.5") << "the answers are in step with the questions";
  }
}

/// OKAY is said for a boot that was not erased: the plan doesn't rest on it, the proof is the modem's own.
TEST(FastbootTraps, AnEraseThatFailedBehindItsOkayKeepsNoFlashFromBeingProven) {
  auto options = in_fastboot("ec20");
  options.faults = {"erase-fails:606"};  // boot's first block
  TwinBench bench(options);
  const auto* boot = firmware::find_partition(bench.persona.table, "boot");
  ASSERT_EQ(boot->range.start.n / bench.persona.geometry.pages_per_block, 606U);
  auto report = bench.flash(*test::newer_package("ec20"), test::lifting_unknown());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->after.revision, test::newer_revision("ec20"));
}

TEST(FastbootTraps, ContinueIsLeftToWhomeverKnowsWhatIsInBoot) {
  TwinBench bench(in_fastboot());
  test::RecordingBus wire(bench.bus);
  auto refused = say(wire, bench, {Kind::go_on, "", {}}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "unknown");
  EXPECT_THAT(refused.error().what, HasSubstr("reboot"));
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST(FastbootTraps, AFusedModemIsToldBeforeTheFirstErase) {
  auto options = in_fastboot("ec20");
  options.fused = true;
  TwinBench bench(options);
  auto before = bench.fingerprint();
  auto refused = bench.flash(*test::newer_package("ec20"), test::lifting_unknown());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "secure-boot");
  EXPECT_EQ(bench.fingerprint(), before);
}

}  // namespace
}  // namespace modemedic::operation
