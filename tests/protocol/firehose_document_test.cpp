#include "protocol/firehose_host.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::protocol::firehose {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const Geometry p2k{.page_size = 2048, .pages_per_block = 64, .blocks = 2048};
const Geometry p4k{.page_size = 4096, .pages_per_block = 64, .blocks = 2048};

std::string text(const Command& command) {
  return std::string(as_text(document(command)));
}

const std::string head = R"(<?xml version="1.0" encoding="UTF-8" ?><data>)";

TEST(FirehoseDocument, WritesEveryAttributeOfConfigure) {
  EXPECT_EQ(text(Configure{.payload = 8192}),
            head + R"(<configure MemoryName="nand" Verbose="0" AlwaysValidate="0" MaxDigestTableSizeInBytes="2048" )"
                   R"(MaxPayloadSizeToTargetInBytes="8192" ZlpAwareHost="1" SkipStorageInit="0" SkipWrite="0" />)"
                   "</data>");
  EXPECT_THAT(text(Configure{.skip_write = true}), HasSubstr(R"(SkipWrite="1")"));
}

TEST(FirehoseDocument, WritesEveryAttributeOfErase) {
  EXPECT_EQ(text(Erase{.geometry = p2k, .range = {{640}, {128}}, .verbatim = {}}),
            head + R"(<erase PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="2048" num_partition_sectors="128" )"
                   R"(physical_partition_number="0" start_sector="640" /></data>)");
}

TEST(FirehoseDocument, WritesEveryAttributeOfProgram) {
  EXPECT_EQ(text(Program{.geometry = p4k, .start = {64}, .size = 4097, .filename = "firehose\\update/sbl1.mbn"}),
            head + R"(<program PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="4096" filename="sbl1.mbn" )"
                   R"(num_partition_sectors="2" physical_partition_number="0" start_sector="64" )"
                   R"(get_spare="0" ecc_disabled="0" /></data>)");
}

TEST(FirehoseDocument, WritesEveryAttributeOfRead) {
  EXPECT_EQ(text(Read{.geometry = p2k, .range = {{0}, {4}}, .keep_positions = true}),
            head + R"(<read PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="2048" filename="read" )"
                   R"(num_partition_sectors="4" physical_partition_number="0" start_sector="0" )"
                   R"(bad_block_at_end="0" get_spare="0" ecc_disabled="0" /></data>)");
  EXPECT_THAT(text(Read{.geometry = p2k, .range = {{0}, {4}}}), HasSubstr(R"(bad_block_at_end="1")"));
}

TEST(FirehoseDocument, WritesEveryAttributeOfADigest) {
  EXPECT_EQ(text(Digest{.geometry = p2k, .range = {{64}, {4}}}),
            head + R"(<getsha256digest PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="2048" num_partition_sectors="4" )"
                   R"(physical_partition_number="0" start_sector="64" bad_block_at_end="0" get_spare="0" )"
                   R"(ecc_disabled="0" /></data>)");
}

TEST(FirehoseDocument, GivesEveryCommandAnAttribute) {
  EXPECT_EQ(text(Nop{}), head + R"(<nop Verbose="0" /></data>)");
  EXPECT_EQ(text(GetStorageInfo{}), head + R"(<getstorageinfo physical_partition_number="0" /></data>)");
  EXPECT_EQ(text(Power{.delay_seconds = 10}), head + R"(<power value="reset" DelayInSeconds="10" /></data>)");
}

TEST(FirehoseDocument, PassesUnknownAttributesOnVerbatim) {
  Erase erase{
      .geometry = p2k,
      .range = {{0}, {64}},
      .verbatim = {{"vendor", "quectel"}, {"a_rawdata_start_sector", "0x10"}, {"c_project_name", "A&B <\"C\">"}}};
  EXPECT_TRUE(check(erase));
  EXPECT_THAT(text(erase), EndsWith(R"(start_sector="0" vendor="quectel" a_rawdata_start_sector="0x10" )"
                                    R"(c_project_name="A&amp;B &lt;&quot;C&quot;&gt;" /></data>)"));
}

TEST(FirehoseDocument, IsNeverAMultipleOf512AndNeverTooLong) {
  bool padded = false;
  for (std::size_t count = 0; count < 24; ++count) {
    for (std::size_t length = 0; length <= 80; ++length) {
      Attributes verbatim;
      for (std::size_t i = 0; i < count; ++i) {
        verbatim.emplace_back("a" + std::to_string(i), std::string(i == 0 ? length : 80, 'x'));
      }
      Erase erase{.geometry = p2k, .range = {{0}, {64}}, .verbatim = verbatim};
      ASSERT_TRUE(check(erase));
      auto size = document(erase).size();
      EXPECT_NE(size % 512, 0U);
      EXPECT_LE(size, 4095U);
      padded = padded || document(erase).back() == std::byte{' '};
    }
  }
  EXPECT_TRUE(padded) << "no document of this test needed a blank";
}

TEST(FirehoseDocument, RefusesAttributesThatMakeItTooLong) {
  Erase erase{.geometry = p2k, .range = {{0}, {64}}, .verbatim = {}};
  for (int i = 0; i < 50; ++i) {
    erase.verbatim.emplace_back("attribute" + std::to_string(i), std::string(80, 'x'));
  }
  EXPECT_EQ(check(erase).error().code, Code::package_bad);
}

TEST(FirehoseDocument, RefusesAttributesThatOverruleOurs) {
  for (const auto* name : {"start_sector", "START_SECTOR", "num_partition_sectors", "SECTOR_SIZE_IN_BYTES", "SkipWrite",
                           "skipwrite", "get_spare", "ecc_disabled", "bad_block_at_end", "Verbose", "value",
                           "MaxPayloadSizeToTargetInBytes", "DelayInSeconds", "physical_partition_number"}) {
    Erase erase{.geometry = p2k, .range = {{0}, {64}}, .verbatim = {{name, "1"}}};
    auto checked = check(erase);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, Code::package_bad);
    EXPECT_THAT(checked.error().what, HasSubstr(name));
  }
}

TEST(FirehoseDocument, RefusesAttributesThatAreNoXml) {
  const Attributes bad = {{"", "1"},
                          {"a b", "1"},
                          {"a\"", "1"},
                          {"1a", "1"},
                          {"a=", "1"},
                          {"/", "1"},
                          {std::string(81, 'a'), "1"},
                          {"a", std::string(81, 'x')},
                          {"a", std::string(20, '"')},
                          {"a", "line\nbreak"},
                          {"a", std::string("nul\0", 4)}};
  for (const auto& attribute : bad) {
    Erase erase{.geometry = p2k, .range = {{0}, {64}}, .verbatim = {attribute}};
    EXPECT_FALSE(check(erase)) << attribute.first << "=" << attribute.second;
  }
  EXPECT_FALSE(check(Erase{.geometry = p2k, .range = {{0}, {64}}, .verbatim = {{"a", "1"}, {"A", "2"}}}));
}

TEST(FirehoseDocument, NeverSaysAllOnes) {
  // 0xFFFFFFFF sectors from 0 is the whole chip, EFS included (trap 5).
  auto unknown = p2k;
  unknown.blocks = 0;
  EXPECT_FALSE(check(Erase{.geometry = unknown, .range = {{0}, {0xffffffff}}, .verbatim = {}}));
  EXPECT_FALSE(check(Erase{.geometry = unknown, .range = {{0xffffffff}, {64}}, .verbatim = {}}));
  EXPECT_FALSE(check(Erase{.geometry = unknown, .range = {{64}, {~std::uint64_t{0}}}, .verbatim = {}}));
}

TEST(FirehoseDocument, RefusesRangesThatAreNone) {
  EXPECT_FALSE(check(Erase{.geometry = p2k, .range = {{0}, {0}}, .verbatim = {}}));
  EXPECT_FALSE(check(Erase{.geometry = p2k, .range = {{131072 - 64}, {128}}, .verbatim = {}}));
  EXPECT_TRUE(check(Erase{.geometry = p2k, .range = {{131072 - 64}, {64}}, .verbatim = {}}));
  EXPECT_FALSE(check(Program{.geometry = p2k, .start = {0}, .size = 0, .filename = "x"}));
  EXPECT_FALSE(check(Program{.geometry = p2k, .start = {131071}, .size = 2049, .filename = "x"}));
  EXPECT_FALSE(check(Program{.geometry = {.page_size = 0}, .start = {0}, .size = 1, .filename = "x"}));
  EXPECT_FALSE(check(Read{.geometry = p2k, .range = {{0}, {131073}}}));
  EXPECT_FALSE(check(Configure{.payload = 1000}));
}

TEST(FirehoseDocument, CutsAndCleansAFilename) {
  auto name_of = [](const std::string& filename) {
    auto whole = text(Program{.geometry = p2k, .start = {0}, .size = 1, .filename = filename});
    auto start = whole.find("filename=\"") + 10;
    return whole.substr(start, whole.find('"', start) - start);
  };
  EXPECT_EQ(name_of(std::string(200, 'n')), std::string(63, 'n'));
  EXPECT_EQ(name_of(std::string(60, 'n') + "&"), std::string(60, 'n'));  // &amp; would be 65
  EXPECT_EQ(name_of(std::string(58, 'n') + "&x"), std::string(58, 'n') + "&amp;");
  EXPECT_EQ(name_of("a\" start_sector=\"0.mbn"), "a&quot; start_sector=&quot;0.mbn");
  EXPECT_EQ(name_of("f\xc3\xbc\n.mbn"), "f___.mbn");
  EXPECT_EQ(name_of(""), "image");
  EXPECT_EQ(name_of("dir/"), "image");
}

}  // namespace
}  // namespace modemedic::protocol::firehose
