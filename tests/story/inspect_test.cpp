#include "support/command.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include <gmock/gmock.h>

/// What a package is, as text, as JSON, and as a page to keep.
namespace modemedic::tests {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The elements of a page that are never closed, or closed in the wrong place; empty of a page that is well-formed.
std::string unbalanced(const std::string& page) {
  const std::set<std::string> without_end = {"meta", "!doctype"};
  std::vector<std::string> open;
  for (auto at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    auto end = page.find('>', at);
    if (end == std::string::npos) {
      return "a tag without an end";
    }
    auto name = page.substr(at + 1, page.find_first_of(" >", at) - at - 1);
    for (auto& c : name) {
      c = static_cast<char>(std::tolower(c));
    }
    if (without_end.contains(name)) {
      continue;
    }
    if (name[0] != '/') {
      open.push_back(name);
    } else if (open.empty() || open.back() != name.substr(1)) {
      return name + " closes " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back() + " stays open";
}

class Inspect : public testing::Test {
protected:
  std::string make(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"virtual", "package", "eg25-g", dir_ / name, "--small"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto made = run(arguments);
    EXPECT_EQ(made.exit, 0) << made.err;
    return dir_ / name;
  }

  TempDir dir_;
};

TEST_F(Inspect, SaysWhatStaysAndWhatDoesNot) {
  auto seen = run({"inspect", make("fw.zip")});
  EXPECT_EQ(seen.exit, 0) << seen.err;
  EXPECT_THAT(seen.out, HasSubstr("revision   EG25GGBR07A07M2G_30.004.30.004"));
  EXPECT_THAT(seen.out, HasSubstr("chip       9x07"));
  EXPECT_THAT(seen.out, HasSubstr("maker      Quectel"));
  EXPECT_THAT(seen.out, HasSubstr("signed     no"));
  EXPECT_THAT(seen.out, HasSubstr("md5.txt vouches for all of them"));
  EXPECT_THAT(seen.out, HasSubstr("STAYS: EFS2, RAWDATA, sec (IMEI and RF calibration of the module)"));
  EXPECT_THAT(seen.out, HasSubstr("DOES NOT STAY: SBL, MIBIB, TZ,"));
  EXPECT_THAT(seen.out, Not(HasSubstr("!!!")));
}

TEST_F(Inspect, SaysWhoSignedIt) {
  auto seen = run({"--json", "inspect", make("signed", {"--signed-by", "Example OEM"})});
  EXPECT_EQ(seen.exit, 0) << seen.err;
  EXPECT_THAT(seen.out, HasSubstr(R"("signing":{"state":"signed","signer":"Example OEM Image Signer")"));
  EXPECT_THAT(seen.out, HasSubstr(R"("hardware_id":"0x000480e100000000")"));
}

TEST_F(Inspect, WritesAPageThatNeedsNothingElse) {
  auto package = make("fw");
  auto seen = run({"inspect", package, "--html", dir_ / "page.html"});
  EXPECT_EQ(seen.exit, 0) << seen.err;
  auto page = slurp(dir_ / "page.html");
  EXPECT_EQ(unbalanced(page), "");
  for (const auto* text : {"EG25GGBR07A07M2G_30.004.30.004", "EFS2, RAWDATA, sec", "update/sbl1.mbn", "order-trap"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  for (const auto* text : {"http:", "https:", "<script", "<img", "<link", "url(", "@import"}) {
    EXPECT_THAT(page, Not(HasSubstr(text)));
  }
}

TEST_F(Inspect, EscapesWhateverComesFromThePackage) {
  auto package = make("<b>\"fw' &amp;");
  fs::create_directories(fs::path(package) / "<script>alert(1)<");
  std::ofstream(fs::path(package) / "<script>alert(1)<" / "script>\u202Etxt.exe") << "x";
  auto seen = run({"inspect", package, "--html", dir_ / "page.html"});
  EXPECT_EQ(seen.exit, 0) << seen.err;
  auto page = slurp(dir_ / "page.html");
  EXPECT_EQ(unbalanced(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, Not(HasSubstr("\u202E")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

TEST_F(Inspect, OverwritesNoFileWithItsPage) {
  auto package = make("fw.zip");
  auto before = slurp(package);
  auto seen = run({"inspect", package, "--html", package});
  EXPECT_EQ(seen.exit, 2);
  EXPECT_THAT(seen.err, HasSubstr("exists already"));
  EXPECT_EQ(slurp(package), before);
  seen = run({"inspect", package, "--html", dir_ / "no/such/folder/page.html"});
  EXPECT_EQ(seen.exit, 11);
}

TEST_F(Inspect, WritesNoPageOverADevice) {
  auto package = make("fw.zip");
  auto seen = run({"inspect", package, "--html", "/dev/full"});
  EXPECT_EQ(seen.exit, 2);
}

}  // namespace
}  // namespace modemedic::tests
