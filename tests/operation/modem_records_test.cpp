#include "operation/modem_records.h"

#include "support/tool.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string imei = "867391040000017";
const std::string other_imei = "867391040000025";
constexpr std::uint32_t chip = 0x49cbd7ef;

Identity ran(const std::string& with_imei, const std::string& revision = "EG25GGBR07A07M2G_30.004.30.004") {
  Identity identity;
  identity.imei = with_imei;
  identity.model = "EG25";
  identity.revision = revision;
  return identity;
}

Identity in_edl(std::uint32_t serial) {
  Identity identity;
  identity.chip.serial = serial;
  identity.chip.hwid = 0x000480e100000000;
  identity.chip.pk_hash = Buffer(32, std::byte{0xcc});
  return identity;
}

/// As after a switch that was followed: it said both.
Identity both(const std::string& with_imei, std::uint32_t serial) {
  auto identity = ran(with_imei);
  identity.chip = in_edl(serial).chip;
  return identity;
}

class Records : public testing::Test {
protected:
  /// Records as another run of the program has them.
  ModemRecords open(const std::string& bus = "usb") { return {folder(), bus, events}; }

  fs::path folder() const { return dir / "data/modems"; }

  static usb::DeviceInfo on(const std::string& port) {
    usb::DeviceInfo device;
    device.port = port;
    return device;
  }

  void see(const std::string& port, const std::string& state, const Identity& identity) {
    auto records = open();
    auto device = on(port);
    records.saw({device, state, identity, next_time()});
  }

  std::optional<ModemRecords::Known> known(const std::string& port, const Identity& identity = {}) {
    return open().known_before(on(port), identity);
  }

  std::string next_time() { return "2026-11-21T09:30:" + std::to_string(10 + time_++) + "Z"; }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder(), error)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string warnings() const {
    std::string text;
    for (const auto& event : events.events) {
      text += std::get<event::Log>(event).text + "\n";
    }
    return text;
  }

  test::TemporaryDirectory dir;
  EventRecorder events;

private:
  int time_ = 0;
};

TEST_F(Records, KnowAModemAgainByItsImeiOnAnyPort) {
  see("1-1", "running", ran(imei));
  auto again = known("2-7", ran(imei));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->certain);
  EXPECT_EQ(again->record.revision, "EG25GGBR07A07M2G_30.004.30.004");
  EXPECT_EQ(again->record.identity().order_code, "EG25GGB");
}

TEST_F(Records, KnowAModemInEdlByItsChipOnceASwitchWasFollowed) {
  see("1-1", "running", ran(imei));
  see("1-1", "edl", both(imei, chip));
  auto again = known("2-7", in_edl(chip));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->certain);
  EXPECT_EQ(again->record.imei, imei);
  EXPECT_EQ(again->record.model, "EG25");
  EXPECT_THAT(again->record.states, SizeIs(2));
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(Records, CallThePortAHintAndNeverProof) {
  see("1-1", "running", ran(imei));
  auto hint = known("1-1", in_edl(chip));
  ASSERT_TRUE(hint);
  EXPECT_FALSE(hint->certain);
  EXPECT_EQ(hint->record.imei, imei);
  EXPECT_FALSE(known("1-2", in_edl(chip)));
}

TEST_F(Records, TakeThePortOfAnotherBusForAnotherPort) {
  see("1-1", "running", ran(imei));
  EXPECT_FALSE(open("usbip:10.0.0.1:3240").known_before(on("1-1"), {}));
}

TEST_F(Records, HintAtWhoWasOnThePortLast) {
  see("1-1", "running", ran(imei));
  see("1-1", "running", ran(other_imei));
  EXPECT_EQ(known("1-1")->record.imei, other_imei);
  see("1-2", "running", ran(other_imei));
  EXPECT_EQ(known("1-1")->record.imei, imei);
}

TEST_F(Records, JoinWhatWasKnownByImeiWithWhatWasKnownByTheChip) {
  see("1-1", "running", ran(imei));
  see("1-5", "edl", in_edl(chip));
  EXPECT_THAT(files(), SizeIs(2));
  see("1-1", "edl", both(imei, chip));
  EXPECT_THAT(files(), SizeIs(1));
  auto again = known("1-9", in_edl(chip));
  ASSERT_TRUE(again && again->certain);
  EXPECT_EQ(again->record.imei, imei);
  EXPECT_THAT(again->record.states, SizeIs(3));
}

TEST_F(Records, NeverTakeOneModemForAnother) {
  see("1-1", "edl", both(imei, chip));
  // The same IMEI on another chip: somebody wrote it there. The same chip with another IMEI likewise.
  EXPECT_FALSE(known("1-9", both(imei, chip + 1)));
  EXPECT_FALSE(known("1-9", both(other_imei, chip)));
  see("1-2", "edl", both(imei, chip + 1));
  EXPECT_THAT(files(), SizeIs(2));
  EXPECT_FALSE(known("1-9", ran(imei))) << "two records fit";
  EXPECT_TRUE(known("1-9", in_edl(chip))->certain);
}

TEST_F(Records, KeepTheRevisionThatRanLast) {
  see("1-1", "running", ran(imei));
  see("1-1", "running", ran(imei, "EG25GGBR07A08M2G_30.006.30.006"));
  see("1-1", "edl", in_edl(chip));
  see("1-1", "edl", both(imei, chip));
  auto record = known("1-9", in_edl(chip))->record;
  EXPECT_EQ(record.revision, "EG25GGBR07A07M2G_30.004.30.004");  // both() says it again
  EXPECT_EQ(record.ran, record.last_seen());
}

TEST_F(Records, WriteNothingForALookThatTellsNothingNew) {
  see("1-1", "running", ran(imei));
  auto written = fs::last_write_time(folder() / files()[0]);
  for (int i = 0; i < 30; ++i) {
    see("1-1", "running", ran(imei));
  }
  EXPECT_EQ(fs::last_write_time(folder() / files()[0]), written);
  auto records = open();
  auto device = on("1-1");
  auto identity = ran(imei);
  records.saw({device, "running", identity, "2026-11-21T11:00:00Z"});
  auto states = known("1-1", ran(imei))->record.states;
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].first, "2026-11-21T09:30:10Z");
  EXPECT_EQ(states[0].last, "2026-11-21T11:00:00Z");
}

TEST_F(Records, KeepAHistoryEvenOfAModemThatTellsNothing) {
  see("1-1", "fastboot", {});
  see("1-1", "edl", {});
  auto hint = known("1-1");
  ASSERT_TRUE(hint);
  EXPECT_FALSE(hint->certain);
  EXPECT_THAT(hint->record.states, SizeIs(2));
}

TEST_F(Records, StayBounded) {
  auto records = open();
  auto device = on("1-1");
  Identity hostile = ran(imei);
  hostile.model = std::string(1'000'000, '\x01');
  hostile.revision = std::string(1'000'000, '\xff');
  for (int i = 0; i < 300; ++i) {
    auto state = std::string(300, '\xff') + std::to_string(i % 2);
    state = (i % 2 == 0 ? "a" : "b") + state;
    records.did({device, state, hostile, next_time()},
                {.time = "x", .command = std::string(1'000'000, '\x02'), .result = "ok", .what = state});
  }
  ASSERT_THAT(files(), SizeIs(1));
  EXPECT_LE(fs::file_size(folder() / files()[0]), ModemRecord::longest_file);
  auto again = known("1-1", ran(imei));
  ASSERT_TRUE(again) << warnings();
  EXPECT_THAT(again->record.states, SizeIs(ModemRecord::most_states));
  EXPECT_THAT(again->record.jobs, SizeIs(ModemRecord::most_jobs));
}

TEST_F(Records, KeepACorruptFileAsideAndSaySo) {
  see("1-1", "running", ran(imei));
  auto file = folder() / files()[0];
  for (const auto* text : {"", "{", "[]", "{\"record\":1,\"imei\":7}", "{\"record\":1,\"imei\":\"12\"}", "\xff\xfe",
                           "{\"record\":1,\"states\":[7]}", "{\"record\":1,\"chip_serial\":\"49CBD7EF\"}"}) {
    events.events.clear();
    test::write_file(file.string(), as_bytes(text));
    EXPECT_FALSE(known("1-9", ran(imei))) << text;
    EXPECT_THAT(warnings(), HasSubstr(".corrupt")) << text;
    see("1-1", "running", ran(imei));  // a new one is begun beside it
    EXPECT_TRUE(known("1-9", ran(imei)));
  }
  EXPECT_THAT(files(), SizeIs(9));
  EXPECT_EQ(as_text(test::read_file((folder() / (file.filename().string() + ".corrupt-1")).string())), "{");
}

TEST_F(Records, KeepAFileOfALaterFormAside) {
  see("1-1", "running", ran(imei));
  auto file = folder() / files()[0];
  const std::string later = R"({"record":2,"everything":"else"})";
  test::write_file(file.string(), as_bytes(later));
  EXPECT_FALSE(known("1-9", ran(imei)));
  EXPECT_THAT(warnings(), HasSubstr("a later modemedic wrote it"));
  EXPECT_EQ(as_text(test::read_file(file.string() + ".later")), later);
}

TEST_F(Records, SurviveAFileOfAnyBytes) {
  see("1-1", "running", both(imei, chip));
  auto whole = test::read_file((folder() / files()[0]).string());
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    auto spoilt = whole;
    for (auto spoils = 1 + random() % 8; spoils > 0; --spoils) {
      spoilt[random() % spoilt.size()] = static_cast<std::byte>(random());
    }
    spoilt.resize(random() % 3 == 0 ? random() % spoilt.size() : spoilt.size());
    auto record = parse_record(as_text(spoilt));
    if (record) {
      EXPECT_TRUE(parse_record(record_text(*record)));
    }
  }
  EXPECT_FALSE(parse_record(std::string(ModemRecord::longest_file, '[')));
}

TEST_F(Records, WorkOnWithoutAFolder) {
  ModemRecords nowhere({}, "usb", events);
  auto device = on("1-1");
  auto identity = ran(imei);
  nowhere.saw({device, "running", identity, next_time()});
  EXPECT_FALSE(nowhere.known_before(device, identity));
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(Records, SayOnceThatNothingCanBeKept) {
  test::write_file(dir / "data", as_bytes("a file where the folder should be"));
  auto records = open();
  auto device = on("1-1");
  auto identity = ran(imei);
  for (int i = 0; i < 5; ++i) {
    records.saw({device, "running", identity, next_time()});
  }
  EXPECT_THAT(events.events, SizeIs(1));
  EXPECT_TRUE(records.known_before(device, identity)) << "this run still knows";
}

TEST_F(Records, OfTwoProgramsDoNotForgetWhatTheOtherLearned) {
  auto first = open();
  auto second = open();
  auto device = on("1-1");
  auto running = ran(imei);
  auto switched = both(imei, chip);
  first.saw({device, "running", running, next_time()});
  second.saw({device, "running", running, next_time()});
  first.did({device, "edl", switched, next_time()}, {.time = "t", .command = "mode edl", .result = "ok", .what = ""});
  second.saw({device, "edl", switched, next_time()});
  auto record = known("1-1", in_edl(chip))->record;
  EXPECT_EQ(record.imei, imei);
  EXPECT_THAT(record.jobs, SizeIs(1));
}

TEST_F(Records, AreReadableByTheirOwnerOnly) {
  see("1-1", "running", ran(imei));
  EXPECT_EQ(fs::status(folder() / files()[0]).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Records, LeaveNoPathOutOfAStrangersName) {
  ModemRecords records(folder(), "usbip:../../etc:1", events);
  auto device = on("../../../x\n");
  records.saw({device, "edl", Identity{}, next_time()});
  ASSERT_THAT(files(), SizeIs(1));
  EXPECT_EQ(files()[0].find('/'), std::string::npos);
}

}  // namespace
}  // namespace modemedic::operation
