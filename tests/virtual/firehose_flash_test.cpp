#include "support/edl_driver.h"
#include "support/firehose_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// erase, program and read as facts/programmer-9x07.md has them.
namespace modemedic::twin {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using PageState = Nand::PageState;

constexpr std::uint64_t block = 64;  ///< pages

TEST(FirehoseErase, ErasesBlocksAndSaysSo) {
  FirehoseSession modem;
  modem.fill(0, 256);
  EXPECT_THAT(modem.erase(64, 128),
              ElementsAre(log_body("start_sector = 64 and num_partition_sectors =0x80)"), ack_body));
  EXPECT_THAT(modem.programmed(0, 256), ElementsAre(std::pair(0, 64), std::pair(192, 256)));
}

TEST(FirehoseErase, SkipsBadBlocks) {
  FirehoseSession modem;
  modem.nand.mark_bad(3);
  EXPECT_THAT(modem.erase(0, 640), ElementsAre(log_body("start_sector = 0 and num_partition_sectors =0x280)"),
                                               log_body("Skipping:\tbad block 0x3"), ack_body));
}

TEST(FirehoseErase, RefusesWhatIsNotAligned) {
  FirehoseSession modem;
  EXPECT_THAT(modem.erase(1, 64),
              ElementsAre(HasSubstr("start_sector = 1"), log_body("start_sector unaligned"), nak_body));
  EXPECT_THAT(modem.erase(0, 63),
              ElementsAre(HasSubstr("start_sector = 0"), log_body("num_partition_sectors unaligned"), nak_body));
}

TEST(FirehoseErase, RefusesMoreThanTheChip) {
  FirehoseSession modem;
  EXPECT_THAT(
      modem.erase(2047 * block, 128),
      ElementsAre(HasSubstr("start_sector = 131008"), log_body("Block erase request exceeding total number of blocks"),
                  log_body("start_block:2047,last_block:2049,total_block_count:2048"),
                  log_body("ERROR 6: Line 1520: STORAGE_DEVICE_ERASE_FAILURE"), nak_body));
}

TEST(FirehoseErase, OfNothingIsDone) {
  FirehoseSession modem;
  EXPECT_THAT(modem.erase(64, 0), ElementsAre(HasSubstr("=0x0)"), log_body("num_blocks to erase are ZERO"), ack_body));
}

TEST(FirehoseErase, NeedsAStart) {
  FirehoseSession modem;
  EXPECT_THAT(modem.command(R"(<erase start_sector="-1" num_partition_sectors="64"/>)"),
              ElementsAre(log_body("Attribute 'start_sector' not provided (or -1)"), nak_body));
}

TEST(FirehoseErase, ErasesTheWholeChipIfAsked) {
  FirehoseSession modem;
  modem.fill(1280, 64);
  modem.fill(131071, 1);
  EXPECT_THAT(modem.command(R"(<erase start_sector="64" num_partition_sectors="0xFFFFFFFF"/>)"),
              ElementsAre(HasSubstr("start_sector = 64"),
                          log_body("num_partition_sectors =0xffffffff too high and start_sector:64 not equal to zero"),
                          nak_body));
  EXPECT_THAT(modem.command(R"(<erase start_sector="0" num_partition_sectors="0xFFFFFFFF"/>)"),
              ElementsAre(HasSubstr("start_sector = 0"), log_body("Erasing entire FLASH chip"), ack_body));
  EXPECT_THAT(modem.programmed(0, 131072), IsEmpty());
}

TEST(FirehoseErase, StopsAtABlockThatFails) {
  FirehoseSession modem;
  modem.fill(0, 640);
  modem.nand.fail_erase_of(4);
  EXPECT_THAT(modem.erase(0, 640),
              ElementsAre(HasSubstr("start_sector = 0"), log_body("--- Error: device failed during erase of block 0x4"),
                          log_body("ERROR 6: Line 1520: STORAGE_DEVICE_ERASE_FAILURE"), nak_body));
  EXPECT_THAT(modem.programmed(0, 640), ElementsAre(std::pair(256, 640)));
  EXPECT_FALSE(modem.nand.bad(4)) << "nothing is marked bad";
}

TEST(FirehoseProgram, WritesWhatItGets) {
  FirehoseSession modem;
  auto image = pattern(4 * page_bytes);
  EXPECT_THAT(modem.start_program(64, 4), ElementsAre(log_body("INSIDE HANDLE PROGRAM"),
                                                      log_body("start_sector 64, last_sector_address 68"), raw_body));
  modem.send(image);
  EXPECT_THAT(modem.said(), ElementsAre(log_body("Finished sector address 64"), raw_over_body));
  EXPECT_EQ(modem.content(64, 4), image);
  EXPECT_THAT(modem.programmed(0, 131072), ElementsAre(std::pair(64, 68)));
}

TEST(FirehoseProgram, TakesTransfersOfThePayloadOrOneUnbrokenStream) {
  auto image = pattern(37 * page_bytes);
  for (auto [piece, zlp] : {std::pair(std::size_t{8192}, true), std::pair(image.size(), true),
                            std::pair(std::size_t{512}, false), std::pair(std::size_t{20480}, false)}) {
    FirehoseSession modem;
    modem.start_program(64, 37);
    modem.send_pieces(image, piece, zlp);
    EXPECT_THAT(modem.said(), ElementsAre(log_body("Finished sector address 64"), raw_over_body)) << piece;
    EXPECT_EQ(modem.content(64, 37), image);
    EXPECT_EQ(modem.out_waiting, 0U);
  }
}

TEST(FirehoseProgram, RefusesAnotherGeometryBeforeRawMode) {
  FirehoseSession modem;
  auto program = [&modem](const std::string& sector_size, const std::string& pages, const std::string& start) {
    return modem.command(R"(<program SECTOR_SIZE_IN_BYTES=")" + sector_size + R"(" PAGES_PER_BLOCK=")" + pages +
                         R"(" start_sector=")" + start + R"(" num_partition_sectors="64" filename="x"/>)");
  };
  auto inside = log_body("INSIDE HANDLE PROGRAM");
  auto error = testing::MatchesRegex("<log value=\"ERROR 21: Line [0-9]+: HANDLE_PROGRAM_FAILURE\"/>\n");
  EXPECT_THAT(
      program("4096", "64", "0"),
      ElementsAre(inside, log_body("Attribute 'SECTOR_SIZE_IN_BYTES'=4096 must be equal to disk sector size 2048"),
                  error, nak_body));
  EXPECT_THAT(program("2048", "128", "0"),
              ElementsAre(inside, log_body("Attribute 'PAGES_PER_BLOCK'=128 must be equal to disk pages per block 64"),
                          error, nak_body));
  EXPECT_THAT(program("2048", "64", "131009"),
              ElementsAre(inside, log_body("Programming region exceeds total block count"), error, nak_body));
}

TEST(FirehoseProgram, WithSkipWriteOnlyTakesTheData) {
  FirehoseSession modem;
  EXPECT_THAT(modem.command(R"(<configure MaxPayloadSizeToTargetInBytes="8192" SkipWrite="1"/>)"),
              ElementsAre(log_body("skipping write requested by user"), HasSubstr("ACK")));
  modem.fill(0, 64);
  EXPECT_THAT(modem.program(64, pattern(10 * page_bytes)), ElementsAre(HasSubstr("Finished"), raw_over_body));
  EXPECT_THAT(modem.programmed(0, 131072), ElementsAre(std::pair(0, 64)));
  EXPECT_THAT(modem.erase(0, 64), ElementsAre(HasSubstr("start_sector"), ack_body));
  EXPECT_THAT(modem.programmed(0, 131072), IsEmpty()) << "erase is not skipped";
}

TEST(FirehoseProgram, TakesAllDataAfterAFailureThatItCannotRecover) {
  FirehoseSession modem;
  modem.nand.fail_program_of(70);
  modem.nand.fail_erase_of(1);
  EXPECT_THAT(modem.program(64, pattern(64 * page_bytes)),
              ElementsAre(log_body("flash write failed at sector address 68 till 72"), log_body("Write failed errno 0"),
                          log_body("Finished sector address 64"), raw_failed_body));
}

TEST(FirehoseProgram, FailsAtTheChipsEnd) {
  FirehoseSession modem;
  modem.nand.mark_bad(2047);
  EXPECT_THAT(modem.program(2046 * block, pattern(128 * page_bytes)),
              ElementsAre(HasSubstr("flash write failed"), log_body("Write failed errno 0"),
                          log_body("Finished sector address 130944"), raw_failed_body));
  EXPECT_THAT(modem.programmed(0, 131072), ElementsAre(std::pair(2046 * 64, 2047 * 64)));
}

TEST(FirehoseProgram, DropsShortDataAndWaitsForItAgain) {
  FirehoseSession modem;
  modem.start_program(64, 4);
  modem.send(pattern(3));
  EXPECT_THAT(modem.said(), ElementsAre(log_body("bytes_read_in_layer=3")));
  modem.send(pattern(2048 + 100));
  EXPECT_THAT(modem.said(), ElementsAre(log_body("bytes_read_in_layer=2148")));
  modem.send(pattern(4096));  // whole pages: taken, though not all
  EXPECT_THAT(modem.said(), IsEmpty());
  modem.send(pattern(4096));
  EXPECT_THAT(modem.said(), ElementsAre(HasSubstr("Finished"), raw_over_body));
}

TEST(FirehoseProgram, OfADeadHostIsLeftWithPagesOfErasedBytes) {
  FirehoseSession modem;
  modem.start_program(64, 64);
  modem.send(pattern(8192));  // and the host dies
  EXPECT_THAT(modem.command(R"(<nop value="ping"/>)"), ElementsAre(HasSubstr("bytes_read_in_layer=")));
  std::vector<std::string> said;
  for (int pages = 0; pages < 100 && said.empty(); ++pages) {
    modem.send(Buffer(2048, std::byte{0xFF}));
    said = modem.said();
  }
  EXPECT_THAT(said, ElementsAre(log_body("Finished sector address 64"), raw_over_body));
  EXPECT_THAT(modem.command(R"(<nop value="ping"/>)"), testing::SizeIs(4));
}

TEST(FirehoseProgram, ParsesSurplusDataAsXml) {
  FirehoseSession modem;
  modem.start_program(64, 4);
  modem.send(pattern(4 * page_bytes + std::size_t{2} * 4096));
  auto complaint = HasSubstr("ERROR: XML not formed correctly. Expected a &lt; character at loc 0");
  EXPECT_THAT(modem.said(),
              ElementsAre(HasSubstr("Finished"), raw_over_body, complaint, nak_body, complaint, nak_body));
  EXPECT_THAT(modem.command(R"(<nop value="ping"/>)"), testing::SizeIs(4));
}

TEST(FirehoseProgram, BelowAPageOfPayloadIsUseless) {
  FirehoseSession modem;
  modem.command(R"(<configure MaxPayloadSizeToTargetInBytes="512"/>)");
  modem.start_program(64, 1);
  modem.send(pattern(512));
  EXPECT_THAT(modem.said(), ElementsAre(log_body("bytes_read_in_layer=512")));
}

TEST(FirehoseProgram, FromInsideABlockMarksGoodBlocksBadWhenAPageFails) {
  FirehoseSession modem;
  modem.nand.fail_program_of(128);
  EXPECT_THAT(modem.program(66, pattern(200 * page_bytes)),
              ElementsAre(HasSubstr("flash write failed"), HasSubstr("errno"), HasSubstr("Finished"), raw_failed_body));
  EXPECT_TRUE(modem.nand.bad(2) && modem.nand.bad(3));
  EXPECT_FALSE(modem.nand.bad(1) || modem.nand.bad(5));
}

TEST(FirehoseRead, SendsTransfersOfThePayload) {
  FirehoseSession modem;
  auto image = pattern(6 * page_bytes);
  modem.program(64, image);
  EXPECT_THAT(modem.read(64, 10), ElementsAre(log_body("raw_data_buffer_sector_capacity 4"),
                                              log_body("start_sector 64 and num_partition_sectors10"), raw_body,
                                              "raw 8192", "raw 8192", "raw 4096", raw_over_body));
  image.resize(10 * page_bytes, std::byte{0xFF});
  EXPECT_EQ(modem.raw, image);
}

TEST(FirehoseRead, RefusesAnotherSectorSizeAndMoreThanTheChip) {
  FirehoseSession modem;
  auto error = testing::MatchesRegex("<log value=\"ERROR 4: Line [0-9]+: STORAGE_READ_FAILURE\"/>\n");
  EXPECT_THAT(modem.command(R"(<read SECTOR_SIZE_IN_BYTES="4096" start_sector="0" num_partition_sectors="1"/>)"),
              ElementsAre(log_body("Attribute 'SECTOR_SIZE_IN_BYTES'=4096 must be equal to disk sector size 2048"),
                          error, nak_body));
  EXPECT_THAT(modem.read(131072, 1), ElementsAre(log_body("Trying to read beyond total sectors"), error, nak_body));
}

TEST(FirehoseRead, GoesRoundBadBlocksInThreeForms) {
  FirehoseSession modem;
  modem.nand.mark_bad(2);
  auto image = pattern(3 * block * page_bytes);
  modem.program(64, image);  // blocks 1, 3, 4
  auto piece = [&](int n) { return ByteView(modem.raw).subspan(static_cast<std::size_t>(n) * 131072, 131072); };
  auto source = [&](int n) { return ByteView(image).subspan(static_cast<std::size_t>(n) * 131072, 131072); };
  auto all = [](ByteView bytes, int value) {
    return std::ranges::all_of(bytes, [value](std::byte b) { return b == static_cast<std::byte>(value); });
  };

  modem.read(64, 128);
  EXPECT_TRUE(std::ranges::equal(piece(0), source(0)) && std::ranges::equal(piece(1), source(1))) << "runs on";
  modem.read(64, 128, R"(bad_block_at_end="1")");
  EXPECT_TRUE(std::ranges::equal(piece(0), source(0)) && all(piece(1), 0xFF)) << "missing ones at the end";
  modem.read(64, 192, R"(bad_block_at_end="0")");
  EXPECT_TRUE(std::ranges::equal(piece(0), source(0)) && all(piece(1), 0xBB) && std::ranges::equal(piece(2), source(1)))
      << "positions kept";
  modem.read(64, 192);
  EXPECT_TRUE(all(piece(1), 0xBB)) << "and that sticks";
}

TEST(FirehoseRead, MarksUnreadablePagesAndAcksThem) {
  FirehoseSession modem;
  modem.nand.tear_page(65);
  EXPECT_THAT(modem.read(64, 2),
              ElementsAre(HasSubstr("capacity"), HasSubstr("start"), raw_body, "raw 4096", raw_over_body));
  EXPECT_EQ(hex(ByteView(modem.raw).subspan(2048, 8)), "de ad d0 0d dd dd dd dd");
  EXPECT_EQ(modem.raw.back(), std::byte{0xDD});
}

TEST(FirehoseRead, GivesTheSpareAreaUntilToldOtherwise) {
  constexpr std::size_t sector = 2112;
  for (const auto* name : {"get_spare", "ecc_disabled"}) {
    FirehoseSession modem;
    auto image = pattern(2048);
    modem.program(64, image);
    modem.read(64, 2, std::string(name) + "=\"1\"");
    EXPECT_EQ(modem.raw.size(), 2 * sector);
    EXPECT_TRUE(std::ranges::equal(ByteView(modem.raw).first(2048), image));
    modem.read(64, 2);
    EXPECT_EQ(modem.raw.size(), 2 * sector) << "sticky";
    modem.read(64, 2, std::string(name) + "=\"0\"");
    EXPECT_EQ(modem.raw.size(), 2 * page_bytes);
  }
}

TEST(FirehoseRead, FillsErasedPagesAsThePersonaDoes) {
  EdlDriver::Options options;
  options.persona.programmer.erased_fill = 0xEE;
  FirehoseSession modem(std::move(options));
  modem.read(64, 1);
  EXPECT_EQ(modem.raw, Buffer(2048, std::byte{0xEE}));
}

TEST(FirehoseRead, ReadsBackARandomImageAtAnyPayload) {
  for (auto payload : {2048, 8192, 9216, 16384}) {
    FirehoseSession modem;
    modem.command("<configure MaxPayloadSizeToTargetInBytes=\"" + std::to_string(payload) + "\"/>");
    auto image = pattern(150 * page_bytes);
    for (std::size_t page = 0; page < 150; ++page) {
      modem.nand.program(640 + page, ByteView(image).subspan(page * page_bytes, 2048));
    }
    modem.read(640, 150);
    EXPECT_EQ(modem.raw, image) << payload;
  }
}

}  // namespace
}  // namespace modemedic::twin
