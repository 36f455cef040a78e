#include "support/firehose_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The eight traps of facts/programmer-9x07.md: what happens to a careless host.
namespace modemedic::twin {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using PageState = Nand::PageState;

const auto finished = HasSubstr("Finished sector address");
const std::string ping = R"(<nop value="ping"/>)";

TEST(FirehoseTrap1, ProgramsOverWhatIsNotErasedAndAcksIt) {
  FirehoseSession modem;
  modem.program(64, Buffer(2048, std::byte{0xF0}));
  EXPECT_THAT(modem.program(64, Buffer(2048, std::byte{0x3C})), ElementsAre(finished, raw_over_body));
  EXPECT_EQ(modem.content(64, 1), Buffer(2048, std::byte{0x30}));
}

TEST(FirehoseTrap2, SpillsOverThePartitionsEndWithoutAWord) {
  FirehoseSession modem;
  constexpr std::uint64_t misc = 51648;  // 320 sectors, with recoveryfs behind it
  constexpr std::uint64_t sectors = 320;
  modem.nand.mark_bad(misc / 64 + 2);
  auto image = pattern(sectors * page_bytes);
  EXPECT_THAT(modem.program(misc, image), ElementsAre(finished, raw_over_body));
  EXPECT_THAT(modem.programmed(0, 131072),
              ElementsAre(std::pair(51648, 51776), std::pair(51840, 52032)));  // 64 pages into recoveryfs
  auto last_block = ByteView(image).last(64 * page_bytes);
  EXPECT_TRUE(std::ranges::equal(modem.content(misc + sectors, 64), last_block));

  EXPECT_THAT(modem.command(R"(<getstorageinfo physical_partition_number="0"/>)"),
              testing::Contains(log_body("BAD_BLOCK=809")))
      << "who asks before knows";
}

TEST(FirehoseTrap3, AcksAnImageOfWhichThreePagesAreMissing) {
  for (std::uint64_t failing : {68U, 69U, 70U, 71U}) {
    FirehoseSession modem;
    modem.nand.fail_program_of(failing);
    auto image = pattern(64 * page_bytes);
    EXPECT_THAT(modem.program(64, image),
                ElementsAre(log_body("current_sector_address 72 mismatch with new_sector_address 69"), finished,
                            raw_over_body));
    auto expected = image;
    for (std::uint64_t page = 68; page < 72; ++page) {
      if (page != failing) {
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>((page - 64) * page_bytes), 2048, std::byte{0xFF});
      }
    }
    modem.read(64, 64);
    EXPECT_EQ(modem.raw, expected) << "only read-back shows it";

    modem.erase(64, 64);
    EXPECT_THAT(modem.program(64, image), ElementsAre(finished, raw_over_body));
    EXPECT_EQ(modem.content(64, 64), image);
  }
}

TEST(FirehoseTrap3, SaysNothingOfASinglePageThatItReallyRecovers) {
  FirehoseSession modem;
  modem.nand.fail_program_of(64);
  auto image = pattern(2048);
  EXPECT_THAT(modem.program(64, image), ElementsAre(finished, raw_over_body));
  EXPECT_EQ(modem.content(64, 1), image);
}

TEST(FirehoseTrap4, ErasesWhereAnEarlierCommandWas) {
  FirehoseSession modem;
  modem.fill(0, 64);
  modem.fill(640, 64);
  modem.program(1280, pattern(2048));
  modem.read(640, 1);
  EXPECT_THAT(modem.command(R"(<erase num_partition_sectors="64"/>)"),
              ElementsAre(HasSubstr("start_sector = 640"), ack_body));
  EXPECT_THAT(modem.programmed(0, 1281), ElementsAre(std::pair(0, 64), std::pair(1280, 1281)));
  EXPECT_THAT(modem.command(R"(<erase start_sector="" num_partition_sectors="64"/>)"),
              ElementsAre(HasSubstr("start_sector = 0"), ack_body));
  EXPECT_THAT(modem.programmed(0, 1281), ElementsAre(std::pair(1280, 1281)));
}

TEST(FirehoseTrap4, ErasesBlockZeroWhenNoCommandHadAStart) {
  FirehoseSession modem;
  modem.fill(0, 1);
  modem.command(R"(<erase num_partition_sectors="64"/>)");
  EXPECT_EQ(modem.nand.state(0), PageState::erased);
}

TEST(FirehoseTrap5, ErasesForAnotherGeometryAndRefusesToProgramThen) {
  FirehoseSession modem;
  modem.fill(0, 640);
  EXPECT_THAT(modem.command(R"(<erase SECTOR_SIZE_IN_BYTES="4096" PAGES_PER_BLOCK="64" start_sector="0" )"
                            R"(num_partition_sectors="640"/>)"),
              ElementsAre(HasSubstr("start_sector"), ack_body));
  EXPECT_THAT(modem.programmed(0, 640), IsEmpty());
  EXPECT_THAT(modem.command(R"(<program SECTOR_SIZE_IN_BYTES="4096" PAGES_PER_BLOCK="64" start_sector="0" )"
                            R"(num_partition_sectors="10" filename="sbl1.mbn"/>)"),
              testing::Contains(nak_body));
}

TEST(FirehoseTrap5, ErasesEfsWithTheWholeChip) {
  FirehoseSession modem;
  modem.fill(1280, 8704);
  modem.command(R"(<erase start_sector="0" num_partition_sectors="4294967295"/>)");
  EXPECT_THAT(modem.programmed(1280, 9984), IsEmpty());
}

TEST(FirehoseTrap5, AcksAFailedEraseOfBlockZero) {
  FirehoseSession modem;
  modem.fill(0, 128);
  modem.nand.fail_erase_of(0);
  EXPECT_THAT(modem.erase(0, 128),
              ElementsAre(HasSubstr("start_sector"), log_body("Skipping erase failure at block 0x0"), ack_body));
  EXPECT_THAT(modem.programmed(0, 128), ElementsAre(std::pair(0, 64)));
}

TEST(FirehoseTrap6, WaitsForTheZlpOfTheLastChunk) {
  FirehoseSession modem;
  modem.start_program(64, 4);
  modem.send(pattern(8192), false);
  modem.run_for(std::chrono::hours(1));
  EXPECT_THAT(modem.said(), IsEmpty());
  modem.send(ByteView{});
  EXPECT_THAT(modem.said(), ElementsAre(finished, raw_over_body));
}

TEST(FirehoseTrap6, TakesChunksWithoutZlpsOnlyWhenTheyFollowWithin50Milliseconds) {
  FirehoseSession modem;
  auto image = pattern(2 * 8192);
  modem.start_program(64, 8);
  modem.send(ByteView(image).first(8192), false);
  modem.run_for(std::chrono::milliseconds(50));
  modem.send(ByteView(image).last(8192));
  EXPECT_THAT(modem.said(), ElementsAre(finished, raw_over_body));
  EXPECT_EQ(modem.content(64, 8), image);
}

TEST(FirehoseTrap6, IsDeafAfterAChunkThatCameTooLate) {
  FirehoseSession modem;
  modem.start_program(64, 8);
  modem.send(pattern(8192), false);
  modem.run_for(std::chrono::milliseconds(51));
  modem.send(pattern(8192));
  EXPECT_THAT(modem.said(), ElementsAre(HasSubstr("AttemptRetry=\"1\"")));
  EXPECT_THAT(modem.command(ping), IsEmpty());
  modem.run_for(std::chrono::hours(1));
  EXPECT_THAT(modem.said(), IsEmpty());
  EXPECT_EQ(modem.out_waiting, 2U);
}

TEST(FirehoseTrap6, GluesADocumentThatIsAMultipleOf512ToTheNext) {
  for (std::size_t length : {512U, 1024U, 3584U}) {
    FirehoseSession modem;
    auto document = EdlDriver::document(R"(<erase start_sector="0" num_partition_sectors="64"/>)");
    document.resize(length, ' ');
    modem.send(document, true);  // the ZLP doesn't help
    modem.run_for(std::chrono::hours(1));
    EXPECT_THAT(modem.said(), IsEmpty()) << length;
    EXPECT_THAT(modem.command(ping), ElementsAre(HasSubstr("start_sector = 0"), ack_body))
        << "the second of the two is dropped without a word";

    document += ' ';
    modem.send(document);
    EXPECT_THAT(modem.said(), ElementsAre(HasSubstr("start_sector = 0"), ack_body)) << "one blank more is well";
  }
}

TEST(FirehoseTrap6, IsPoisonedByADocumentOf4096Bytes) {
  FirehoseSession modem;
  auto document = EdlDriver::document(ping);
  document.resize(4095, ' ');
  modem.send(document);
  EXPECT_THAT(modem.said(), SizeIs(4));
  document.resize(4096, ' ');
  modem.send(document);
  EXPECT_THAT(modem.said(), testing::Contains(nak_body));
  EXPECT_THAT(modem.command(ping), testing::Contains(nak_body)) << "until a restart";
}

TEST(FirehoseTrap7, RefusesACommandWithoutAttributes) {
  FirehoseSession modem;
  std::string fresh = "<getstorageinfo />";
  EXPECT_THAT(EdlDriver::document(fresh).size(), testing::Lt(100U));
  EdlDriver never_configured;
  never_configured.start_programmer();
  EXPECT_THAT(never_configured.command(fresh), ElementsAre(nak_body));
  EXPECT_THAT(never_configured.command("<nop />"), ElementsAre(nak_body));
}

TEST(FirehoseTrap7, TakesTheAttributesOfAnEarlierLongerPacket) {
  FirehoseSession modem;
  modem.fill(128, 64);
  modem.command(R"(<read SECTOR_SIZE_IN_BYTES="2048" filename="something" num_partition_sectors="64" )"
                R"(start_sector="128"/>)");
  EXPECT_THAT(modem.command("<erase />"), ElementsAre(HasSubstr("start_sector = 128"), ack_body));
  EXPECT_THAT(modem.programmed(128, 192), IsEmpty());
}

TEST(FirehoseTrap8, StallsAHostThatWritesWithoutReading) {
  FirehoseSession modem;
  modem.nand.fail_program_of(68);
  auto image = pattern(64 * page_bytes);
  modem.start_program(64, 64);
  modem.stop_listening();
  modem.send_pieces(image, 8192);
  modem.run_for(std::chrono::hours(1));
  EXPECT_EQ(modem.out_waiting, 14U) << "two of sixteen chunks taken, then it wants to be heard";
  modem.listen();
  EXPECT_EQ(modem.out_waiting, 0U);
  EXPECT_THAT(modem.said(), ElementsAre(HasSubstr("mismatch with new_sector_address"), finished, raw_over_body));
}

TEST(FirehoseTrap8, TakesNoCommandBeforeItsRepliesAreRead) {
  FirehoseSession modem;
  modem.fill(0, 64);
  modem.stop_listening();
  modem.send(EdlDriver::document(ping));
  modem.send(EdlDriver::document(R"(<erase start_sector="0" num_partition_sectors="64"/>)"));
  modem.run_for(std::chrono::hours(1));
  EXPECT_EQ(modem.nand.state(0), PageState::programmed);
  modem.listen();
  EXPECT_EQ(modem.nand.state(0), PageState::erased);
}

TEST(FirehoseProgrammer, EndsItsTransfersOf512BytesWithAZlp) {
  std::vector<std::size_t> sizes;
  FirehoseSession modem;
  modem.stop_listening();
  modem.send(EdlDriver::document("<read " + modem.range(64, 4) + "/>"));
  for (int i = 0; i < 7; ++i) {
    modem.in->submit(8192, [&sizes](UrbStatus, ByteView data) { sizes.push_back(data.size()); });
  }
  ASSERT_THAT(sizes, SizeIs(6));
  EXPECT_EQ(sizes[3], 8192U);
  EXPECT_EQ(sizes[4], 0U);
}

}  // namespace
}  // namespace modemedic::twin
