#include "support/firehose_session.h"

#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The flash's time, and power that goes away in the middle of it.
namespace modemedic::twin {
namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using PageState = Nand::PageState;

EdlDriver::Options with_timing() {
  EdlDriver::Options options;
  options.persona.timing = {2000, 450, 100};
  options.real_timing = true;
  return options;
}

TEST(FirehoseTiming, ErasesForAsLongAsTheChip) {
  FirehoseSession modem(with_timing());
  modem.fill(0, 640);
  EXPECT_THAT(modem.erase(0, 640), SizeIs(1));
  modem.run_for(19ms);
  EXPECT_THAT(modem.said(), IsEmpty());
  EXPECT_THAT(modem.programmed(0, 640), ElementsAre(std::pair(576, 640)));
  modem.run_for(1ms);
  EXPECT_THAT(modem.said(), ElementsAre(ack_body));
}

TEST(FirehoseTiming, ProgramsForAsLongAsTheChipAndLetsTheHostWait) {
  FirehoseSession modem(with_timing());
  auto image = pattern(64 * page_bytes);
  modem.start_program(64, 64);
  modem.send_pieces(image, 8192);
  EXPECT_EQ(modem.out_waiting, 15U);
  modem.run_for(64 * 450us - 1us);
  EXPECT_THAT(modem.said(), IsEmpty());
  modem.run_for(1us);
  EXPECT_THAT(modem.said(), ElementsAre(HasSubstr("Finished"), raw_over_body));
  EXPECT_EQ(modem.content(64, 64), image);
}

TEST(FirehoseTiming, ReadsForAsLongAsTheChip) {
  FirehoseSession modem(with_timing());
  modem.read(64, 8);
  modem.said();
  modem.run_for(800us - 1ns);
  EXPECT_THAT(modem.said(), testing::Not(Contains(raw_over_body)));
  modem.run_for(1ns);
  EXPECT_THAT(modem.said(), Contains(raw_over_body));
}

TEST(FirehosePowerCut, TearsTheBlockThatIsErased) {
  FirehoseSession modem(with_timing());
  modem.fill(0, 192);
  modem.erase(0, 192);
  modem.run_for(3ms);
  modem.function->power_cut();
  for (std::uint64_t page = 0; page < 192; ++page) {
    auto expected = page < 64 ? PageState::erased : page < 128 ? PageState::torn : PageState::programmed;
    ASSERT_EQ(modem.nand.state(page), expected) << page;
  }
  modem.run_for(1h);
  EXPECT_EQ(modem.nand.state(128), PageState::programmed) << "it must not go on";
}

TEST(FirehosePowerCut, TearsThePageThatIsProgrammed) {
  FirehoseSession modem(with_timing());
  auto image = pattern(64 * page_bytes);
  modem.start_program(64, 64);
  modem.send_pieces(image, 8192);
  modem.run_for(6 * 450us + 100us);
  modem.function->power_cut();
  EXPECT_EQ(modem.content(64, 6), Buffer(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(6 * page_bytes)));
  EXPECT_EQ(modem.nand.state(70), PageState::torn);
  EXPECT_EQ(modem.nand.state(71), PageState::erased);
}

TEST(FirehosePowerCut, LeavesAnIdleChipAlone) {
  FirehoseSession modem(with_timing());
  modem.fill(0, 64);
  auto before = modem.nand.fingerprint({{0}, {131072}});
  modem.function->power_cut();
  EXPECT_EQ(modem.nand.fingerprint({{0}, {131072}}), before);
  EXPECT_THAT(modem.command(R"(<nop value="1"/>)"), IsEmpty());
}

TEST(FirehosePowerCut, ComesAtTheNamedByte) {
  auto image = pattern(64 * page_bytes);
  for (std::size_t bytes : {1U, 2048U, 2049U, 8192U, 8193U, 20000U, 131072U}) {
    FirehoseSession modem(EdlDriver::with_faults({"cut@" + std::to_string(bytes)}));
    modem.start_program(64, 64);
    modem.send_pieces(image, 8192);
    EXPECT_THAT(modem.power_events, IsEmpty()) << "not from inside the program";
    modem.run_for(0s);
    EXPECT_THAT(modem.power_events, ElementsAre(PowerEvent::cut));
    EXPECT_THAT(modem.said(), IsEmpty());
    auto pages = bytes / 2048;
    if (pages == 0) {
      EXPECT_THAT(modem.programmed(0, 131072), IsEmpty());
      continue;
    }
    EXPECT_THAT(modem.programmed(0, 131072), ElementsAre(std::pair(64, static_cast<int>(64 + pages))));
    EXPECT_EQ(modem.nand.state(64 + pages - 1), PageState::torn);
    EXPECT_EQ(modem.content(64, pages - 1),
              Buffer(image.begin(), image.begin() + static_cast<std::ptrdiff_t>((pages - 1) * page_bytes)));
    EXPECT_EQ(modem.faults.find("cut"), nullptr) << "struck once";
  }
}

TEST(FirehosePowerCut, CountsBytesOverAllPrograms) {
  FirehoseSession modem(EdlDriver::with_faults({"vanish@12288"}));
  EXPECT_THAT(modem.program(64, pattern(8192)), SizeIs(2));
  EXPECT_THAT(modem.program(640, pattern(8192)), IsEmpty());
  modem.run_for(0s);
  EXPECT_THAT(modem.power_events, ElementsAre(PowerEvent::vanish));
  EXPECT_EQ(modem.nand.state(641), PageState::torn);
  EXPECT_EQ(modem.nand.state(642), PageState::erased);
}

TEST(FirehosePowerCut, AtAnyMomentTearsAtMostWhatIsWorkedAt) {
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    FirehoseSession modem(with_timing());
    modem.fill(0, 1280);
    auto image = pattern(256 * page_bytes);
    modem.erase(0, 512);
    modem.run_for(std::chrono::microseconds(random() % 20000));
    modem.start_program(64, 256);
    modem.send_pieces(image, 8192);
    modem.run_for(std::chrono::microseconds(random() % 130000));
    modem.function->power_cut();
    std::set<std::uint64_t> torn_blocks;
    std::size_t torn = 0;
    for (std::uint64_t page = 0; page < 1280; ++page) {
      if (modem.nand.state(page) == PageState::torn) {
        torn_blocks.insert(page / 64);
        ++torn;
      }
    }
    EXPECT_TRUE(torn <= 1 || (torn == 64 && torn_blocks.size() == 1)) << torn;
    EXPECT_THAT(modem.programmed(512, 1280), ElementsAre(std::pair(512, 1280)));
  }
}

/// A small chip, so that all of it can be compared.
EdlDriver::Options small_chip(std::uint64_t blocks) {
  EdlDriver::Options options;
  options.persona.geometry.blocks = blocks;
  return options;
}

TEST(FirehoseProgrammer, ChangesNothingOutsideTheAddressedRange) {
  std::mt19937 random(5);
  auto below = [&random](std::uint64_t limit) { return random() % limit; };
  for (int round = 0; round < 20; ++round) {
    FirehoseSession modem(small_chip(4));
    modem.fill(0, 256);
    for (int i = 0; i < 20; ++i) {
      auto start = below(4) * 64;
      auto count = 1 + below(256 - start);
      if (below(2) == 0) {
        count = (count + 63) / 64 * 64;
      }
      SectorRange before{{0}, {start}};
      SectorRange after{{start + count}, {256 - start - count}};
      auto fingerprints = [&] { return modem.nand.fingerprint(before) + modem.nand.fingerprint(after); };
      auto expected = fingerprints();
      switch (below(3)) {
        case 0:
          modem.erase(start, count);
          break;
        case 1:
          modem.program(start, pattern(count * page_bytes, static_cast<unsigned>(i)));
          break;
        default:
          modem.read(start, count);
          break;
      }
      ASSERT_EQ(fingerprints(), expected);
    }
  }
}

TEST(FirehoseProgrammer, SurvivesRandomTransfers) {
  std::mt19937 random(9);
  auto below = [&random](std::uint64_t limit) { return random() % limit; };
  const std::vector<std::string> names = {"start_sector",
                                          "num_partition_sectors",
                                          "SECTOR_SIZE_IN_BYTES",
                                          "PAGES_PER_BLOCK",
                                          "MaxPayloadSizeToTargetInBytes",
                                          "get_spare",
                                          "bad_block_at_end",
                                          "SkipWrite",
                                          "filename",
                                          "value",
                                          "Verbose"};
  const std::vector<std::string> values = {
      "0",    "1",   "64",   "2048", "0xFFFFFFFF", "18446744073709551615", "-64", "NUM_DISK_SECTORS-1.", "",
      "8192", "512", "text", "1024", "reset"};
  const std::vector<std::string> tags = {"erase",          "program",         "read",  "configure", "nop",
                                         "getstorageinfo", "getsha256digest", "patch", "benchmark"};
  for (int round = 0; round < 150; ++round) {
    auto options = small_chip(16);
    options.persona.programmer.later_family = round % 2 == 0;
    options.real_timing = round % 3 == 0;
    FirehoseSession modem(std::move(options));
    modem.nand.mark_bad(below(16));
    modem.nand.fail_program_of(below(1024));
    modem.nand.fail_erase_of(below(16));
    for (int i = 0; i < 60; ++i) {
      auto element = "<" + tags[below(tags.size())];
      for (auto attributes = below(6); attributes > 0; --attributes) {
        element += " " + names[below(names.size())] + "=\"" + values[below(values.size())] + "\"";
      }
      auto text = EdlDriver::document(element + " />");
      switch (below(4)) {
        case 0:
          modem.send(pattern(below(70000)), below(2) == 0);
          break;
        case 1:
          text.resize((text.size() + 511) / 512 * 512, ' ');
          [[fallthrough]];
        default:
          modem.send(text, below(2) == 0);
          break;
      }
      modem.run_for(std::chrono::milliseconds(below(100)));
      modem.take();
    }
    if (round % 5 == 0) {
      modem.function->power_cut();
    }
  }
}

TEST(FirehoseProgrammer, TakesADocumentInPiecesOf512) {
  auto text = EdlDriver::document(R"(<erase start_sector="64" num_partition_sectors="64"/>)");
  text.insert(text.find("<data>"), std::string(1500, ' '));
  for (std::size_t cut = 512; cut < text.size(); cut += 512) {
    FirehoseSession modem;
    modem.send(std::string_view(text).substr(0, cut));
    EXPECT_THAT(modem.said(), IsEmpty());
    modem.send(std::string_view(text).substr(cut));
    EXPECT_THAT(modem.said(), ElementsAre(HasSubstr("start_sector = 64"), ack_body)) << cut;
  }
}

}  // namespace
}  // namespace modemedic::twin
