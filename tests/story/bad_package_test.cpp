#include "base/digest.h"
#include "support/command.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <gmock/gmock.h>

/// What is wrong with a package is said before the modem hears of it: one clear error, exit code 5, and the modem
/// still runs.
namespace modemedic::tests {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr auto rawprogram = "update/firehose/rawprogram_nand_p2K_b128K_update.xml";

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void spill(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << "the generated file has no " << from;
  text.replace(at, from.size(), to);
}

class BadPackage : public testing::Test {
protected:
  static void SetUpTestSuite() {
    dir = new TempDir;
    ASSERT_EQ(
        run({"virtual", "package", "eg25-g", *dir / "good", "--small", "--revision", "EG25GGBR07A08M2G_30.006.30.006"})
            .exit,
        0);
    serve = new Serve({"eg25-g"});
  }

  static void TearDownTestSuite() {
    delete serve;
    delete dir;
  }

  /// A copy of the good package that can be spoiled.
  std::string copy() const {
    auto path = *dir / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::copy(*dir / "good", path, fs::copy_options::recursive);
    return path;
  }

  /// Changes a file and puts its new digest into md5.txt, so that only the change itself is wrong.
  static void change(const std::string& package, const std::string& name, const std::string& content) {
    auto file = fs::path(package) / name;
    auto old = upper(hex_digits(digest<Md5>(as_bytes(slurp(file)))));
    spill(file, content);
    auto list = slurp(fs::path(package) / "md5.txt");
    replace(list, old, upper(hex_digits(digest<Md5>(as_bytes(content)))));
    spill(fs::path(package) / "md5.txt", list);
  }

  static std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
  }

  static void edit_rawprogram(const std::string& package, const std::function<void(std::string&)>& edit) {
    auto xml = slurp(fs::path(package) / rawprogram);
    edit(xml);
    change(package, rawprogram, xml);
  }

  /// `flash` refuses it with this code and these words, and the modem has not moved.
  static void expect_refused(const std::string& package, const std::string& words, int exit = 5) {
    auto flash = run({"--bus", serve->bus(), "flash", package, "--yes"});
    EXPECT_EQ(flash.exit, exit) << flash.err;
    EXPECT_THAT(flash.err, HasSubstr(words));
    EXPECT_THAT(flash.err, HasSubstr("what to do:"));
    auto list = run({"--bus", serve->bus(), "list"});
    EXPECT_THAT(list.out, HasSubstr("EG25GGBR07A07M2G_30.004.30.004"));
    EXPECT_FALSE(serve->has_said("edl"));
  }

  static TempDir* dir;
  static Serve* serve;
};

TempDir* BadPackage::dir = nullptr;
Serve* BadPackage::serve = nullptr;

TEST_F(BadPackage, NotThere) {
  expect_refused(*dir / "no-such-file.zip", "no-such-file.zip", 11);
}

TEST_F(BadPackage, NotAPackage) {
  spill(*dir / "notes.txt", "hello");
  expect_refused(*dir / "notes.txt", "notes.txt");
}

TEST_F(BadPackage, EmptyFolder) {
  fs::create_directory(*dir / "empty");
  expect_refused(*dir / "empty", "empty");
}

TEST_F(BadPackage, ZipCutInTheMiddle) {
  auto zip = *dir / "cut.zip";
  ASSERT_EQ(run({"virtual", "package", "eg25-g", zip, "--small"}).exit, 0);
  fs::resize_file(zip, fs::file_size(zip) / 2);
  expect_refused(zip, "cut.zip");
}

TEST_F(BadPackage, WrongDigest) {
  auto package = copy();
  auto file = fs::path(package) / "update/tz.mbn";
  auto bytes = slurp(file);
  bytes[bytes.size() / 2] ^= 1;
  spill(file, bytes);
  expect_refused(package, "tz.mbn");
}

TEST_F(BadPackage, MissingFile) {
  auto package = copy();
  fs::remove(fs::path(package) / "update/rpm.mbn");
  expect_refused(package, "rpm.mbn");
}

TEST_F(BadPackage, APathThatClimbsOut) {
  auto package = copy();
  edit_rawprogram(package, [](auto& xml) { replace(xml, "..\\rpm.mbn", "..\\..\\..\\..\\etc\\passwd"); });
  expect_refused(package, "passwd");
}

TEST_F(BadPackage, AnAbsolutePath) {
  auto package = copy();
  edit_rawprogram(package, [](auto& xml) { replace(xml, "..\\rpm.mbn", "/etc/passwd"); });
  expect_refused(package, "passwd");
}

TEST_F(BadPackage, ALinkOutOfThePackage) {
  auto package = copy();
  auto file = fs::path(package) / "update/rpm.mbn";
  fs::remove(file);
  fs::create_symlink("/etc/passwd", file);
  expect_refused(package, "rpm.mbn");
}

TEST_F(BadPackage, AnEntityBomb) {
  auto package = copy();
  edit_rawprogram(package, [](auto& xml) {
    replace(xml, "<data>", "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><data>");
  });
  expect_refused(package, "DOCTYPE");
}

TEST_F(BadPackage, ANumberThatOverflows) {
  auto package = copy();
  edit_rawprogram(package,
                  [](auto& xml) { replace(xml, "start_sector=\"13952\"", "start_sector=\"18446744073709565568\""); });
  expect_refused(package, "18446744073709565568");
}

TEST_F(BadPackage, ARangePastTheChip) {
  auto package = copy();
  edit_rawprogram(package, [](auto& xml) { replace(xml, "start_sector=\"13952\"", "start_sector=\"131072\""); });
  expect_refused(package, "131072");
}

TEST_F(BadPackage, OverlappingRanges) {
  auto package = copy();
  edit_rawprogram(package, [](auto& xml) {
    auto at = xml.find("rpm.mbn");
    ASSERT_NE(at, std::string::npos);
    auto start = xml.find("start_sector=\"13952\"", at);
    ASSERT_NE(start, std::string::npos);
    xml.replace(start, 20, "start_sector=\"13184\"");
  });
  expect_refused(package, "overlap");
}

TEST_F(BadPackage, AnImageLargerThanItsPartition) {
  auto package = copy();
  auto image = slurp(fs::path(package) / "update/rpm.mbn");
  image.resize(576 * 2048 + 1, '\xff');
  change(package, "update/rpm.mbn", image);
  expect_refused(package, "rpm.mbn");
}

TEST_F(BadPackage, TwoRawprogramFilesAreAskedAbout) {
  auto package = copy();
  auto other = fs::path(package) / "update/firehose/rawprogram_nand_p2K_b128K_factory.xml";
  fs::copy(fs::path(package) / rawprogram, other);
  expect_refused(package, "rawprogram_nand_p2K_b128K_factory.xml", 2);
  auto chosen = run({"plan", package, "--rawprogram", "rawprogram_nand_p2K_b128K_update.xml"});
  EXPECT_EQ(chosen.exit, 0) << chosen.err;
}

TEST_F(BadPackage, AZipBomb) {
  auto zip = *dir / "bomb.zip";
  auto folder = *dir / "bomb";
  fs::create_directories(fs::path(folder) / "update");
  spill(fs::path(folder) / "update/zeros.bin", "");
  fs::resize_file(fs::path(folder) / "update/zeros.bin", 1ULL << 30U);
  ASSERT_EQ(std::system(("cd '" + folder + "' && zip -q -1 -r '" + zip + "' .").c_str()), 0);
  expect_refused(zip, "bomb.zip");
}

}  // namespace
}  // namespace modemedic::tests
