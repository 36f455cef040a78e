#include "virtual/firehose_parser.h"

#include <algorithm>
#include <array>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto head = R"(<?xml version="1.0" encoding="UTF-8" ?>)";

/// The parser with its text buffer, as the programmer has it.
class FirehoseParserTest : public testing::Test {
protected:
  FirehoseParserTest() {
    for (const auto* tag : {"nop", "erase", "program", "getstorageinfo", "configure"}) {
      parser.know(tag);
    }
  }

  FirehoseParser::Outcome packet(std::string_view text) {
    std::copy(text.begin(), text.end(), memory.begin());
    return parser.parse(memory, text.size());
  }

  FirehoseParser::Outcome command(std::string_view element) {
    return packet(std::string(head) + "<data>" + std::string(element) + "</data>");
  }

  bool takes(std::string_view element) { return command(element).accepted; }

  void forget() { memory.fill('\0'); }

  std::array<char, 4096> memory{};
  FirehoseAttributes attributes;
  FirehoseParser parser{attributes};
};

TEST_F(FirehoseParserTest, ReadsACommand) {
  auto outcome = command(R"(<erase start_sector="640" num_partition_sectors="0x40" />)");
  EXPECT_TRUE(outcome.accepted);
  EXPECT_EQ(outcome.tag, "erase");
  EXPECT_THAT(outcome.logs, IsEmpty());
  EXPECT_EQ(attributes.number(Attribute::start_sector), 640U);
  EXPECT_EQ(attributes.number(Attribute::num_partition_sectors), 64U);
}

TEST_F(FirehoseParserTest, DoesNotMindFormOrCase) {
  for (const auto* text : {
           R"(<?xml version="1.0"?><data><erase start_sector="7"/></data>)",
           "\xEF\xBB\xBF<?xml version=\"1.0\"?>\r\n<data>\r\n<erase start_sector=\"7\"/>\r\n</data>\r\n",
           "<?xml version=\"1.0\"?><!-- <erase> --><data><!-- c --><erase\tstart_sector=\"7\" />",
           R"(<?xml version="1.0"?><data><ERASE  START_Sector="7"></ERASE></data>)",
           "<?xml version=\"1.0\"?><data><erase vendor=\"x\"\n start_sector=\"7\"></data>",
       }) {
    attributes.set(Attribute::start_sector, 0);
    forget();
    auto outcome = packet(text);
    EXPECT_TRUE(outcome.accepted) << text;
    EXPECT_EQ(outcome.tag, "erase") << text;
    EXPECT_EQ(attributes.number(Attribute::start_sector), 7U) << text;
  }
}

TEST_F(FirehoseParserTest, ExecutesOnlyTheFirstCommandOfAPacket) {
  auto outcome = command(R"(<nop value="a"/><erase start_sector="9"/>)");
  EXPECT_EQ(outcome.tag, "nop");
  EXPECT_EQ(attributes.number(Attribute::start_sector), 0U);
}

TEST_F(FirehoseParserTest, SaysWhatIsNoXml) {
  auto outcome = packet("hello");
  EXPECT_FALSE(outcome.accepted);
  EXPECT_THAT(outcome.logs, ElementsAre("ERROR: XML not formed correctly. Expected a < character at loc 0"));
}

TEST_F(FirehoseParserTest, SaysWhenThereIsNoTag) {
  for (const auto* element : {"", "<!-- nothing -->"}) {
    forget();
    auto outcome = command(element);
    EXPECT_FALSE(outcome.accepted);
    EXPECT_THAT(outcome.logs, ElementsAre("ERROR: XML packet not formed correctly. Ran out of room looking for TAG"));
  }
}

TEST_F(FirehoseParserTest, TakesDataForATagWithoutTheHeader) {
  auto outcome = packet("<data><nop value=\"a\"/></data>");
  EXPECT_FALSE(outcome.accepted);
  EXPECT_THAT(outcome.logs, ElementsAre("**WARNING Ignoring Unrecognized tag 'data'"));
}

TEST_F(FirehoseParserTest, DoesNotKnowATagWithItsSlash) {
  auto outcome = command("<nop/>");
  EXPECT_FALSE(outcome.accepted);
  EXPECT_THAT(outcome.logs, ElementsAre("**WARNING Ignoring Unrecognized tag 'nop/'"));
}

TEST_F(FirehoseParserTest, LimitsTheTagTo30Characters) {
  auto outcome = command("<" + std::string(46, 'x') + " a=\"1\"/>");
  EXPECT_FALSE(outcome.accepted);
  EXPECT_THAT(outcome.logs, ElementsAre("ERROR: The XML TAG is too long (46 chars) only 30 chars allowed"));
  EXPECT_THAT(command("<" + std::string(30, 'x') + " a=\"1\"/>").logs,
              ElementsAre("**WARNING Ignoring Unrecognized tag '" + std::string(30, 'x') + "'"));
}

TEST_F(FirehoseParserTest, RefusesOtherAttributesWithoutALog) {
  for (const auto* element : {R"(<erase start_sector ="1"/>)", R"(<erase start_sector= "1"/>)",
                              R"(<erase start_sector='1'/>)", R"(<erase start_sector=1/>)", R"(<erase start_sector/>)",
                              R"(<erase start_sector="1/>)", R"(<erase ="1"/>)", R"(<erase start_sector="1" x/>)"}) {
    forget();
    auto outcome = command(element);
    EXPECT_FALSE(outcome.accepted) << element;
    EXPECT_THAT(outcome.logs, IsEmpty()) << element;
  }
}

TEST_F(FirehoseParserTest, LimitsNamesAndValues) {
  EXPECT_TRUE(takes("<nop " + std::string(80, 'n') + "=\"1\"/>"));
  EXPECT_FALSE(takes("<nop " + std::string(81, 'n') + "=\"1\"/>"));
  EXPECT_TRUE(takes("<nop unknown=\"" + std::string(80, 'v') + "\"/>"));
  EXPECT_FALSE(takes("<nop unknown=\"" + std::string(81, 'v') + "\"/>"));
  EXPECT_TRUE(takes("<program filename=\"" + std::string(63, 'f') + "\"/>"));
  EXPECT_FALSE(takes("<program filename=\"" + std::string(64, 'f') + "\"/>"));
  EXPECT_TRUE(takes("<program start_sector=\"" + std::string(63, '0') + "\"/>"));
  EXPECT_FALSE(takes("<program start_sector=\"" + std::string(64, '0') + "\"/>"));
  EXPECT_TRUE(takes("<program num_partition_sectors=\"" + std::string(80, '0') + "\"/>"));
}

TEST_F(FirehoseParserTest, ReadsNumbersInDecimalAndHex) {
  auto number = [this](const std::string& value) {
    EXPECT_TRUE(takes("<erase num_partition_sectors=\"" + value + "\"/>")) << value;
    return attributes.number(Attribute::num_partition_sectors);
  };
  EXPECT_EQ(number("0"), 0U);
  EXPECT_EQ(number("131072"), 131072U);
  EXPECT_EQ(number("0xFfFfFfFf"), 0xFFFFFFFFU);
  for (const auto* text : {"text", "-1", "0x", "1 ", "12a", "0xg", "1.0"}) {
    EXPECT_FALSE(takes("<erase num_partition_sectors=\"" + std::string(text) + "\"/>")) << text;
  }
}

TEST_F(FirehoseParserTest, TakesThePreviousNumberOfThePacketForAnEmptyOne) {
  EXPECT_TRUE(takes(R"(<erase SECTOR_SIZE_IN_BYTES="2048" label="4" num_partition_sectors=""/>)"));
  EXPECT_EQ(attributes.number(Attribute::num_partition_sectors), 2048U);
  EXPECT_TRUE(takes(R"(<erase num_partition_sectors=""/>)"));
  EXPECT_EQ(attributes.number(Attribute::num_partition_sectors), 0U);
}

TEST_F(FirehoseParserTest, EvaluatesStartSectorInItsOwnWay) {
  EXPECT_EQ(evaluate_sector("640"), 640U);
  EXPECT_EQ(evaluate_sector("0x40"), 40U);
  EXPECT_EQ(evaluate_sector(""), 0U);
  EXPECT_EQ(evaluate_sector("64."), 64U);
  EXPECT_EQ(evaluate_sector("64+64-1"), 127U);
  EXPECT_EQ(evaluate_sector("NUM_DISK_SECTORS"), 0U);
  EXPECT_EQ(evaluate_sector("NUM_DISK_SECTORS-33."), ~std::uint64_t{32});
  EXPECT_EQ(evaluate_sector("-1"), ~std::uint64_t{0});
  EXPECT_EQ(evaluate_sector("2*64"), std::nullopt);
  EXPECT_EQ(evaluate_sector("sixty"), std::nullopt);
}

TEST_F(FirehoseParserTest, KeepsAttributesThatACommandLeavesOut) {
  EXPECT_TRUE(takes(R"(<program start_sector="640" num_partition_sectors="64"/>)"));
  EXPECT_TRUE(takes(R"(<erase num_partition_sectors="128"/>)"));
  EXPECT_EQ(attributes.number(Attribute::start_sector), 640U);
  EXPECT_FALSE(takes(R"(<erase start_sector="1280" num_partition_sectors="x"/>)"));
  EXPECT_EQ(attributes.number(Attribute::start_sector), 1280U) << "a refused command's attributes stick as well";
}

TEST_F(FirehoseParserTest, RefusesACommandWithoutAttributes) {
  for (const auto* element : {"<nop />", "<getstorageinfo />", "<nop >", "<nop>"}) {
    auto outcome = command(element);
    EXPECT_FALSE(outcome.accepted) << element;
    EXPECT_THAT(outcome.logs, IsEmpty()) << element;
  }
}

TEST_F(FirehoseParserTest, GivesACommandWithoutAttributesTheLeftoversOfALongerPacket) {
  EXPECT_TRUE(takes(R"(<erase SECTOR_SIZE_IN_BYTES="2048" start_sector="640" num_partition_sectors="64"/>)"));
  attributes.set(Attribute::num_partition_sectors, 0);
  EXPECT_TRUE(takes("<getstorageinfo />"));
  EXPECT_EQ(attributes.number(Attribute::num_partition_sectors), 64U);
}

TEST_F(FirehoseParserTest, IsPoisonedByATextThatFillsItsBuffer) {
  EXPECT_TRUE(takes(R"(<nop value="a"/>)"));
  auto document = std::string(head) + R"(<data><nop value="a"/></data>)";
  document.resize(4095, ' ');
  EXPECT_TRUE(packet(document).accepted);
  document.resize(4096, ' ');
  EXPECT_FALSE(packet(document).accepted);
  forget();
  EXPECT_FALSE(takes(R"(<nop value="a"/>)"));
}

TEST_F(FirehoseParserTest, VerboseNamesEachAttribute) {
  auto outcome = command(R"(<configure MemoryName="nand" Verbose="1" memoryname="nand" vendor="q"/>)");
  ASSERT_THAT(outcome.logs, testing::SizeIs(2));
  EXPECT_EQ(outcome.logs[1], "Recognized Attribute Number 30 ('MemoryName') with value 'nand' type is 's'");
}

TEST_F(FirehoseParserTest, SurvivesMutatedDocuments) {
  std::mt19937 random(11);
  const auto good = std::string(head) +
                    R"(<data><program SECTOR_SIZE_IN_BYTES="2048" start_sector="64+1." filename="a.mbn"/></data>)";
  for (int i = 0; i < 50000; ++i) {
    auto text = good;
    for (auto edits = random() % 4; edits-- > 0;) {
      auto at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.erase(at, random() % 20);
          break;
        case 2:
          text.insert(at, 1, std::string_view("<>\"'=/ x")[random() % 8]);
          break;
        default:
          text.resize(std::min<std::size_t>(random() % 4097, text.size() + 200), '"');
          break;
      }
      if (text.empty()) {
        text = "<";
      }
    }
    packet(text);
  }
}

}  // namespace
}  // namespace modemedic::twin
