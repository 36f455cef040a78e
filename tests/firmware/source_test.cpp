#include "firmware/source.h"

#include "firmware/entry_list.h"
#include "support/tool.h"
#include "tiny_package.h"

#include <algorithm>
#include <filesystem>

#include <archive_entry.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace modemedic::firmware {
namespace {

using test::ArchiveEntry;
using test::TemporaryDirectory;
using testing::HasSubstr;

const std::vector<std::string> endings = {".zip", ".7z", ".tar", ".tar.gz", ".tar.xz"};

Result<Buffer> read_all(Source& source, std::size_t index) {
  TRY_ASSIGN(auto stream, source.open(index));
  Buffer bytes;
  for (;;) {
    TRY_ASSIGN(auto chunk, stream->read());
    if (chunk.empty()) {
      return bytes;
    }
    bytes.insert(bytes.end(), chunk.begin(), chunk.end());
  }
}

class SourceTest : public testing::Test {
protected:
  Result<std::unique_ptr<Source>> open(const std::vector<ArchiveEntry>& entries, const std::string& ending) {
    auto path = folder_ / ("archive" + ending);
    test::write_archive(entries, path);
    return open_source(path);
  }

  static std::string failure(const Result<std::unique_ptr<Source>>& outcome) {
    return outcome ? "it opened" : fmt::format("{}: {}", name(outcome.error().code), outcome.error().what);
  }

  TemporaryDirectory folder_;
};

TEST_F(SourceTest, GivesEveryFileInAnyOrder) {
  test::Files files = {{"b/second", test::noise(400'000, 2)},
                       {"a/first", test::noise(100'000, 1)},
                       {"empty", {}},
                       {"发布说明.pdf", test::noise(10, 3)}};
  test::write_folder(files, folder_ / "folder");
  std::vector<std::string> paths = {folder_ / "folder"};
  for (const auto& ending : endings) {
    paths.push_back(folder_ / ("archive" + ending));
    test::write_archive(files, paths.back());
  }
  for (const auto& path : paths) {
    auto source = open_source(path);
    ASSERT_TRUE(source) << path << " " << failure(source);
    ASSERT_EQ((*source)->entries().size(), 4U) << path;
    for (std::size_t index : {0U, 1U, 2U, 3U, 1U, 1U, 0U, 3U, 2U}) {
      const auto& entry = (*source)->entries()[index];
      ASSERT_TRUE(files.contains(entry.path)) << path << " " << entry.path;
      EXPECT_EQ(entry.size, files[entry.path].size());
      auto bytes = read_all(**source, index);
      ASSERT_TRUE(bytes) << bytes.error().what;
      EXPECT_EQ(*bytes, files[entry.path]);
    }
  }
}

TEST_F(SourceTest, RefusesPathsThatLeaveThePackage) {
  for (const auto& ending : endings) {
    for (std::string path : {"../evil", "a/../../evil", "/etc/evil", R"(..\evil)", R"(a\..\..\evil)", "C:/evil"}) {
      auto source =
          open({{"md5.txt", test::text_bytes("x"), {}, {}, 0}, {path, test::text_bytes("x"), {}, {}, 0}}, ending);
      EXPECT_THAT(failure(source), testing::StartsWith("package_bad: the path ")) << ending << " " << path;
    }
  }
}

TEST_F(SourceTest, RefusesLinksAndDevices) {
  for (std::string ending : {".zip", ".7z", ".tar", ".tar.gz"}) {
    EXPECT_THAT(failure(open({{"update/sbl1.mbn", {}, "/etc/passwd", {}, 0}}, ending)), HasSubstr("is a link"))
        << ending;
  }
  EXPECT_THAT(failure(open({{"a", test::text_bytes("x"), {}, {}, 0}, {"b", {}, {}, "a", 0}}, ".tar")),
              HasSubstr("\"b\" in it is a link"));
  for (unsigned type : {unsigned{AE_IFIFO}, unsigned{AE_IFCHR}, unsigned{AE_IFBLK}}) {
    EXPECT_THAT(failure(open({{"device", {}, {}, {}, type}}, ".tar")), HasSubstr("is no plain file"));
  }
}

TEST_F(SourceTest, RefusesLinksAndPipesInAFolder) {
  test::write_folder({{"update/sbl1.mbn", test::text_bytes("x")}}, folder_ / "folder");
  EXPECT_TRUE(open_source(folder_ / "folder"));
  for (std::string target : {"/etc/passwd", "sbl1.mbn", "nowhere"}) {
    auto link = folder_ / "folder/update/link";
    std::filesystem::create_symlink(target, link);
    EXPECT_THAT(failure(open_source(folder_ / "folder")), HasSubstr("\"update/link\" is a link"));
    std::filesystem::remove(link);
  }
  ASSERT_EQ(::mkfifo((folder_ / "folder/pipe").c_str(), 0600), 0);
  EXPECT_THAT(failure(open_source(folder_ / "folder")), HasSubstr("\"pipe\" is a device, pipe or socket"));
  EXPECT_THAT(failure(open_source(folder_ / "folder/pipe")), HasSubstr("a device, pipe or socket"));
  EXPECT_THAT(failure(open_source("/dev/null")), HasSubstr("a device, pipe or socket"));
}

TEST_F(SourceTest, FollowsALinkToThePackageItself) {
  test::write_folder({{"update/sbl1.mbn", test::text_bytes("x")}}, folder_ / "folder");
  std::filesystem::create_symlink(folder_ / "folder", folder_ / "link");
  EXPECT_TRUE(open_source(folder_ / "link"));
}

TEST_F(SourceTest, DoesNotFollowALinkThatAppearsAfterTheLook) {
  test::write_folder({{"update/sbl1.mbn", test::text_bytes("x")}}, folder_ / "folder");
  auto source = open_source(folder_ / "folder");
  ASSERT_TRUE(source);
  std::filesystem::rename(folder_ / "folder/update", folder_ / "elsewhere");
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "folder/update");
  EXPECT_FALSE((*source)->open(0));
}

TEST_F(SourceTest, RefusesTwoNamesForOneFile) {
  for (const auto& ending : endings) {
    auto x = test::text_bytes("x");
    EXPECT_THAT(failure(open({{"MD5.txt", x, {}, {}, 0}, {"md5.TXT", x, {}, {}, 0}}, ending)),
                HasSubstr("is in it twice"))
        << ending;
    EXPECT_THAT(failure(open({{"a/b", x, {}, {}, 0}, {R"(a\b)", x, {}, {}, 0}}, ending)), HasSubstr("is in it twice"));
  }
}

/// What each of these pairs is to macOS, or to whoever normalises names: one file.
TEST(EntryList, RefusesTwoSpellingsOfOneName) {
  const std::pair<const char*, const char*> same[] = {
      {"caf\u00e9.mbn", "cafe\u0301.mbn"},  // one character, and two
      {"\u00c5/a", "A\u030a/a"},            // in a folder's name
      {"\u00c5", "\u212b"},                 // angstrom
      {"K.xml", "\u212a.xml"},              // kelvin, which is an ASCII letter
      {"k.xml", "\u212a.xml"},              //
      {"a;", "a\u037e"},                    // Greek question mark
      {"\ud55c", "\u1112\u1161\u11ab"},     // Hangul
      {"\u1eaf", "\u0103\u0301"},           // in two steps
      {"q\u0323\u0307", "q\u0307\u0323"},   // marks in another order
      {"\u304c", "\u304b\u3099"},           // Kana
      {"\u0958", "\u0915\u093c"},           // Devanagari
      {"\uf900", "\u8c48"},                 // compatibility ideograph
      {"CAF\u00e9", "cafe\u0301"},          // and upper case
  };
  for (auto [one, other] : same) {
    for (auto turned : {false, true}) {
      EntryList list(0);
      ASSERT_TRUE(list.add(turned ? other : one, 1)) << one;
      EXPECT_FALSE(list.add(turned ? one : other, 1)) << one << (turned ? " last" : " first");
    }
  }
}

TEST(EntryList, TakesNamesInAnyScriptThatAreNotOne) {
  EntryList list(0);
  for (const auto* name : {"\u8bf4\u660e.txt", "\u5347\u7ea7.txt", "\u00e9.pdf", "\u00e8.pdf", "e.pdf", "\u00fc/a",
                           "\u00fc/b", "Notes de mise a\u0300 jour.pdf", "Notes.pdf", "\ud55c.md", "\uae00.md"}) {
    EXPECT_TRUE(list.add(name, 1)) << name;
  }
}

TEST(EntryList, RefusesMoreThanAHundredThousandEntries) {
  EntryList list(0);
  for (unsigned i = 0; i < 50'000; ++i) {
    ASSERT_TRUE(list.add(fmt::format("f{}", i), 1));
    ASSERT_TRUE(list.add_folder(fmt::format("d{}", i)));
  }
  EXPECT_FALSE(list.add("one_more", 1));
  EXPECT_FALSE(list.add_folder("another"));
}

TEST(EntryList, RefusesMoreNamesThanAnyPackageHas) {
  EntryList list(0);
  std::string folder = std::string(200, 'a') + "/" + std::string(200, 'b') + "/" + std::string(200, 'c') + "/";
  unsigned added = 0;
  while (list.add(folder + std::to_string(added), 1)) {
    ++added;
  }
  EXPECT_GT(added, 10'000U);
  EXPECT_LT(added, 20'000U);
}

TEST(EntryList, RefusesMoreThanFourGibibytes) {
  EntryList list(0);
  EXPECT_TRUE(list.add("a", 4096_MiB - 1));
  EXPECT_TRUE(list.add("b", 1));
  EXPECT_FALSE(list.add("c", 1));
  EXPECT_FALSE(EntryList(0).add("a", ~std::uint64_t{0}));
}

TEST_F(SourceTest, RefusesAnArchiveThatUnpacksBeyondReason) {
  for (std::string ending : {".zip", ".tar.gz"}) {
    auto source = open({{"zeros", Buffer(65_MiB), {}, {}, 0}}, ending);
    EXPECT_THAT(failure(source), HasSubstr("would unpack to more than 64 MiB")) << ending;
  }
  EXPECT_TRUE(open({{"zeros", Buffer(65_MiB), {}, {}, 0}}, ".tar"));
}

TEST_F(SourceTest, RefusesAnEncryptedArchive) {
  if (!test::have("7z")) {
    GTEST_SKIP() << "no 7z";
  }
  test::write_file(folder_ / "secret", test::noise(1000, 1));
  for (std::string options : {"a.zip", "a.7z", "-mhe=on b.7z"}) {
    auto done = test::run(fmt::format("cd {} && 7z a -pword {} secret", folder_.path(), options));
    ASSERT_EQ(done.status, 0) << done.output;
    auto path = folder_ / options.substr(options.rfind(' ') + 1);
    EXPECT_THAT(failure(open_source(path)), testing::ContainsRegex("package_bad: .*(is encrypted|cut or damaged)"));
  }
}

/// The bytes of an archive, changed at every place where `from` stands.
void replace(Buffer& bytes, ByteView from, ByteView to) {
  auto at = bytes.begin();
  int count = 0;
  for (;; at += static_cast<std::ptrdiff_t>(from.size())) {
    at = std::search(at, bytes.end(), from.begin(), from.end());
    if (at == bytes.end()) {
      break;
    }
    std::copy(to.begin(), to.end(), at);
    ++count;
  }
  ASSERT_GT(count, 0);
}

TEST_F(SourceTest, BelievesNoSizeInAZip) {
  auto content = test::noise(300'000, 4);
  auto path = folder_ / "lying.zip";
  for (std::uint32_t claimed : {299'999U, 300'001U, 1U, 40'000'000U}) {
    test::write_archive(test::Files{{"file", content}}, path);
    auto bytes = test::read_file(path);
    ByteWriter from(Endian::little);
    ByteWriter to(Endian::little);
    from.u32(300'000);
    to.u32(claimed);
    replace(bytes, from.take(), to.take());
    test::write_file(path, bytes);
    auto source = open_source(path);
    if (!source) {
      EXPECT_EQ(source.error().code, Code::package_bad);
      continue;
    }
    ASSERT_EQ((*source)->entries().size(), 1U);
    auto read = read_all(**source, 0);
    ASSERT_FALSE(read) << claimed;
    EXPECT_EQ(read.error().code, Code::package_bad);
    EXPECT_THAT(read.error().what, HasSubstr("cut or damaged"));
  }
}

TEST_F(SourceTest, FindsEveryDamagedByteOfAZipsData) {
  auto content = test::noise(2000, 5);
  auto path = folder_ / "damaged.zip";
  test::write_archive(test::Files{{"file", content}}, path);
  const auto whole = test::read_file(path);
  for (std::size_t at = 100; at < 1900; at += 100) {
    auto bytes = whole;
    bytes[at] ^= std::byte{0x10};
    test::write_file(path, bytes);
    auto source = open_source(path);
    ASSERT_TRUE(source) << failure(source);
    EXPECT_FALSE(read_all(**source, 0)) << at;
  }
}

TEST_F(SourceTest, NeverCrashesOnDamage) {
  test::Files files = {{"update/a", test::noise(3000, 1)}, {"update/b", Buffer(5000)}};
  for (const auto& ending : endings) {
    auto path = folder_ / ("damaged" + ending);
    test::write_archive(files, path);
    const auto whole = test::read_file(path);
    for (unsigned seed = 0; seed < 50; ++seed) {
      auto bytes = whole;
      auto random = test::noise(12, seed);
      for (std::size_t i = 0; i < 12; i += 4) {
        bytes[load<std::uint32_t>(random.data(), Endian::little) % bytes.size()] ^= random[i + 3];
      }
      test::write_file(path, bytes);
      auto source = open_source(path);
      for (std::size_t i = 0; source && i < (*source)->entries().size(); ++i) {
        read_all(**source, i);
      }
    }
  }
}

TEST_F(SourceTest, FailsAStreamThatWasLeftForAnother) {
  test::write_archive(test::Files{{"a", test::noise(500'000, 1)}, {"b", test::noise(500'000, 2)}}, folder_ / "x.zip");
  auto source = open_source(folder_ / "x.zip");
  ASSERT_TRUE(source);
  auto first = (*source)->open(0);
  auto second = (*source)->open(1);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE((*first)->read());
  EXPECT_TRUE((*second)->read());
}

TEST_F(SourceTest, ReadsASolidArchiveFromItsStreamsAloneWhenItIsGone) {
  test::write_archive(test::Files{{"a", test::noise(500'000, 1)}}, folder_ / "x.7z");
  auto source = open_source(folder_ / "x.7z");
  ASSERT_TRUE(source);
  auto stream = (*source)->open(0);
  ASSERT_TRUE(stream);
  source->reset();
  EXPECT_TRUE((*stream)->read());
}

}  // namespace
}  // namespace modemedic::firmware
