#include "firmware/md5_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using testing::HasSubstr;

Result<Md5List> parse(std::string_view text) {
  return parse_md5_list(as_bytes(text), "md5.txt");
}

// The list of packages.md, byte for byte.
constexpr auto real =
    "VERSION:1.0\r\nFILE:START\r\n"
    "FILE:\\update\\firehose\\patch_p2K_b128K.xml:76AB07AD900114A765BC0C14F17F915A\r\n"
    "FILE:\\upgrade\\targetfiles.zip:222EAA53A6C111E7F2E248587D6EA079\r\nFILE:END\r\n";

TEST(Md5List, ReadsARealOne) {
  auto list = parse(real);
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_EQ(list->lines.size(), 2U);
  const auto* line = list->find("update/firehose/patch_p2K_b128K.xml");
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(hex_digits(line->md5), "76ab07ad900114a765bc0c14f17f915a");
  EXPECT_NE(list->find("UPDATE/firehose/PATCH_p2k_b128k.xml"), nullptr);
  EXPECT_EQ(list->find("update/sbl1.mbn"), nullptr);
}

TEST(Md5List, TakesOtherLineEndsAndEitherCase) {
  auto list =
      parse("\xEF\xBB\xBFVERSION:1.0\n\nFILE:START\nFILE:update/a b.mbn:76ab07ad900114a765bc0c14f17f915A  \nFILE:END");
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_NE(list->find("update/a b.mbn"), nullptr);
}

TEST(Md5List, NamesTheLineAtFault) {
  for (auto [text, says] : {
           std::pair{"", "it ends at line 0 without FILE:START"},
           {"VERSION:1.0\nFILE:START\nFILE:\\a:76AB07AD900114A765BC0C14F17F915A\n", "without FILE:END"},
           {"VERSION:2.0\nFILE:START\nFILE:END\n", "line 1: \"VERSION:2.0\""},
           {"hello\n", "line 1: \"hello\""},
           {"FILE:START\nhello\nFILE:END\n", "line 2: \"hello\" is not FILE:"},
           {"FILE:START\nFILE:nothing\nFILE:END\n", "line 2: "},
           {"FILE:START\nFILE:\\a:76AB07AD900114A765BC0C14F17F915\nFILE:END\n", "line 2: "},
           {"FILE:START\nFILE:\\a:76AB07AD900114A765BC0C14F17F915AA\nFILE:END\n", "line 2: "},
           {"FILE:START\nFILE:\\a:76AB07AD900114A765BC0C14F17F915G\nFILE:END\n", "line 2: "},
           {"FILE:START\nFILE:\\..\\a:76AB07AD900114A765BC0C14F17F915A\nFILE:END\n", "climbs out"},
           {"FILE:START\nFILE:C:\\a:76AB07AD900114A765BC0C14F17F915A\nFILE:END\n", "names a drive"},
           {"FILE:START\nFILE::76AB07AD900114A765BC0C14F17F915A\nFILE:END\n", "line 2: "},
           {"FILE:START\nFILE:END\nFILE:\\a:76AB07AD900114A765BC0C14F17F915A\n", "line 3: there is more"},
           {"FILE:START\nFILE:\\a:76AB07AD900114A765BC0C14F17F915A\nFILE:\\A:222EAA53A6C111E7F2E248587D6EA079\n"
            "FILE:END\n",
            "line 3: A has another digest above"},
       }) {
    auto list = parse(text);
    ASSERT_FALSE(list) << text;
    EXPECT_EQ(list.error().code, Code::package_bad);
    EXPECT_THAT(list.error().what, HasSubstr(says));
    EXPECT_THAT(list.error().what, HasSubstr("md5.txt"));
  }
}

TEST(Md5List, IsBounded) {
  EXPECT_FALSE(parse(std::string(1_MiB + 1, '\n')));
}

}  // namespace
}  // namespace modemedic::firmware
