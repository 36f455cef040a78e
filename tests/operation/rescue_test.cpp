#include "operation/rescue.h"

#include "operation/journal.h"
#include "rehearsal/memory_journals.h"
#include "support/twin_bench.h"
#include "virtual/force_flag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using knowledge::State;
using test::must;
using test::newer_package;
using test::newer_revision;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TwinBench::Options starting_in(twin::Mode mode, std::vector<std::string> faults = {}) {
  TwinBench::Options options;
  options.start = mode;
  options.real_timing = true;
  options.faults = std::move(faults);
  return options;
}

/// What a person has at hand: perhaps a package, what is remembered, journals.
struct Kit {
  explicit Kit(TwinBench& bench) : records(folder / "modems", "test", bench.events) {}

  RescueOptions options() {
    RescueOptions options;
    options.gate.records = &records;
    options.gate.overrides = overrides;
    options.gate.backup_at_hand = backup_at_hand;
    options.flash.journals = &journals;
    options.flash.time = "2026-11-21T09:30:00Z";
    options.gentle = gentle;
    options.cure = [this](const PastJob* job) -> Result<std::optional<Cure>> {
      asked_for = job == nullptr ? "" : job->package;
      return package == nullptr ? std::nullopt : std::optional(Cure{package, &*plan});
    };
    return options;
  }

  void take(const firmware::Package& given) {
    package = &given;
    plan.emplace(must(plan::prove_plan(must(plan::make_plan(given)), given)));
  }

  test::TemporaryDirectory folder;
  ModemRecords records;
  rehearsal::MemoryJournals journals;
  std::set<std::string> overrides;
  bool backup_at_hand = false;
  bool gentle = true;
  const firmware::Package* package = nullptr;
  std::optional<plan::ProvenPlan> plan;
  std::string asked_for;  ///< the package of the job that was known in the end
};

Result<RescueReport> rescue(TwinBench& bench, Kit& kit) {
  return operation::rescue(bench.bus, must(bench.find()), kit.options(), bench.events, {});
}

const SectorRange& partition(const TwinBench& bench, const char* name) {
  return firmware::find_partition_any_case(bench.persona.table, name)->range;
}

void erase(TwinBench& bench, const char* name) {
  auto range = partition(bench, name);
  auto block = bench.persona.geometry.pages_per_block;
  for (auto at = range.start.n / block; at < range.end().n / block; ++at) {
    bench.modem->nand().erase(at);
  }
}

/// A flash of which the journal and the records know, cut while it programs.
void flash_and_cut(TwinBench& bench, Kit& kit, const firmware::Package& package) {
  test::FlashChoice choice;
  choice.records = &kit.records;
  choice.journals = &kit.journals;
  choice.time = "2026-11-21T09:00:00Z";
  bench.events.on_event = [&](const Event& event) {
    const auto* step = std::get_if<event::Step>(&event);
    if (step != nullptr && step->what.find("program system") != std::string::npos) {
      bench.modem->power_cut();
    }
  };
  EXPECT_FALSE(bench.flash(package, choice));
  bench.events.on_event = nullptr;
  bench.power_cycle();
}

TEST(Rescue, LeavesAModemAloneThatIsWell) {
  TwinBench bench(starting_in(twin::Mode::running));
  Kit kit(bench);
  kit.take(*newer_package("eg25-g"));
  auto enumeration = bench.modem->enumeration();
  auto report = must(rescue(bench, kit));
  EXPECT_THAT(report.tried, IsEmpty());
  EXPECT_EQ(report.after.imei, bench.modem->imei());
  EXPECT_EQ(bench.modem->enumeration(), enumeration);
}

TEST(Rescue, BringsBackWithoutAPackageWhatAResetBringsBack) {
  for (auto mode : {twin::Mode::edl, twin::Mode::download, twin::Mode::dump, twin::Mode::fastboot}) {
    SCOPED_TRACE(static_cast<int>(mode));
    TwinBench bench(starting_in(mode));
    Kit kit(bench);
    auto before = bench.fingerprint();
    auto report = must(rescue(bench, kit));
    EXPECT_EQ(report.tried.size(), 1U);
    EXPECT_EQ(report.modem.sighting.state, State::running);
    EXPECT_EQ(report.after.imei, bench.modem->imei());
    EXPECT_EQ(bench.fingerprint(), before) << "nothing is written";
    EXPECT_THAT(bench.events.log(), HasSubstr("What will be tried, the gentlest first"));
  }
}

TEST(Rescue, ClearsTheFlagThatForcesFastboot) {
  TwinBench bench;
  ASSERT_TRUE(twin::set_force_fastboot(bench.modem->nand(), partition(bench, "misc")));
  bench.power_cycle();
  ASSERT_THAT(bench.modem->state(), StartsWith("fastboot"));
  Kit kit(bench);
  must(rescue(bench, kit));
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("running"));
}

TEST(Rescue, GetsThroughToABootRomWhoseHelloWasEaten) {
  TwinBench bench(starting_in(twin::Mode::edl, {"lost-hello"}));
  Kit kit(bench);
  auto report = must(rescue(bench, kit));
  EXPECT_EQ(report.modem.sighting.state, State::running);
}

TEST(Rescue, SaysWhichPackageIsNeededAndWritesNothingWithoutOne) {
  TwinBench bench;
  {
    Kit kit(bench);
    kit.take(*newer_package("eg25-g"));
    must(bench.flash(*newer_package("eg25-g")));
  }
  erase(bench, "sbl");
  bench.power_cycle();
  ASSERT_THAT(bench.modem->state(), StartsWith("edl"));
  Kit kit(bench);
  Identity known;
  known.revision = "EG25GGBR07A08M2G_30.006.30.006";
  known.imei = bench.modem->imei();
  known.chip.serial = 0x49cbd7ef;
  auto device = must(bench.find()).device;
  kit.records.saw({device, "running", known, "2026-11-20T10:00:00Z"});
  auto before = bench.fingerprint();
  auto report = rescue(bench, kit);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::refused);
  EXPECT_EQ(report.error().rule, "package");
  EXPECT_THAT(report.error().hint, AllOf(HasSubstr("modemedic rescue PACKAGE"), HasSubstr("one for EG25GGB")));
  EXPECT_EQ(bench.fingerprint(), before);
}

TEST(Rescue, FlashesWhatAResetDoesNotBringBack) {
  for (const auto* gone : {"sbl", "tz", "aboot", "mibib"}) {
    SCOPED_TRACE(gone);
    TwinBench bench(starting_in(twin::Mode::running));
    erase(bench, gone);
    bench.power_cycle();
    ASSERT_THAT(bench.modem->state(), testing::AnyOf(StartsWith("edl"), StartsWith("boot mode")));
    Kit kit(bench);
    kit.take(*newer_package("eg25-g"));
    kit.overrides = {"unknown"};
    auto report = rescue(bench, kit);
    ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
    EXPECT_EQ(report->tried.size(), 2U);
    ASSERT_TRUE(report->flash);
    EXPECT_EQ(report->flash->after.revision, newer_revision("eg25-g"));
  }
}

TEST(Rescue, GoesThroughTheSameGateAsAFlash) {
  TwinBench bench;
  erase(bench, "sbl");
  bench.power_cycle();
  Kit kit(bench);
  kit.take(*newer_package("eg25-g"));
  auto before = bench.fingerprint();
  auto report = rescue(bench, kit);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().rule, "unknown");
  EXPECT_EQ(bench.fingerprint(), before);
}

TEST(Rescue, GoesOnWithAFlashThatWasCut) {
  TwinBench bench(starting_in(twin::Mode::running));
  Kit kit(bench);
  const auto& package = *newer_package("eg25-g");
  flash_and_cut(bench, kit, package);
  kit.take(package);
  auto report = rescue(bench, kit);
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_THAT(kit.asked_for, StartsWith("/"));
  ASSERT_TRUE(report->flash);
  EXPECT_GT(report->flash->standing, 0U);
  EXPECT_EQ(report->tried.size(), 1U) << "a reset is not even tried";
  EXPECT_EQ(report->flash->before.revision, bench.persona.revision);
}

/// What was sent before the cut is sent again for one partition at most.
TEST(Rescue, SendsAtMostOnePartitionAgain) {
  const auto& package = *newer_package("eg25-g");
  std::uint64_t all = 0;
  std::uint64_t largest = 0;
  for (const auto& image : package.images) {
    auto padded = package.geometry.bytes(package.geometry.sectors_for(package.file(image).size));
    all += padded;
    largest = std::max(largest, padded);
  }
  for (auto percent : {30, 50, 70, 90, 97}) {
    SCOPED_TRACE(percent);
    auto sent = all * static_cast<std::uint64_t>(percent) / 100;
    TwinBench bench(starting_in(twin::Mode::running, {"cut@" + std::to_string(sent)}));
    Kit kit(bench);
    test::FlashChoice choice;
    choice.records = &kit.records;
    choice.journals = &kit.journals;
    choice.time = "2026-11-21T09:00:00Z";
    ASSERT_FALSE(bench.flash(package, choice));
    bench.power_cycle();
    kit.take(package);
    auto report = must(rescue(bench, kit));
    ASSERT_TRUE(report.flash);
    EXPECT_LE(report.flash->bytes_programmed, all - sent + largest);
  }
}

/// The host died in the middle of an image: the programmer takes everything for data, and can't tell whose chip it is.
TEST(Rescue, GoesOnWhereADeadHostHasLeftItsProgrammer) {
  for (auto sent : {16_KiB, 100_KiB}) {
    TwinBench bench(starting_in(twin::Mode::running));
    Kit kit(bench);
    const auto& package = *newer_package("eg25-g");
    flash_and_cut(bench, kit, package);
    test::die_in_raw_mode(bench, package, sent);
    kit.take(package);
    erase(bench, "sbl");  // die_in_raw_mode() writes there
    auto report = rescue(bench, kit);
    ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
    ASSERT_TRUE(report->flash);
    EXPECT_EQ(report->flash->after.revision, newer_revision("eg25-g"));
  }
}

TEST(Rescue, DoesNotResetWhatAnotherProgramMayHaveHalfWritten) {
  TwinBench bench(starting_in(twin::Mode::edl));
  {
    auto pipe = must(open_edl(bench.bus, must(bench.find()).device));
    FirehoseLink link(*pipe, bench.clock, bench.events);
    must(upload_programmer(*pipe, bench.clock, link, *newer_package("eg25-g"), bench.events));
  }
  Kit kit(bench);
  auto report = rescue(bench, kit);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().rule, "package");
  EXPECT_THAT(bench.modem->state(), StartsWith("edl"));
  EXPECT_THAT(bench.events.log(), HasSubstr("half done"));
}

TEST(Rescue, ResetsWhatAHostOfOursHasLeftBeforeItErased) {
  TwinBench bench(starting_in(twin::Mode::edl));
  Kit kit(bench);
  {
    Journal journal(&kit.journals,
                    {.command = "rehearse", .time = "2026-11-21T09:00:00Z", .port = "1-1", .package = "fw", .plan = ""},
                    bench.clock, bench.events);
  }
  test::die_in_raw_mode(bench, *newer_package("eg25-g"), 0);
  auto report = rescue(bench, kit);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->modem.sighting.state, State::running);
}

TEST(Rescue, TellsABootLoopAndHowToStopIt) {
  TwinBench bench(starting_in(twin::Mode::running));
  erase(bench, "system");
  bench.power_cycle();
  ASSERT_THAT(bench.modem->state(), StartsWith("boot loop"));
  Kit kit(bench);
  auto without = rescue(bench, kit);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().rule, "package");
  kit.take(*newer_package("eg25-g"));
  kit.overrides = {"unknown"};
  bench.bus.run_until([&] { return bench.modem->function() != nullptr; }, Deadline::in(bench.clock, 10s));
  auto with = rescue(bench, kit);
  ASSERT_FALSE(with);
  EXPECT_THAT(with.error().hint, HasSubstr("boot pin"));
  bench.power_cycle(twin::Mode::edl);
  kit.gentle = false;
  auto report = must(rescue(bench, kit));
  EXPECT_EQ(report.modem.sighting.state, State::running);
}

/// It restarts by itself before AT is there, again and again; for some seconds each time its DIAG answers.
TEST(Rescue, CatchesABootLoopByDiag) {
  for (auto seconds : {1, 2, 5}) {
    SCOPED_TRACE(seconds);
    TwinBench bench(starting_in(twin::Mode::running, {"loops:" + std::to_string(seconds)}));
    Kit kit(bench);
    kit.take(*newer_package("eg25-g"));
    kit.overrides = {"unknown"};
    auto imei = bench.modem->imei();
    auto report = rescue(bench, kit);
    ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
    EXPECT_THAT(report->tried,
                testing::ElementsAre(testing::AllOf(testing::Field(&Attempt::remedy, HasSubstr("whether it stays")),
                                                    testing::Field(&Attempt::outcome, HasSubstr("a boot loop"))),
                                     testing::Field(&Attempt::remedy, StartsWith("flash "))));
    EXPECT_EQ(report->after.revision, newer_revision("eg25-g"));
    EXPECT_EQ(report->after.imei, imei);
  }
}

/// What a 9x15 has instead of EDL is its download mode, from where no flash goes on without a backup: so it is not sent
/// there before there is one.
TEST(Rescue, CatchesABootLoopOfA9x15IntoDownloadMode) {
  auto options = starting_in(twin::Mode::running, {"loops:3"});
  options.persona = "ec20";
  TwinBench bench(options);
  auto imei = bench.modem->imei();
  Kit kit(bench);
  kit.take(*newer_package("ec20"));
  kit.overrides = {"unknown"};
  auto before = bench.fingerprint();
  auto refused = rescue(bench, kit);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "efs") << refused.error().what;
  EXPECT_THAT(refused.error().hint, HasSubstr("--backup"));
  EXPECT_EQ(bench.fingerprint(), before);
  EXPECT_THAT(bench.modem->state(), testing::Not(HasSubstr("download")));

  kit.overrides = {"unknown", "efs"};
  kit.backup_at_hand = true;
  bench.bus.run_until([&] { return bench.modem->function() != nullptr; }, Deadline::in(bench.clock, 60s));
  auto report = rescue(bench, kit);
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_EQ(report->after.revision, newer_revision("ec20"));
  EXPECT_EQ(report->after.imei, imei);
}

/// Its DIAG is not asked for anything that changes the modem before there is a package.
TEST(Rescue, OnlyWatchesABootLoopWithoutAPackage) {
  TwinBench bench(starting_in(twin::Mode::running, {"loops:2"}));
  Kit kit(bench);
  auto before = bench.fingerprint();
  auto report = rescue(bench, kit);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().rule, "package");
  EXPECT_THAT(report.error().what, HasSubstr("left the bus again by itself"));
  EXPECT_EQ(bench.fingerprint(), before);
}

/// Hands over a programmer as far as so many packets of the modem have been read, and dies.
/// @return the commands of the packets that were read
std::vector<std::uint32_t> die_in_sahara(TwinBench& bench, const Buffer& programmer, std::size_t packets) {
  auto pipe = must(open_edl(bench.bus, must(bench.find()).device));
  protocol::SaharaHost host({.images = {{13, programmer.size()}}, .ask_identity = false});
  std::vector<std::uint32_t> read;
  Buffer answer(4096);
  for (;;) {
    auto action = host.next();
    auto deadline = Deadline::in(bench.clock, 5s);
    if (auto* packet = std::get_if<protocol::Send>(&action)) {
      must(pipe->send(packet->bytes, packet->zlp, deadline));
    } else if (auto* part = std::get_if<protocol::SendImage>(&action)) {
      must(pipe->send(ByteView(programmer).subspan(part->offset, part->length), part->zlp, deadline));
    } else if (std::holds_alternative<protocol::Await>(action) && read.size() < packets) {
      auto bytes = ByteView(answer).first(must(pipe->receive(answer, deadline)));
      read.push_back(ByteReader(bytes, Endian::little).u32());
      host.feed(bytes);
    } else {
      return read;
    }
  }
}

/// Another host has died before any packet of Sahara: what it did not read is the first that we see. A stale END_IMAGE
/// is not answered by DONE, which would start what that host has sent.
TEST(Rescue, BringsBackABootRomThatAnotherHostHasLeftAtAnyPacket) {
  const auto programmer = must(read_programmer(*newer_package("eg25-g")));
  std::vector<std::uint32_t> whole;
  {
    TwinBench bench(starting_in(twin::Mode::edl));
    whole = die_in_sahara(bench, programmer, 1000);
  }
  constexpr std::uint32_t end_of_image = 4;
  constexpr std::uint32_t done_response = 6;
  ASSERT_THAT(whole, testing::IsSupersetOf({end_of_image, done_response}));
  for (std::size_t packets = 0; packets < whole.size(); ++packets) {
    SCOPED_TRACE(std::to_string(packets) + ", next is " + std::to_string(whole[packets]));
    TwinBench bench(starting_in(twin::Mode::edl));
    die_in_sahara(bench, programmer, packets);
    Kit kit(bench);
    if (whole[packets] == done_response) {  // then it runs: whose it is nobody knows
      kit.take(*newer_package("eg25-g"));
      kit.overrides = {"unknown"};
    }
    auto report = rescue(bench, kit);
    ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
    EXPECT_EQ(report->modem.sighting.state, State::running);
    EXPECT_EQ(report->flash.has_value(), whole[packets] == done_response);
  }
}

/// The same with a package, and no reset before it.
TEST(Rescue, FlashesABootRomThatSaysAStaleEndOfImage) {
  const auto& package = *newer_package("eg25-g");
  const auto programmer = must(read_programmer(package));
  TwinBench bench(starting_in(twin::Mode::edl));
  auto packets = die_in_sahara(bench, programmer, 1000).size();
  bench.power_cycle(twin::Mode::edl);
  die_in_sahara(bench, programmer, packets - 2);
  Kit kit(bench);
  kit.take(package);
  kit.overrides = {"unknown"};
  kit.gentle = false;
  auto report = rescue(bench, kit);
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  EXPECT_EQ(report->after.revision, newer_revision("eg25-g"));
}

TEST(Rescue, DoesNotResetAgainWhatDidNotSurviveIt) {
  auto options = starting_in(twin::Mode::running);
  options.dark_when_torn = true;
  TwinBench bench(options);
  bench.modem->nand().tear_block(partition(bench, "tz").start.n / bench.persona.geometry.pages_per_block);
  bench.modem->power_cut();
  bench.power_on(*bench.modem, twin::Mode::edl);  // the boot pin is held
  Kit kit(bench);
  kit.overrides = {"unknown"};
  kit.take(*newer_package("eg25-g"));
  auto dark = rescue(bench, kit);
  ASSERT_FALSE(dark);
  EXPECT_EQ(dark.error().code, Code::modem_lost);
  EXPECT_THAT(dark.error().hint, HasSubstr("boot pin"));
  bench.power_cycle(twin::Mode::edl);
  auto report = must(rescue(bench, kit));
  EXPECT_TRUE(report.flash);
}

TEST(Rescue, SaysThatNoFirmwareBringsBackAnImei) {
  TwinBench bench;
  erase(bench, "efs2");
  bench.power_cycle();
  Kit kit(bench);
  auto report = rescue(bench, kit);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::not_proven);
  EXPECT_THAT(report.error().hint, HasSubstr("backup"));
}

}  // namespace
}  // namespace modemedic::operation
