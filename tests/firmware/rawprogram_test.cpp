#include "firmware/rawprogram.h"

#include "firmware/contents_xml.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using testing::HasSubstr;

// The text of packages.md.
constexpr auto real = R"(<?xml version="1.0" ?>
<data>
  <!--BlockSize = 128 KB-->  <!--PageSize  = 2 KB-->  <!--NUM_PARTITION_SECTORS  = 131072-->
  <program PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="2048" filename="..\sbl1.mbn" num_partition_sectors="640" physical_partition_number="0" start_sector="0"/>
  <erase PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="2048" num_partition_sectors="576" physical_partition_number="0" start_sector="13952"/>
</data>
)";

Result<std::vector<RawCommand>> parse(std::string_view text) {
  return parse_rawprogram(as_bytes(text), "raw.xml");
}

/// One erase with an attribute more or other than usual.
std::string erase(std::string_view attributes) {
  return fmt::format(R"(<data><erase {}/></data>)", attributes);
}

TEST(Rawprogram, ReadsARealOne) {
  auto commands = parse(real);
  ASSERT_TRUE(commands) << commands.error().what;
  ASSERT_EQ(commands->size(), 2U);
  const auto& program = commands->at(0);
  EXPECT_EQ(program.kind, RawCommand::Kind::program);
  EXPECT_EQ(program.filename, R"(..\sbl1.mbn)");
  EXPECT_EQ(program.range, (SectorRange{{0}, {640}}));
  EXPECT_EQ(program.page_size, 2048U);
  EXPECT_EQ(program.pages_per_block, 64U);
  EXPECT_FALSE(program.vendor_tagged());
  ASSERT_EQ(program.attributes.size(), 6U);
  EXPECT_EQ(program.attributes[2], (std::pair<std::string, std::string>("filename", R"(..\sbl1.mbn)")));
  EXPECT_EQ(commands->at(1).kind, RawCommand::Kind::erase);
  EXPECT_EQ(commands->at(1).range, (SectorRange{{13952}, {576}}));

  auto header = parse_raw_header(as_bytes(real), "raw.xml");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->block_size, 131072U);
  EXPECT_EQ(header->page_size, 2048U);
  EXPECT_EQ(header->chip_sectors, 131072U);
}

constexpr auto usual =
    R"(PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="2048" num_partition_sectors="64" physical_partition_number="0" )";

TEST(Rawprogram, TakesHexAndTheFormWithLabels) {
  auto commands = parse(erase(std::string(usual) + R"(start_sector="0x1F00")"));
  ASSERT_TRUE(commands) << commands.error().what;
  EXPECT_EQ(commands->at(0).range.start.n, 0x1F00U);
  commands = parse(fmt::format(
      R"(<data><program {} start_sector="0" filename="a.mbn" label="sbl" file_sector_offset="0" sparse="false"/></data>)",
      usual));
  ASSERT_TRUE(commands) << commands.error().what;
  EXPECT_FALSE(commands->at(0).vendor_tagged());
}

TEST(Rawprogram, KeepsVendorTagsAsTheyStand) {
  auto commands = parse(erase(std::string(usual) + R"(start_sector="0" vendor="quectel" c_project_name="EC25&amp;x")"));
  ASSERT_TRUE(commands) << commands.error().what;
  EXPECT_TRUE(commands->at(0).vendor_tagged());
  EXPECT_EQ(commands->at(0).attributes[5], (std::pair<std::string, std::string>("vendor", "quectel")));
  EXPECT_EQ(commands->at(0).attributes[6], (std::pair<std::string, std::string>("c_project_name", "EC25&x")));
}

TEST(Rawprogram, RefusesNumbersThatAreNone) {
  for (auto number : {"", "-1", "+1", " 1", "1 ", "1.", "0x", "0xG", "x", "4294967296", "0x100000000",
                      "18446744073709551616", "99999999999999999999999", "NUM_DISK_SECTORS-5.", "&bomb;"}) {
    auto commands = parse(erase(fmt::format("{} start_sector=\"{}\"", usual, number)));
    ASSERT_FALSE(commands) << number;
    EXPECT_EQ(commands.error().code, Code::package_bad);
    EXPECT_THAT(commands.error().what, HasSubstr("raw.xml: command 1 <erase>: start_sector=")) << number;
  }
  EXPECT_TRUE(parse(erase(std::string(usual) + R"(start_sector="4294967295")")));
}

TEST(Rawprogram, RefusesWhatItDoesNotFullyUnderstand) {
  for (auto [text, says] : {
           std::pair{std::string("<data></data>"), "no commands"},
           {"<patches/>", "its root is <patches>"},
           {"<data><zeroout/></data>", "only <program> and <erase>"},
           {"<data>text</data>", "only <program> and <erase>"},
           {"<data><erase/></data>", "it has no start_sector"},
           {erase(usual), "it has no start_sector"},
           {erase(std::string(usual) + R"(start_sector="0" START_SECTOR="640")"), "START_SECTOR twice"},
           {erase(R"(PAGES_PER_BLOCK="64" num_partition_sectors="64" start_sector="0")"), "no SECTOR_SIZE_IN_BYTES"},
           {erase(R"(PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="2048" num_partition_sectors="0" start_sector="0")"),
            "num_partition_sectors is 0"},
           {erase(R"(PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="2048" num_partition_sectors="64" start_sector="0" )"
                  R"(physical_partition_number="1")"),
            "a NAND knows only 0"},
           {fmt::format(R"(<data><program {} start_sector="0"/></data>)", usual), "it names no file"},
           {fmt::format(R"(<data><program {} start_sector="0" filename=""/></data>)", usual), "it names no file"},
           {fmt::format(R"(<data><program {} start_sector="0" filename="a" sparse="true"/></data>)", usual), "sparse"},
           {fmt::format(R"(<data><program {} start_sector="0" filename="a" file_sector_offset="8"/></data>)", usual),
            "a NAND knows only 0"},
           {fmt::format(R"(<data><erase {} start_sector="0"><erase/></erase></data>)", usual), "other elements"},
           {erase(fmt::format(R"({} start_sector="0" vendor="{}")", usual, std::string(81, 'a'))), "longer than 80"},
           {"<data><erase", "no well-formed XML"},
           {"", "no well-formed XML"},
           {"<data>", "no well-formed XML"},
           {std::string("<data/>\0<data/>", 15), "no text"},
           {std::string(1_MiB + 1, ' '), "far more than"},
       }) {
    auto commands = parse(text);
    ASSERT_FALSE(commands) << text.substr(0, 200);
    EXPECT_EQ(commands.error().code, Code::package_bad);
    EXPECT_THAT(commands.error().what, HasSubstr(says)) << text.substr(0, 200);
  }
}

TEST(Rawprogram, RefusesAnEntityBombUnexpanded) {
  std::string bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE data [\n<!ENTITY a \"aaaaaaaaaa\">\n";
  for (char c = 'b'; c < 'm'; ++c) {
    bomb += fmt::format("<!ENTITY {} \"&{};&{};&{};&{};&{};&{};&{};&{};&{};&{};\">\n", c, c - 1, c - 1, c - 1, c - 1,
                        c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
  }
  bomb += "]>\n<data>&l;</data>\n";
  auto commands = parse(bomb);
  ASSERT_FALSE(commands);
  EXPECT_THAT(commands.error().what, HasSubstr("DOCTYPE"));
  EXPECT_FALSE(parse("<!DOCTYPE data SYSTEM \"file:///etc/passwd\"><data/>"));
  EXPECT_FALSE(parse("<data><!DOCTYPE data></data>"));
  EXPECT_FALSE(parse_contents(as_bytes(bomb), "contents.xml"));
}

TEST(Rawprogram, RefusesMoreCommandsThanAnyPackageHas) {
  auto one = fmt::format("<erase {} start_sector=\"0\"/>", usual);
  std::string many = "<data>";
  for (int i = 0; i < 4096; ++i) {
    many += one;
  }
  EXPECT_TRUE(parse(many + "</data>"));
  EXPECT_FALSE(parse(many + one + "</data>"));
}

TEST(Rawprogram, RefusesACommentWithoutItsNumber) {
  for (auto comment : {"NUM_PARTITION_SECTORS = many", "PageSize = 99999999999999999999 KB", "BlockSize = "}) {
    auto text = fmt::format("<data><!--{}--></data>", comment);
    EXPECT_FALSE(parse_raw_header(as_bytes(text), "raw.xml")) << comment;
  }
  EXPECT_TRUE(parse_raw_header(as_bytes("<data><!--made = by hand--><!--no equals--></data>"), "raw.xml"));
}

TEST(Patches, AreCountedByWhereTheyGo) {
  auto count = count_patches(as_bytes(R"(<patches><patch filename="DISK"/><patch filename="a.mbn"/></patches>)"), "p");
  ASSERT_TRUE(count);
  EXPECT_EQ(count->on_disk, 1U);
  EXPECT_EQ(count->in_files, 1U);
}

TEST(ContentsXml, ReadsChipAndProduct) {
  auto contents = parse_contents(
      as_bytes("\xEF\xBB\xBF<?xml version=\"1.0\"?>\r\n<contents><a><chipid flavor=\"x\"> MDM9607 </chipid></a>\r\n"
               "<product_name>MDM9607.LE.1.0</product_name></contents>"),
      "contents.xml");
  ASSERT_TRUE(contents) << contents.error().what;
  EXPECT_EQ(contents->chipid, "MDM9607");
  EXPECT_EQ(contents->product_name, "MDM9607.LE.1.0");
}

}  // namespace
}  // namespace modemedic::firmware
