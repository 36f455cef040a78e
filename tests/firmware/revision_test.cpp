#include "firmware/revision.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

struct Name {
  const char* text;
  const char* order_code;
  unsigned baseline;
  unsigned release;
  const char* memory;
  const char* suffix;
  const char* sub_version;
};

// Every name of the field that the facts list.
constexpr Name names[] = {
    {"EC20EQAR02A04E2G", "EC20EQA", 2, 4, "E2G", "", ""},
    {"EC20EQAR02A13E2G", "EC20EQA", 2, 13, "E2G", "", ""},
    {"EC20AQAR02A03E2G", "EC20AQA", 2, 3, "E2G", "", ""},
    {"EC20CEFAGR06A16M4G", "EC20CEFAG", 6, 16, "M4G", "", ""},
    {"EC20CEHDLGR08A08M1G", "EC20CEHDLG", 8, 8, "M1G", "", ""},
    {"EC25EFAR02A08M4G", "EC25EFA", 2, 8, "M4G", "", ""},
    {"EC25EFAR06A11M4G_01.001.01.001", "EC25EFA", 6, 11, "M4G", "", "01.001.01.001"},
    {"EC25EFAR06A17M4G_20.200.20.200", "EC25EFA", 6, 17, "M4G", "", "20.200.20.200"},
    {"EC25EFAR08A01M4G_01.001.01.001", "EC25EFA", 8, 1, "M4G", "", "01.001.01.001"},
    {"EC25EUGAR08A03M4G_01.200.01.200", "EC25EUGA", 8, 3, "M4G", "", "01.200.01.200"},
    {"EC25EUXGAR08A15M1G_20.200.20.200", "EC25EUXGA", 8, 15, "M1G", "", "20.200.20.200"},
    {"EG25GGBR07A07M2G_01.001.02", "EG25GGB", 7, 7, "M2G", "", "01.001.02"},
    {"EG25GGBR07A07M2G_OCPU_01.001.01.001", "EG25GGB", 7, 7, "M2G", "_OCPU", "01.001.01.001"},
    {"EG25GGBR07A08M2G_30.006.30.006", "EG25GGB", 7, 8, "M2G", "", "30.006.30.006"},
    {"EP06ELAR04A20M4G", "EP06ELA", 4, 20, "M4G", "", ""},
    {"EM05CEFCR08A16M1G_LNV", "EM05CEFC", 8, 16, "M1G", "_LNV", ""},
    {"RM502QAEAAR13A02M4G", "RM502QAEAA", 13, 2, "M4G", "", ""},
    {"RM520NGLAAR01A07M4G_01.200.01.200", "RM520NGLAA", 1, 7, "M4G", "", "01.200.01.200"},
    {"RG520NEUDBR01A06M8GA", "RG520NEUDB", 1, 6, "M8G", "", ""},
    {"BG95M3LAR02A03_A0.300.A300", "BG95M3LA", 2, 3, "", "", "A0.300.A300"},
    // the same with the suffixes that the grammar names
    {"EG25GGBR07A08M2GA_BETA_20200511", "EG25GGB", 7, 8, "M2G", "_BETA_20200511", ""},
    {"EM05CEFCR08A16M1G_LNV_ACY_JP_01.001.01.001", "EM05CEFC", 8, 16, "M1G", "_LNV_ACY_JP", "01.001.01.001"},
    {"EC25EFAR06A17M4G_20.200", "EC25EFA", 6, 17, "M4G", "", "20.200"},
    {"EC21EFAR06A01G", "EC21EFA", 6, 1, "", "", ""},
    {"EC21EFAR06A01GA", "EC21EFA", 6, 1, "", "", ""},
};

TEST(Revision, ReadsEveryNameOfTheField) {
  for (const auto& name : names) {
    auto revision = parse_revision(name.text);
    ASSERT_TRUE(revision) << name.text;
    EXPECT_EQ(revision->text, name.text);
    EXPECT_EQ(revision->order_code, name.order_code) << name.text;
    EXPECT_EQ(revision->baseline, name.baseline) << name.text;
    EXPECT_EQ(revision->release, name.release) << name.text;
    EXPECT_EQ(revision->memory, name.memory) << name.text;
    EXPECT_EQ(revision->suffix, name.suffix) << name.text;
    EXPECT_EQ(revision->sub_version, name.sub_version) << name.text;
  }
}

TEST(Revision, ShowsWhatCgmrShows) {
  EXPECT_EQ(parse_revision("EG25GGBR07A08M2G_30.006.30.006")->short_text(), "EG25GGBR07A08M2G");
  EXPECT_EQ(parse_revision("EG25GGBR07A07M2G_OCPU_01.001.01.001")->short_text(), "EG25GGBR07A07M2G_OCPU");
  EXPECT_EQ(parse_revision("RG520NEUDBR01A06M8GA")->short_text(), "RG520NEUDBR01A06M8GA");
  EXPECT_EQ(parse_revision("BG95M3LAR02A03_A0.300.A300")->short_text(), "BG95M3LAR02A03");
}

TEST(Revision, IsUnknownWhenTheNameDoesNotFollowTheGrammar) {
  for (const char* text : {
           "",
           "EG25",
           "EG25-G",
           "R07A08M2G",                         // no order code
           "EGGBR07A08M2G",                     // an order code has the model's number
           "7G25GGBR07A08M2G",                  // and begins with letters
           "ABCDEFGHIJKLMNOPQRST1R07A08M2G",    // far too long
           "EG25GGBR7A08M2G",                   // one digit of a baseline
           "EG25GGBR07A8M2G",                   //
           "EG25GGBR07A080M2G",                 // three of a release
           "EG25GGBR07A08M2GX",                 //
           "EG25GGBR07A08MG",                   // memory without its number
           "EG25GGBR07A08M2",                   //
           "EG25GGBR07A08M2G_",                 //
           "EG25GGBR07A08M2G_30.006.30.006_",   //
           "EG25GGBR07A08M2G_30.006.30.006.1",  // five fields
           "EG25GGBR07A08M2G_30..006",          //
           "EG25GGBR07A08M2G.30.006",           //
           "EG25GGBR07A08M2G 30.006.30.006",    //
           "eg25ggbr07a08m2g",                  //
           " EG25GGBR07A08M2G",                 // the whole text must be the name
           "EG25GGBR07A08M2G\r\n",              //
       }) {
    EXPECT_FALSE(parse_revision(text)) << text;
  }
}

TEST(Revision, IsFoundInFileNamesAndAtLines) {
  const std::pair<const char*, const char*> texts[] = {
      {"EG25GGBR07A08M2G_30.006.30.006.zip", "EG25GGBR07A08M2G_30.006.30.006"},
      {"EG25GGBR07A08M2G_30.006.30.006.ZIP", "EG25GGBR07A08M2G_30.006.30.006"},
      {"/tmp/Quectel_EC25EFAR06A11M4G_01.001.01.001_Release_Notes.pdf", "EC25EFAR06A11M4G_01.001.01.001"},
      {"EM05CEFCR08A16M1G_LNV_Firmware_Release_Notes_V1.0.pdf", "EM05CEFCR08A16M1G_LNV"},
      {"Revision: EC25EFAR02A08M4G\r\n\r\nOK\r\n", "EC25EFAR02A08M4G"},
      {"R02A03 is no name, BG95M3LAR02A03_A0.300.A300 is", "BG95M3LAR02A03_A0.300.A300"},
  };
  for (const auto& [text, name] : texts) {
    auto revision = find_revision(text);
    ASSERT_TRUE(revision) << text;
    EXPECT_EQ(revision->text, name);
  }
  EXPECT_FALSE(find_revision("firmware.zip"));
}

/// Names made by the grammar come out as what they were made of, alone and in whatever stands around them.
TEST(Revision, GivesBackWhatANameWasMadeOf) {
  constexpr const char* codes[] = {"EC20CEFAG", "EC25EUXGA", "EG25GGB", "RM502QAEAA", "BG95M3LA", "EC20CEHDLG"};
  constexpr const char* memories[] = {"", "G", "GA", "E2G", "M1G", "M2G", "M2GA", "M4G", "M8GA", "M16G"};
  constexpr const char* suffixes[] = {"", "_OCPU", "_LNV_ACY", "_BETA_20200511"};
  constexpr const char* sub_versions[] = {"", "01.001.02", "20.200.20.200", "A0.300.A300", "30.006"};
  for (const auto* code : codes) {
    for (const auto* memory : memories) {
      for (const auto* suffix : suffixes) {
        for (const auto* sub_version : sub_versions) {
          for (const auto* numbers : {"R01A02", "R13A99"}) {
            auto name = std::string(code) + numbers + memory + suffix + (*sub_version == 0 ? "" : "_") + sub_version;
            auto revision = parse_revision(name);
            ASSERT_TRUE(revision) << name;
            auto without_a = std::string(memory);
            without_a.resize(std::min(without_a.find('A'), without_a.size()));
            EXPECT_EQ(revision->order_code, code) << name;
            EXPECT_EQ(revision->memory, without_a == "G" ? "" : without_a) << name;
            EXPECT_EQ(revision->suffix, suffix) << name;
            EXPECT_EQ(revision->sub_version, sub_version) << name;
            EXPECT_EQ(revision->text, name);
            EXPECT_EQ(parse_revision(revision->text), revision) << name;
            EXPECT_EQ(find_revision("Revision: " + name + "\r\n"), revision) << name;
          }
        }
      }
    }
  }
}

TEST(Revision, SurvivesEveryCutOfAName) {
  for (const auto& name : names) {
    std::string_view text = name.text;
    for (std::size_t length = 0; length <= text.size(); ++length) {
      auto revision = find_revision(text.substr(0, length));
      if (revision) {
        EXPECT_TRUE(text.starts_with(revision->text));
      }
    }
  }
}

}  // namespace
}  // namespace modemedic::firmware
