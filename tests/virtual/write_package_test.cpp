#include "base/digest.h"
#include "support/tool.h"
#include "virtual/generator.h"

#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

const char* const revision = "EG25GGBR07A08M2G_30.006.30.006";

std::vector<GeneratedFile> package() {
  return *generate_package(*find_persona("eg25-g"), *firmware::parse_revision(revision), {Scale::small, false});
}

/// Every regular file below `root`, by its path from there.
std::map<std::string, Md5> digests_below(const std::string& root) {
  std::map<std::string, Md5> digests;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) {
      digests[entry.path().lexically_relative(root).string()] = digest<Md5>(test::read_file(entry.path().string()));
    }
  }
  return digests;
}

std::map<std::string, Md5> digests_of(const std::vector<GeneratedFile>& files, const std::string& root = "") {
  std::map<std::string, Md5> digests;
  for (const auto& file : files) {
    digests[root + file.path] = digest<Md5>(file.bytes());
  }
  return digests;
}

/// A file that gives fewer bytes than it promised.
GeneratedFile broken_file() {
  return {"update/zz.mbn", 100'000, [](const std::function<bool(ByteView)>& sink) { sink(Buffer(50'000)); }};
}

TEST(WritePackage, WritesAFolder) {
  test::TemporaryDirectory directory;
  auto files = package();
  ASSERT_TRUE(write_package(files, directory / "out"));
  EXPECT_EQ(digests_below(directory / "out"), digests_of(files));
}

TEST(WritePackage, WritesAFolderWhoseDigestsMd5sumConfirms) {
  if (!test::have("md5sum")) {
    GTEST_SKIP() << "md5sum is not installed";
  }
  test::TemporaryDirectory directory;
  ASSERT_TRUE(write_package(package(), directory / "out"));
  // From md5.txt's own form to md5sum's, by sed alone; targetfiles.zip is never shipped.
  auto checked = test::run("cd " + directory / "out" +
                           " && tr -d '\\r' <md5.txt | grep '^FILE:.*:' | grep -v targetfiles | "
                           "sed 's/^FILE:.\\(.*\\):\\(.*\\)$/\\2  \\1/; s/\\\\/\\//g' | md5sum -c --strict");
  EXPECT_EQ(checked.status, 0) << checked.output;
  EXPECT_EQ(std::ranges::count(checked.output, '\n'), 19);
  EXPECT_THAT(checked.output, HasSubstr("update/sbl1.mbn: OK"));
}

TEST(WritePackage, WritesArchivesThatPublicToolsUnpack) {
  auto files = package();
  auto expected = digests_of(files, std::string(revision) + "/");
  const std::tuple<const char*, const char*, const char*> kinds[] = {
      {"out.zip", "unzip", "unzip -tq out.zip && unzip -q out.zip -d there"},
      {"out.7z", "7z", "7z t out.7z >/dev/null && 7z x -othere out.7z >/dev/null"},
      {"out.tar", "tar", "mkdir there && tar -xf out.tar -C there"},
  };
  for (const auto& [name, tool, commands] : kinds) {
    if (!test::have(tool)) {
      GTEST_SKIP() << tool << " is not installed";
    }
    test::TemporaryDirectory directory;
    auto written = write_package(files, directory / name);
    ASSERT_TRUE(written) << written.error().what;
    auto unpacked = test::run("cd " + directory.path() + " && " + commands);
    ASSERT_EQ(unpacked.status, 0) << unpacked.output;
    EXPECT_EQ(digests_below(directory / "there"), expected) << name;
  }
}

TEST(WritePackage, CompressesAboutHalf) {
  test::TemporaryDirectory directory;
  // the small images are mostly blank blocks: judge a real one
  auto real = *generate_package(*find_persona("eg25-g"), *firmware::parse_revision(revision), {});
  std::erase_if(real, [](const GeneratedFile& file) { return file.path != "update/mdm9607-perf-boot.img"; });
  ASSERT_TRUE(write_package(real, directory / "out.zip"));
  auto ratio = static_cast<double>(fs::file_size(directory / "out.zip")) / static_cast<double>(real[0].size);
  EXPECT_GT(ratio, 0.45);
  EXPECT_LT(ratio, 0.65);
}

TEST(WritePackage, MakesTheSameArchiveEachTime) {
  test::TemporaryDirectory directory;
  for (const auto* name : {".zip", ".7z", ".tar"}) {
    ASSERT_TRUE(write_package(package(), directory / "one" + name));
    ASSERT_TRUE(write_package(package(), directory / "two" + name));
    EXPECT_EQ(test::read_file(directory / "one" + name), test::read_file(directory / "two" + name)) << name;
  }
}

TEST(WritePackage, LeavesWhatIsThereAlone) {
  test::TemporaryDirectory directory;
  test::write_file(directory / "out.zip", as_bytes("mine"));
  fs::create_directory(directory / "folder");
  fs::create_symlink("nowhere", directory / "link");
  for (const auto* name : {"out.zip", "folder", "link"}) {
    auto written = write_package(package(), directory / name);
    ASSERT_FALSE(written) << name;
    EXPECT_EQ(written.error().code, Code::usage);
    EXPECT_TRUE(fs::exists(fs::symlink_status(directory / name)));
  }
  EXPECT_EQ(as_text(test::read_file(directory / "out.zip")), "mine");
}

TEST(WritePackage, RemovesWhatItCouldNotFinish) {
  auto files = package();
  files.push_back(broken_file());
  for (const auto* name : {"out", "out.zip", "out.7z", "out.tar"}) {
    test::TemporaryDirectory directory;
    auto written = write_package(files, directory / name);
    ASSERT_FALSE(written) << name;
    EXPECT_THAT(written.error().what, HasSubstr("update/zz.mbn"));
    EXPECT_TRUE(fs::is_empty(directory.path())) << name;
  }
}

TEST(WritePackage, SaysWhenItCannotWrite) {
  test::TemporaryDirectory directory;
  test::write_file(directory / "file", as_bytes("no folder"));
  for (const auto* name : {"file/out", "file/out.zip", "missing/out.7z"}) {
    auto written = write_package(package(), directory / name);
    ASSERT_FALSE(written) << name;
    EXPECT_EQ(written.error().code, Code::io) << written.error().what;
    EXPECT_THAT(written.error().what, HasSubstr(directory.path()));
  }
}

}  // namespace
}  // namespace modemedic::twin
