#include "firmware/safe_path.h"

#include <string>

#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using namespace std::string_literals;

TEST(SafePath, FoldsWhatMeansTheSame) {
  EXPECT_EQ(safe_path(R"(update\firehose\a.xml)").value(), "update/firehose/a.xml");
  EXPECT_EQ(safe_path("./update//./sbl1.mbn").value(), "update/sbl1.mbn");
  EXPECT_EQ(safe_path("folder/").value(), "folder");
  EXPECT_EQ(safe_path("..a/b..").value(), "..a/b..");
  EXPECT_EQ(safe_path("发布说明.pdf").value(), "发布说明.pdf");
}

TEST(SafePath, RefusesWhatLeavesThePackage) {
  for (const auto& path :
       {"../a"s, "a/../../b"s, "a/.."s, R"(..\a)"s, R"(a\..\..\b)"s, "/etc/passwd"s, R"(\Windows)"s, "C:/a"s, R"(c:a)"s,
        ""s, "."s, "./"s, "a\0b"s, "a\nb"s, "a\x1b[2J"s, "a\x7f"s, std::string(1025, 'a'), std::string(256, 'a')}) {
    auto safe = safe_path(path);
    ASSERT_FALSE(safe) << path;
    EXPECT_EQ(safe.error().code, Code::package_bad);
  }
  std::string deep = "a";
  for (int i = 0; i < 32; ++i) {
    deep += "/a";
  }
  EXPECT_FALSE(safe_path(deep));
  EXPECT_TRUE(safe_path(deep.substr(2)));
}

TEST(SafePath, IsAlwaysPrintableUtf8) {
  EXPECT_EQ(safe_path("\xB7\xA2.pdf").value(), "%B7%A2.pdf");          // GBK
  EXPECT_EQ(safe_path("a\xC2\x9B").value(), "a%C2%9B");                // a C1 control: CSI
  EXPECT_EQ(safe_path("a\xC0\xAF").value(), "a%C0%AF");                // an overlong '/'
  EXPECT_EQ(safe_path("a\xED\xA0\x80").value(), "a%ED%A0%80");         // a surrogate
  EXPECT_EQ(safe_path("a\xF4\x90\x80\x80").value(), "a%F4%90%80%80");  // beyond Unicode
  EXPECT_EQ(safe_path("a\xE5\x8F").value(), "a%E5%8F");                // cut
  EXPECT_EQ(safe_path("\xF0\x9F\x93\xA1").value(), "\xF0\x9F\x93\xA1");
}

TEST(SafePath, RefusesWhatBecomesDangerousByFolding) {
  for (const auto& path : {"./C:/a"s, R"(.\c:a)"s, "//C:"s, "./" + std::string(100, '\xFF')}) {
    EXPECT_FALSE(safe_path(path)) << path;
  }
  EXPECT_FALSE(resolve_path("update", R"(..\C:\a)"));
  auto grown = std::string(80, '\xFF');  // 240 bytes as %FF%FF…
  EXPECT_TRUE(safe_path(grown));
  EXPECT_FALSE(safe_path(grown + "/" + grown + "/" + grown + "/" + grown + "/" + grown));
}

TEST(ResolvePath, ClimbsOnlyWithinThePackage) {
  EXPECT_EQ(resolve_path("update/firehose", R"(..\sbl1.mbn)").value(), "update/sbl1.mbn");
  EXPECT_EQ(resolve_path("update/firehose", R"(..\..\contents.xml)").value(), "contents.xml");
  EXPECT_EQ(resolve_path("", "a.mbn").value(), "a.mbn");
  EXPECT_FALSE(resolve_path("update/firehose", R"(..\..\..\passwd)"));
  EXPECT_FALSE(resolve_path("update", R"(..\a\..\..\passwd)"));
  EXPECT_FALSE(resolve_path("update", R"(\sbl1.mbn)"));
  EXPECT_FALSE(resolve_path("update", ".."));
}

}  // namespace
}  // namespace modemedic::firmware
