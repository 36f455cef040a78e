#include "firmware/image_reader.h"

#include "support/tool.h"
#include "tiny_package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using test::TemporaryDirectory;
using testing::HasSubstr;

class ImageReaderTest : public testing::Test {
protected:
  ImageReaderTest() {
    tiny_.files["update/mdm9607-sysfs.ubi"].resize(3'000'001);
    files_ = tiny_.make();
  }

  Package read(const std::string& path) {
    auto package = read_package(path, {}, events_);
    EXPECT_TRUE(package) << package.error().what;
    return std::move(*package);
  }

  Package read_folder() {
    test::write_folder(files_, folder_ / "package");
    return read(folder_ / "package");
  }

  static std::size_t index_of(const Package& package, std::string_view path) {
    auto found = std::find_if(package.files.begin(), package.files.end(),
                              [&](const PackageFile& file) { return file.path == path; });
    return static_cast<std::size_t>(found - package.files.begin());
  }

  /// Reads on to the end in pieces; the failure, if there is one, counts.
  static Result<Buffer> read_on(ImageReader& reader, std::size_t want) {
    Buffer bytes;
    for (;;) {
      TRY_ASSIGN(auto piece, reader.next(want));
      if (piece.empty()) {
        TRY(reader.verify());
        return bytes;
      }
      EXPECT_TRUE(piece.size() == want || reader.position() == reader.size());
      bytes.insert(bytes.end(), piece.begin(), piece.end());
    }
  }

  test::TinyPackage tiny_;
  test::Files files_;
  TemporaryDirectory folder_;
  EventRecorder events_;
};

TEST_F(ImageReaderTest, GivesPiecesOfExactlyTheSizeAskedFor) {
  std::vector<Package> packages;
  packages.push_back(read_folder());
  for (std::string ending : {".zip", ".7z"}) {
    test::write_archive(files_, folder_ / ("package" + ending));
    packages.push_back(read(folder_ / ("package" + ending)));
  }
  for (const auto& package : packages) {
    for (std::size_t want : {16384UL, 1000UL, 5'000'000UL}) {
      for (std::string path : {"update/mdm9607-sysfs.ubi", "update/sbl1.mbn", "update/NON-HLOS.ubi"}) {
        auto reader = ImageReader::open(package, index_of(package, path));
        ASSERT_TRUE(reader) << reader.error().what;
        auto bytes = read_on(**reader, want);
        ASSERT_TRUE(bytes) << bytes.error().what;
        EXPECT_EQ(*bytes, files_.at(path)) << package.path << " " << path << " by " << want;
      }
    }
  }
}

TEST_F(ImageReaderTest, TellsThatTheFileChangedWhileItWasFlashed) {
  auto package = read_folder();
  auto path = folder_ / "package/update/mdm9607-sysfs.ubi";
  auto index = index_of(package, "update/mdm9607-sysfs.ubi");
  const auto whole = files_.at("update/mdm9607-sysfs.ubi");

  auto other = whole;
  other.at(2'000'000) ^= std::byte{1};
  Buffer longer = whole;
  longer.push_back(std::byte{0});
  for (const auto& now : {other, longer, Buffer(whole.begin(), whole.end() - 1), Buffer()}) {
    test::write_file(path, now);
    auto reader = ImageReader::open(package, index);
    ASSERT_TRUE(reader);
    auto bytes = read_on(**reader, 16384);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, Code::package_bad);
    EXPECT_THAT(bytes.error().what, HasSubstr("update/mdm9607-sysfs.ubi changed while it was being flashed"));
  }
}

TEST_F(ImageReaderTest, KeepsSmallFilesSoThatTheyCannotChange) {
  auto package = read_folder();
  test::write_file(folder_ / "package/update/sbl1.mbn", test::noise(10, 1));
  auto reader = ImageReader::open(package, index_of(package, "update/sbl1.mbn"));
  ASSERT_TRUE(reader);
  EXPECT_EQ(read_on(**reader, 16384).value(), files_.at("update/sbl1.mbn"));
}

TEST_F(ImageReaderTest, KeepsNoMoreThanFourMebibytes) {
  for (int i = 0; i < 6; ++i) {
    files_["update/more" + std::to_string(i) + ".mbn"] = test::noise(1_MiB, static_cast<unsigned>(i));
  }
  auto package = read_folder();
  std::uint64_t kept = 0;
  for (const auto& file : package.files) {
    kept += file.content ? file.content->size() : 0;
  }
  EXPECT_GT(kept, 3_MiB);
  EXPECT_LE(kept, 4_MiB);
}

TEST_F(ImageReaderTest, MayBeDroppedInTheMiddle) {
  auto package = read_folder();
  for (int i = 0; i < 20; ++i) {
    auto reader = ImageReader::open(package, index_of(package, "update/mdm9607-sysfs.ubi"));
    ASSERT_TRUE(reader);
    ASSERT_TRUE((*reader)->next(16384));
  }
}

TEST_F(ImageReaderTest, IsNotVerifiedBeforeItsEnd) {
  auto package = read_folder();
  auto reader = ImageReader::open(package, index_of(package, "update/mdm9607-sysfs.ubi"));
  ASSERT_TRUE((*reader)->next(16384));
  EXPECT_EQ((*reader)->verify().error().code, Code::bug);
}

TEST_F(ImageReaderTest, ReadsASmallFileWhole) {
  auto package = read_folder();
  auto index = index_of(package, "update/mdm9607-sysfs.ubi");
  EXPECT_EQ(read_file(package, index, 4_MiB).value(), files_.at("update/mdm9607-sysfs.ubi"));
  EXPECT_EQ(read_file(package, index, 1_MiB).error().code, Code::package_bad);
  test::write_file(folder_ / "package/update/mdm9607-sysfs.ubi", test::noise(3'000'001, 1));
  EXPECT_EQ(read_file(package, index, 4_MiB).error().code, Code::package_bad);
}

}  // namespace
}  // namespace modemedic::firmware
