#include "firmware/mibib.h"
#include "firmware/partition_mbn.h"
#include "support/download_driver.h"
#include "virtual/efs.h"
#include "virtual/package_9x15.h"

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using test::DownloadDriver;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
namespace streaming = protocol::streaming;

/// Both frames of an error, as bodies.
auto error(std::uint8_t code, std::string_view text) {
  auto words = hex(as_bytes(text));
  return ElementsAre("0e " + words + " 0a", "0d " + hex(Buffer{std::byte{code}}) + " 00 00 00 " + words);
}

const auto invalid_command = error(0x05, "Invalid Command");

/// partition.mbn with the chip's own table, or with one that has `system` a block later.
Buffer table_of(const DownloadDriver& modem, bool changed = false) {
  auto persona = modem.persona;
  if (changed) {
    auto& before = persona.table[persona.table.size() - 2];
    const Sectors block{persona.geometry.pages_per_block};
    before.range.count += block;
    persona.table.back().range.start += block;
    persona.table.back().range.count = persona.table.back().range.count - block;
  }
  if (is_9x15(persona)) {
    return user_table_9x15(persona);
  }
  std::vector<firmware::UserPartition> users;
  for (const auto& partition : persona.table) {
    firmware::UserPartition user;
    user.name = partition.name;
    user.in_blocks = true;
    user.size = static_cast<std::uint32_t>(partition.range.count.n / persona.geometry.pages_per_block);
    users.push_back(std::move(user));
  }
  return firmware::make_user_table(users);
}

Buffer override_with(const Buffer& table) {
  auto frame = streaming::partition_table(table);
  frame[1] = std::byte{1};
  return frame;
}

void begin_session(DownloadDriver& modem) {
  modem.greet();
  ASSERT_THAT(modem.ask(streaming::partition_table(table_of(modem))), ElementsAre("1a 00"));
}

Buffer write_of(std::uint32_t address, ByteView data) {
  return ByteWriter(Endian::little).u8(7).u32(address).bytes(data).take();
}

Buffer pattern(std::size_t size, unsigned seed = 1) {
  Buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>((i * 7 + seed) & 0xFFU);
  }
  return bytes;
}

/// Opens, writes and closes.
void write_image(DownloadDriver& modem, const std::string& name, ByteView image) {
  ASSERT_THAT(modem.ask(streaming::open("0:" + name)), ElementsAre("1c 00"));
  for (std::uint32_t at = 0; at < image.size(); at += 1024) {
    auto piece = image.subspan(at, std::min<std::size_t>(1024, image.size() - at));
    ASSERT_EQ(modem.ask(write_of(at, piece)).at(0).substr(0, 2), "08") << at;
  }
  ASSERT_THAT(modem.ask("15"), ElementsAre("16"));
}

bool identity_lost(const DownloadDriver& modem) {
  return !read_efs(modem.nand, modem.persona);
}

/// What both loaders do alike.
class StreamingLoader : public testing::TestWithParam<std::string> {
protected:
  DownloadDriver modem_{{.persona = GetParam()}};
};

INSTANTIATE_TEST_SUITE_P(Both, StreamingLoader, testing::Values("ec20", "eg25-g"));

TEST_P(StreamingLoader, IsSilentUntilHelloAndKnowsNothingBeforeIt) {
  EXPECT_EQ(modem_.take_raw(), "");
  modem_.send(*from_hex("7e 06 4e 95 7e"));
  EXPECT_EQ(modem_.take_raw(),
            "7e 0e 49 6e 76 61 6c 69 64 20 43 6f 6d 6d 61 6e 64 0a 58 bd 7e "
            "7e 0d 05 00 00 00 49 6e 76 61 6c 69 64 20 43 6f 6d 6d 61 6e 64 bf c3 7e");
  for (const auto* body : {"17 01", "19 00", "1b 0e 30", "15", "0b", "13 04", "1d"}) {
    EXPECT_THAT(modem_.ask(body), invalid_command) << body;
  }
  EXPECT_FALSE(identity_lost(modem_));
}

TEST_P(StreamingLoader, AnswersHello) {
  auto answer = modem_.ask(streaming::hello());
  ASSERT_EQ(answer.size(), 1U);
  auto target = streaming::parse_target(*from_hex(answer[0]));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->version, 3);
  EXPECT_EQ(target->lowest_version, 2);
  EXPECT_EQ(target->block_size, 0x400U);
  EXPECT_EQ(target->window, 2);
  EXPECT_EQ(target->sectors, std::vector<std::uint32_t>(0x80, 0x200000));
  EXPECT_EQ(target->features, 9);
  EXPECT_EQ(target->flash_name, modem_.persona.flash_name);

  auto newer = streaming::hello();
  newer[33] = std::byte{4};
  newer[35] = std::byte{0xFB};
  target = streaming::parse_target(*from_hex(modem_.ask(newer).at(0)));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->version, is_9x15(modem_.persona) ? 3 : 4);
  EXPECT_EQ(target->features, 9);

  auto old = streaming::hello();
  old[34] = std::byte{1};
  EXPECT_THAT(modem_.ask(old).at(0), StartsWith("0e " + hex(as_bytes("Invalid protocol version"))));
  old[1] = std::byte{'q'};
  EXPECT_THAT(modem_.ask(old).at(0), StartsWith("0e " + hex(as_bytes("Invalid magic number"))));
}

TEST_P(StreamingLoader, InsistsOnItsOrder) {
  modem_.ask(streaming::hello());
  EXPECT_THAT(modem_.ask(streaming::partition_table(table_of(modem_))),
              error(0x0f, "No security mode received before partition table"));
  EXPECT_THAT(modem_.ask("17 01"), ElementsAre("18"));
  EXPECT_THAT(modem_.ask(streaming::open("0:misc")), error(0x0f, "No partition table received before open multi"));
  EXPECT_THAT(modem_.ask("15"), error(0x0f, "Cannot close when not previously opened"));
  EXPECT_THAT(modem_.ask("44"), invalid_command);
}

TEST_P(StreamingLoader, LooksAtNoCrc) {
  modem_.send(*from_hex("7e 06 00 00 7e"));
  EXPECT_THAT(modem_.take(), invalid_command);
}

TEST_P(StreamingLoader, TakesTheChipsOwnTableAndErasesNothing) {
  auto before = modem_.nand.fingerprint({{0}, modem_.persona.geometry.chip_sectors()});
  begin_session(modem_);
  EXPECT_EQ(modem_.nand.fingerprint({{0}, modem_.persona.geometry.chip_sectors()}), before);
  // Further ones are not even read.
  EXPECT_THAT(modem_.ask(override_with(table_of(modem_))), ElementsAre("1a 00"));
  EXPECT_THAT(modem_.ask("19 01"), ElementsAre("1a 00"));
  EXPECT_EQ(modem_.nand.fingerprint({{0}, modem_.persona.geometry.chip_sectors()}), before);
}

TEST_P(StreamingLoader, ErasesAPartitionAtOpenBeforeAnyData) {
  begin_session(modem_);
  ASSERT_FALSE(modem_.blank("system"));
  EXPECT_THAT(modem_.ask(streaming::open("0:system")), ElementsAre("1c 00"));
  EXPECT_TRUE(modem_.blank("system"));
  EXPECT_THAT(modem_.ask("0b"), error(0x0f, "Cannot reset before close"));
  EXPECT_THAT(modem_.ask("15"), ElementsAre("16"));
  EXPECT_TRUE(modem_.blank("system"));  // open and close without data leave it so
  EXPECT_FALSE(identity_lost(modem_));
}

TEST_P(StreamingLoader, WritesAnImageAndFillsItsLastPage) {
  begin_session(modem_);
  auto image = pattern(300'001);
  write_image(modem_, "system", image);
  auto written = modem_.image("system");
  ASSERT_EQ(written.size(), 147U * 2048);
  EXPECT_TRUE(std::equal(image.begin(), image.end(), written.begin()));
  EXPECT_EQ(written.back(), std::byte{0xFF});
  EXPECT_THAT(modem_.ask("0b"), ElementsAre("0c"));
  modem_.run_for(std::chrono::seconds(1));
  EXPECT_THAT(modem_.power_events, ElementsAre(PowerEvent::reset));
}

TEST_P(StreamingLoader, GoesUpwardsOnlyAndFillsGaps) {
  begin_session(modem_);
  ASSERT_THAT(modem_.ask(streaming::open("0:system")), ElementsAre("1c 00"));
  EXPECT_THAT(modem_.ask(write_of(0, pattern(1024))), ElementsAre("08 00 00 00 00"));
  EXPECT_THAT(modem_.ask(write_of(0, pattern(1024))), error(0x07, "Write unsuccessful"));
  EXPECT_THAT(modem_.ask(write_of(4096, pattern(1024))), ElementsAre("08 00 10 00 00"));
  EXPECT_THAT(modem_.ask("15"), ElementsAre("16"));
  auto written = modem_.image("system");
  ASSERT_EQ(written.size(), 6144U);
  EXPECT_EQ(written[1024], std::byte{0xFF});
  EXPECT_EQ(written[4096], pattern(1)[0]);
}

TEST_P(StreamingLoader, LosesAFrameThatIsTooLong) {
  begin_session(modem_);
  modem_.ask(streaming::open("0:system"));
  EXPECT_THAT(modem_.ask(write_of(0, pattern(1033))), ElementsAre("08 00 00 00 00"));  // 1040 with its CRC
  EXPECT_THAT(modem_.ask(write_of(1033, pattern(1034))), IsEmpty());
  EXPECT_THAT(modem_.ask("09"), ElementsAre("0a"));
}

TEST_P(StreamingLoader, DiesOfAWriteWithoutAnOpen) {
  begin_session(modem_);
  EXPECT_THAT(modem_.ask(write_of(0, pattern(1024))), IsEmpty());
  EXPECT_THAT(modem_.ask("09"), IsEmpty());
}

TEST_P(StreamingLoader, KnowsPartitionsByTheirNameInTheTable) {
  begin_session(modem_);
  for (const auto* name : {"system", "0:SYSTEM", "0:nothing", "0:"}) {
    EXPECT_THAT(modem_.ask(streaming::open(name)), error(0x07, "Open multi failed, unknown error")) << name;
  }
  EXPECT_THAT(modem_.ask("1b 0e"), ElementsAre("1c 03"));
  EXPECT_THAT(modem_.ask("1b 0e 00"), ElementsAre("1c 03"));
  EXPECT_THAT(modem_.blank_ones(), Not(Contains("system")));
}

TEST_P(StreamingLoader, FailsWhenThePartitionIsFull) {
  begin_session(modem_);
  ASSERT_THAT(modem_.ask(streaming::open("0:misc")), ElementsAre("1c 00"));
  auto room = static_cast<std::uint32_t>(modem_.persona.geometry.bytes(modem_.range("misc").count));
  EXPECT_EQ(modem_.ask(write_of(room - 1024, pattern(1024))).at(0).substr(0, 2), "08");
  modem_.ask(write_of(room, pattern(1024)));
  EXPECT_THAT(modem_.ask(write_of(room + 1024, pattern(1024))), error(0x07, "Write unsuccessful"));
  EXPECT_THAT(modem_.ask("15"), error(0x10, "Close failed"));
}

TEST_P(StreamingLoader, ErasesTheChipRightAfterHelloWhenItIsToldToOpenABootImage) {
  modem_.ask(streaming::hello());
  EXPECT_FALSE(identity_lost(modem_));
  EXPECT_THAT(modem_.ask("13 04"), ElementsAre("14"));
  EXPECT_TRUE(identity_lost(modem_));
  EXPECT_EQ(modem_.blank_ones().size(), modem_.persona.table.size());
}

TEST_P(StreamingLoader, IsTornWhenPowerGoes) {
  DownloadDriver modem({.persona = GetParam(), .faults = {"cut@5000"}});
  begin_session(modem);
  modem.ask(streaming::open("0:system"));
  for (std::uint32_t at = 0; at < 5 * 1024 && modem.power_events.empty(); at += 1024) {
    modem.ask(write_of(at, pattern(1024)));
    modem.run_for(std::chrono::milliseconds(1));
  }
  EXPECT_THAT(modem.power_events, ElementsAre(PowerEvent::cut));
  EXPECT_TRUE(PartitionReader(modem.nand, modem.range("system")).written().torn);
}

TEST_P(StreamingLoader, TakesTheTimeOfItsChipAndIsTornInIt) {
  DownloadDriver modem({.persona = GetParam(), .real_timing = true});
  begin_session(modem);
  auto erase = std::chrono::microseconds(modem.persona.timing.erase_block_us);
  auto blocks = modem.range("system").count.n / modem.persona.geometry.pages_per_block;
  EXPECT_THAT(modem.ask(streaming::open("0:system")), IsEmpty());
  modem.run_for(erase * blocks - std::chrono::microseconds(1));
  EXPECT_THAT(modem.take(), IsEmpty());
  modem.run_for(std::chrono::microseconds(1));
  EXPECT_THAT(modem.take(), ElementsAre("1c 00"));
  modem.ask(write_of(0, pattern(1024)));
  modem.ask(write_of(1024, pattern(1024)));
  modem.run_for(std::chrono::microseconds(modem.persona.timing.program_page_us / 2));
  modem.function->power_cut();
  EXPECT_EQ(modem.nand.state(modem.range("system").start.n), Nand::PageState::torn);
}

TEST_P(StreamingLoader, ConfirmsAnotherByteWhenItIsToldTo) {
  DownloadDriver modem({.persona = GetParam(), .faults = {"wrong-address@1500"}});
  begin_session(modem);
  modem.ask(streaming::open("0:system"));
  EXPECT_THAT(modem.ask(write_of(0, pattern(1024))), ElementsAre("08 00 00 00 00"));
  EXPECT_THAT(modem.ask(write_of(1024, pattern(1024))), ElementsAre("08 01 04 00 00"));
}

// What the 9x07's loaders do (observed).

TEST(Nprg9x07, RefusesATableThatDiffersAndErasesNothing) {
  DownloadDriver modem({.persona = "eg25-g"});
  auto before = modem.nand.fingerprint({{0}, modem.persona.geometry.chip_sectors()});
  modem.greet();
  EXPECT_THAT(modem.ask(streaming::partition_table(table_of(modem, true))), ElementsAre("1a 01"));
  EXPECT_THAT(modem.ask(streaming::open("0:system")), error(0x0f, "No partition table received before open multi"));
  EXPECT_THAT(modem.ask("19 00 01 02 03"), ElementsAre("1a 02"));
  EXPECT_EQ(modem.nand.fingerprint({{0}, modem.persona.geometry.chip_sectors()}), before);
}

TEST(Nprg9x07, ErasesTheWholeChipWhenThatHasNoTable) {
  DownloadDriver modem({.persona = "eg25-g"});
  modem.nand.erase(modem.range("mibib").start.n / 64);
  modem.greet();
  EXPECT_THAT(modem.ask(streaming::partition_table(table_of(modem))), ElementsAre("1a 00"));
  EXPECT_TRUE(identity_lost(modem));
  EXPECT_EQ(modem.blank_ones().size(), modem.persona.table.size() - 1);
  EXPECT_EQ(firmware::parse_mibib(modem.image("mibib"), modem.persona.geometry).value(), modem.persona.table);
}

TEST(Nprg9x07, ErasesTheWholeChipWhenItsOwnTableIsToOverrideItself) {
  DownloadDriver modem({.persona = "eg25-g"});
  modem.greet();
  EXPECT_THAT(modem.ask(override_with(table_of(modem))), ElementsAre("1a 00"));
  EXPECT_TRUE(identity_lost(modem));
  EXPECT_EQ(modem.blank_ones().size(), modem.persona.table.size() - 1);
}

TEST(Nprg9x07, ErasesFromTheFirstPartitionThatChangesWhenATableOverrides) {
  DownloadDriver modem({.persona = "eg25-g"});
  modem.greet();
  EXPECT_THAT(modem.ask(override_with(table_of(modem, true))), ElementsAre("1a 00"));
  EXPECT_FALSE(identity_lost(modem));
  EXPECT_FALSE(modem.blank("boot"));
  EXPECT_TRUE(modem.blank("system"));
  EXPECT_NE(firmware::parse_mibib(modem.image("mibib"), modem.persona.geometry).value(), modem.persona.table);
}

TEST(Nprg9x07, ErasesTheChipWithoutAQuestion) {
  DownloadDriver modem({.persona = "eg25-g"});
  modem.ask(streaming::hello());
  modem.ask("1d");
  EXPECT_TRUE(identity_lost(modem));
}

TEST(Nprg9x07, TakesOneFrameOutOfATransfer) {
  DownloadDriver modem({.persona = "eg25-g"});
  modem.ask(streaming::hello());
  modem.send(*from_hex("7e 09 00 00 7e 7e 09 00 00 7e"));
  EXPECT_THAT(modem.take(), ElementsAre("0a"));
}

TEST(Nprg9x07, RelocatesAPageThatFails) {
  DownloadDriver modem({.persona = "eg25-g"});
  auto start = modem.range("system").start.n;
  modem.nand.fail_program_of(start + 10);
  modem.nand.mark_bad(start / 64 + 1);
  begin_session(modem);
  auto image = pattern(300'000);
  write_image(modem, "system", image);
  EXPECT_TRUE(modem.nand.bad(start / 64));
  auto written = modem.image("system");
  EXPECT_TRUE(std::equal(image.begin(), image.end(), written.begin()));
}

// What a 9x15's loader does (observed on one of that generation).

TEST(Nprg9x15, ErasesTheWholeChipForAnotherTable) {
  DownloadDriver modem({});
  modem.greet();
  EXPECT_THAT(modem.ask(streaming::partition_table(table_of(modem, true))), ElementsAre("1a 00"));
  EXPECT_TRUE(identity_lost(modem));
  EXPECT_EQ(modem.blank_ones().size(), modem.persona.table.size() - 1);
}

TEST(Nprg9x15, ErasesTheWholeChipWhenThatHasNoTableAndWhenATableOverrides) {
  DownloadDriver without({});
  without.nand.erase(0);
  without.greet();
  EXPECT_THAT(without.ask(streaming::partition_table(table_of(without))), ElementsAre("1a 00"));
  EXPECT_TRUE(identity_lost(without));

  DownloadDriver same({});
  same.greet();
  EXPECT_THAT(same.ask(override_with(table_of(same))), ElementsAre("1a 00"));
  EXPECT_TRUE(identity_lost(same));
}

TEST(Nprg9x15, IsParticularAboutATable) {
  DownloadDriver modem({});
  auto good = firmware::parse_user_table(table_of(modem)).value();
  auto spoilt = [&](auto change, std::uint32_t version = 3) {
    auto table = good;
    change(table);
    return firmware::make_user_table(table, version);
  };
  modem.greet();
  for (const auto& table : {
           spoilt([](auto& t) { (void)t; }, 4),
           spoilt([](auto& t) { std::swap(t[0], t[1]); }),
           spoilt([](auto& t) { t[3].pad_kib = 0; }),
           spoilt([](auto& t) { t[3].size = 0; }),
           spoilt([](auto& t) { t[3].size = t[3].pad_kib - 1U; }),
           spoilt([](auto& t) { t.insert(t.begin() + 1, 7, t[1]); }),
           Buffer{},
       }) {
    EXPECT_THAT(modem.ask(streaming::partition_table(table)), error(0x07, "Unknown error accepting partition table"));
  }
  EXPECT_FALSE(identity_lost(modem));
}

TEST(Nprg9x15, ErasesSbl1OnlyWhenItIsWritten) {
  DownloadDriver modem({});
  begin_session(modem);
  auto image = modem.image("SBL1");
  EXPECT_THAT(modem.ask(streaming::open("0:SBL1")), ElementsAre("1c 00"));
  EXPECT_FALSE(modem.blank("SBL1"));
  modem.ask("15");
  write_image(modem, "SBL1", image);
  EXPECT_EQ(modem.image("SBL1"), image);
}

TEST(Nprg9x15, AnswersBothFramesOfATransfer) {
  DownloadDriver modem({});
  modem.ask(streaming::hello());
  modem.send(*from_hex("7e 09 00 00 7e 7e 09 00 00 7e"));
  EXPECT_THAT(modem.take(), ElementsAre("0a", "0a"));
}

TEST(Nprg9x15, ErasesTheChipOnlyWithAnOpen) {
  DownloadDriver modem({});
  begin_session(modem);
  EXPECT_THAT(modem.ask("1d"), invalid_command);
  EXPECT_FALSE(identity_lost(modem));
  modem.ask(streaming::open("0:misc"));
  modem.ask("1d");
  EXPECT_TRUE(identity_lost(modem));
}

TEST(Nprg9x15, TakesNothingMoreAfterAPageThatFailed) {
  DownloadDriver modem({});
  auto start = modem.range("system").start.n;
  modem.nand.fail_program_of(start + 1);
  begin_session(modem);
  modem.ask(streaming::open("0:system"));
  for (std::uint32_t at = 0; at < 3072; at += 1024) {
    EXPECT_EQ(modem.ask(write_of(at, pattern(1024))).size(), 1U);
  }
  EXPECT_THAT(modem.ask(write_of(3072, pattern(1024))), error(0x07, "Write unsuccessful"));
  EXPECT_THAT(modem.ask(write_of(4096, pattern(1024))), error(0x07, "Write unsuccessful"));
  EXPECT_THAT(modem.ask("15"), error(0x10, "Close failed"));
  EXPECT_FALSE(modem.nand.bad(start / 64));
}

}  // namespace
}  // namespace modemedic::twin
