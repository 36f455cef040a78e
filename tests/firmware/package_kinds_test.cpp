#include "firmware/boot_image.h"
#include "firmware/intel_hex.h"
#include "firmware/maker_scan.h"
#include "firmware/mbn.h"
#include "firmware/package.h"
#include "firmware/partition_mbn.h"
#include "firmware/yaffs2.h"
#include "support/tool.h"
#include "tiny_package.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What kinds of packages there are, and where in what a person names they lie.
namespace modemedic::firmware {
namespace {

using test::TemporaryDirectory;
using test::TinyPackage;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// A YAFFS2 image with one file.
Buffer yaffs2(std::string_view text) {
  auto content = test::text_bytes(std::string(text));
  const Yaffs2File file{"version", content.size(), [&](std::uint64_t offset, std::span<std::byte> into) {
                          std::ranges::copy(ByteView(content).subspan(offset, into.size()), into.begin());
                        }};
  Buffer image;
  write_yaffs2({}, std::span(&file, 1), [&](ByteView page) {
    image.insert(image.end(), page.begin(), page.end());
    return true;
  });
  return image;
}

Buffer boot_image(std::size_t kernel_size) {
  BootImageContent content;
  content.kernel = {kernel_size,
                    [](std::uint64_t, std::span<std::byte> into) { std::ranges::fill(into, std::byte{1}); }};
  content.ramdisk = {100, [](std::uint64_t, std::span<std::byte> into) { std::ranges::fill(into, std::byte{2}); }};
  Buffer image;
  write_boot_image(content, [&](ByteView bytes) {
    image.insert(image.end(), bytes.begin(), bytes.end());
    return true;
  });
  return image;
}

std::vector<UserPartition> table_9x15() {
  std::vector<UserPartition> table;
  for (const auto* name : {"MIBIB", "SBL1", "SBL2", "RPM", "APPSBL", "dsp2", "boot", "system"}) {
    UserPartition partition;
    partition.name = name;
    partition.size = 128;
    partition.pad_kib = 128;
    table.push_back(partition);
  }
  table.back().size.reset();
  return table;
}

/// A 9x15 package with the names and the smaller sizes of a real listing, and our own bytes.
test::Files package_9x15() {
  test::Files files;
  files["NPRG9x15.hex"] = test::text_bytes(make_intel_hex({0x41700000, 0x41700000, test::noise(3000, 1)}));
  files["ENPRG9x15.hex"] = test::text_bytes(make_intel_hex({0x2A000000, 0x2A000000, test::noise(3000, 2)}));
  files["partition.mbn"] = make_user_table(table_9x15(), 3);
  files["partition2.mbn"] = files["partition.mbn"];
  unsigned seed = 100;
  for (const auto* name : {"sbl2.mbn", "rpm.mbn", "appsboot.mbn", "dsp1.mbn", "dsp3.mbn"}) {
    files[name] = make_mbn(test::noise(3000, seed++), 5, 0x8F600000);
  }
  files["sbl1.mbn"] = make_sbl(test::noise(3000, seed++), 2048);
  files["dsp2.mbn"] = make_mbn(test::text_bytes("xx EC20EQAR02A13E2G xx"), 5, 0x8A000000);
  files["boot-oe-msm9615.img"] = boot_image(5000);
  files["recovery-boot-oe-msm9615.img"] = boot_image(6000);
  files["9615-cdp-recovery-image-9615-cdp.yaffs2"] = yaffs2("recovery");
  files["9615-cdp-usr-image.usrfs.yaffs2"] = yaffs2("usr");
  files["msm-9615-cdp-image--ipk-20150807-9615-cdp.rootfs.yaffs2"] = yaffs2("root EC20EQAR02A13E2G root");
  return files;
}

class PackageKindsTest : public testing::Test {
protected:
  Result<Package> read(const test::Files& files, const PackageChoice& choice = {}) {
    auto folder = folder_ / ("package" + std::to_string(count_++));
    std::filesystem::create_directories(folder);
    test::write_folder(files, folder);
    return read_package(folder, choice, events_);
  }

  Result<Package> read_archive(const test::Files& files, const std::string& name, const PackageChoice& choice = {}) {
    test::write_archive(files, folder_ / name);
    return read_package(folder_ / name, choice, events_);
  }

  /// The bytes of an archive with these files.
  Buffer packed(const test::Files& files, const std::string& ending) {
    auto path = folder_ / ("packed" + ending);
    test::write_archive(files, path);
    return test::read_file(path);
  }

  static std::string what(const Result<Package>& outcome) {
    return outcome ? "it was read" : outcome.error().what + " / " + outcome.error().hint;
  }

  static std::vector<std::string> ids(const Package& package) {
    std::vector<std::string> ids;
    for (const auto& finding : package.findings) {
      ids.push_back(finding.id);
    }
    return ids;
  }

  TemporaryDirectory folder_;
  EventRecorder events_;
  int count_ = 0;
};

// 9x15.

TEST_F(PackageKindsTest, KnowsAPackageForThe9x15) {
  auto package = read(package_9x15());
  ASSERT_TRUE(package) << what(package);
  EXPECT_EQ(package->kind, PackageKind::streaming);
  EXPECT_EQ(package->chip, "9x15");
  ASSERT_TRUE(package->revision);
  EXPECT_EQ(package->revision->text, "EC20EQAR02A13E2G");
  EXPECT_EQ(package->maker.state, Maker::State::quectel);
  EXPECT_EQ(package->files[package->programmer].path, "NPRG9x15.hex");
  EXPECT_FALSE(package->rawprogram);
  std::vector<std::string> places;
  for (const auto& image : package->images) {
    places.push_back(image.partition + " " + package->file(image).path);
  }
  EXPECT_THAT(
      places,
      ElementsAre("SBL1 sbl1.mbn", "SBL2 sbl2.mbn", "RPM rpm.mbn", "APPSBL appsboot.mbn", "dsp1 dsp1.mbn",
                  "dsp2 dsp2.mbn", "dsp3 dsp3.mbn", "boot boot-oe-msm9615.img", "recovery recovery-boot-oe-msm9615.img",
                  "system msm-9615-cdp-image--ipk-20150807-9615-cdp.rootfs.yaffs2",
                  "userdata 9615-cdp-usr-image.usrfs.yaffs2", "recoveryfs 9615-cdp-recovery-image-9615-cdp.yaffs2"));
  EXPECT_EQ(package->images.front().reason, "named sbl1*.mbn");
  EXPECT_EQ(package->images[9].reason, "named *rootfs*.yaffs2");
  EXPECT_EQ(package->user_table.size(), 8U);
  EXPECT_THAT(ids(*package), ElementsAre("md5-no-list", "streaming"));
}

TEST_F(PackageKindsTest, NamesTheImageThatA9x15PackageLacks) {
  for (const auto& [name, partition] : {std::pair{"dsp2.mbn", "dsp2"}, std::pair{"appsboot.mbn", "APPSBL"},
                                        std::pair{"9615-cdp-usr-image.usrfs.yaffs2", "userdata"}}) {
    auto files = package_9x15();
    files.erase(name);
    EXPECT_THAT(what(read(files)), HasSubstr(std::string("the image for ") + partition + " is missing"));
    files[name] = {};
    EXPECT_THAT(what(read(files)), HasSubstr("it is empty"));
  }
  auto files = package_9x15();
  files["other.rootfs.yaffs2"] = test::noise(10, 1);
  EXPECT_THAT(what(read(files)), HasSubstr("could be the image for system"));
}

/// Nothing vouches for the files of such a package, so their bytes are looked at.
TEST_F(PackageKindsTest, SaysWhatIsWrongWithTheFilesOfA9x15Package) {
  auto table = [](auto change, std::uint32_t version = 3) {
    auto rows = table_9x15();
    change(rows);
    return make_user_table(rows, version);
  };
  auto cut = [](const std::string& name) {
    auto bytes = package_9x15()[name];
    bytes.resize(bytes.size() / 2);
    return bytes;
  };
  const std::string rootfs = "msm-9615-cdp-image--ipk-20150807-9615-cdp.rootfs.yaffs2";
  const std::tuple<std::string, Buffer, std::string, std::string> cases[] = {
      {rootfs, cut(rootfs), "yaffs2", "its size is no whole number of pages"},
      {rootfs, test::noise(5000, 7), "yaffs2", "does not begin with a YAFFS2 root directory"},
      {"boot-oe-msm9615.img", cut("boot-oe-msm9615.img"), "boot-image", "boot-oe-msm9615.img is cut"},
      {"boot-oe-msm9615.img", test::noise(5000, 7), "image-shape", "ANDROID!"},
      {"boot-oe-msm9615.img", boot_image(300'000), "too-large", "does not fit into boot"},
      {"sbl1.mbn", test::noise(5000, 7), "image-shape", "code word"},
      {"rpm.mbn", cut("rpm.mbn"), "image-damaged", "rpm.mbn is cut"},
      {"dsp1.mbn", test::noise(5000, 7), "image-shape", "is no program in a form that is known here"},
      {"NPRG9x15.hex", cut("NPRG9x15.hex"), "loader", "NPRG9x15.hex"},
      {"ENPRG9x15.hex", test::text_bytes("<html>"), "loader", "ENPRG9x15.hex: line 1: it is no Intel HEX"},
      {"partition.mbn", test::noise(464, 7), "user-table", "nothing can be written in download mode"},
      {"partition.mbn", table([](auto&) {}, 4), "user-table", "is not of version 3"},
      {"partition.mbn", table([](auto& rows) { rows.erase(rows.begin()); }), "user-table", "does not begin with MIBIB"},
      {"partition.mbn", table([](auto& rows) { rows[3].name = "RPMX"; }), "user-table", "has no RPM"},
  };
  for (const auto& [name, bytes, id, text] : cases) {
    SCOPED_TRACE(name + " " + text);
    auto files = package_9x15();
    files[name] = bytes;
    auto package = read(files);
    ASSERT_TRUE(package) << what(package);
    auto found = std::ranges::find_if(package->findings, [&, &wanted = id, &words = text](const Finding& finding) {
      return finding.id == wanted && finding.text.find(words) != std::string::npos;
    });
    EXPECT_NE(found, package->findings.end()) << testing::PrintToString(ids(*package));
  }
  auto files = package_9x15();
  files.erase("ENPRG9x15.hex");
  files.erase("partition2.mbn");
  EXPECT_THAT(ids(*read(files)), ElementsAre("md5-no-list", "streaming", "loader"));
}

TEST_F(PackageKindsTest, WantsBothPiecesOfASplitImage) {
  auto files = package_9x15();
  files["yaffs_head.aa"] = test::noise(100, 1);
  auto package = read(files);
  ASSERT_TRUE(package);
  EXPECT_THAT(ids(*package), Contains("split-image"));
  EXPECT_THAT(package->findings.back().text, HasSubstr("yaffs_head.ab is missing"));
  files["yaffs_head.ab"] = test::noise(50, 1);
  package = read(files);
  ASSERT_TRUE(package);
  EXPECT_THAT(package->findings.back().text, HasSubstr("one image of 150 bytes"));
}

// Archives in archives.

TEST_F(PackageKindsTest, ReadsAnArchiveInAnArchive) {
  auto tiny = TinyPackage().make();
  for (std::string outer : {".zip", ".7z", ".tar.gz"}) {
    for (std::string inner : {".zip", ".7z", ".tar", ".tar.xz"}) {
      auto name = "EG25GGBR07A08M2G_30.006.30.006" + inner;
      auto package = read_archive({{"docs/readme.txt", test::text_bytes("hello")}, {"fw/" + name, packed(tiny, inner)}},
                                  "outer" + outer);
      ASSERT_TRUE(package) << outer << inner << ": " << what(package);
      EXPECT_EQ(package->inside, "fw/" + name);
      EXPECT_EQ(package->images.size(), 11U);
      for (std::size_t i = 0; i < package->files.size(); ++i) {
        auto bytes = read_file(*package, i, 1_MiB);
        ASSERT_TRUE(bytes) << bytes.error().what;
        EXPECT_EQ(*bytes, tiny.at(package->files[i].path));
      }
    }
  }
}

TEST_F(PackageKindsTest, ReadsAnArchiveInAFolder) {
  auto package = read({{"EG25.zip", packed(TinyPackage().make(), ".zip")}});
  ASSERT_TRUE(package) << what(package);
  EXPECT_EQ(package->inside, "EG25.zip");
}

TEST_F(PackageKindsTest, LeavesNothingOfAnInnerArchiveOnTheDisk) {
  auto temporary = folder_ / "temporary";
  std::filesystem::create_directories(temporary);
  ::setenv("TMPDIR", temporary.c_str(), 1);
  auto package = read_archive({{"a.zip", packed(TinyPackage().make(), ".zip")}}, "outer.zip");
  ::unsetenv("TMPDIR");
  ASSERT_TRUE(package) << what(package);
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
}

TEST_F(PackageKindsTest, SaysWhereThereIsNoRoomForAnInnerArchive) {
  ::setenv("TMPDIR", "/proc", 1);
  auto package = read_archive({{"a.zip", packed(TinyPackage().make(), ".zip")}}, "outer.zip");
  ::unsetenv("TMPDIR");
  ASSERT_FALSE(package);
  EXPECT_EQ(package.error().code, Code::io);
  EXPECT_THAT(package.error().hint, HasSubstr("TMPDIR"));
}

TEST_F(PackageKindsTest, GoesTwoArchivesDeepAndNoDeeper) {
  test::Files files = {{"a.zip", packed(TinyPackage().make(), ".zip")}};
  auto package = read_archive({{"b.zip", packed(files, ".zip")}}, "two.zip");
  ASSERT_TRUE(package) << what(package);
  EXPECT_EQ(package->inside, "b.zip/a.zip");
  files = {{"b.zip", packed(files, ".zip")}};
  EXPECT_THAT(what(read_archive({{"c.zip", packed(files, ".zip")}}, "three.zip")),
              HasSubstr("packed in archives more than 2 times"));
}

TEST_F(PackageKindsTest, SaysThatTheInnerArchiveIsTheDamagedOne) {
  auto inner = packed(TinyPackage().make(), ".zip");
  auto cut = inner;
  cut.resize(cut.size() / 2);
  EXPECT_THAT(what(read_archive({{"a.zip", cut}}, "outer.zip")), HasSubstr("\"a.zip\" in it is cut short"));
  inner[inner.size() / 2] ^= std::byte{1};
  EXPECT_THAT(what(read_archive({{"a.zip", inner}}, "outer.zip")), HasSubstr("\"a.zip\" in it is cut or damaged"));
}

TEST_F(PackageKindsTest, LooksPastAnArchiveBesideThePackage) {
  auto tiny = TinyPackage().make();
  tiny["upgrade/other.zip"] = test::noise(100, 1);
  auto package = read(tiny);
  ASSERT_TRUE(package) << what(package);
  EXPECT_EQ(package->inside, "");
}

// Two firmwares.

TEST_F(PackageKindsTest, AsksWhichOfTwoFirmwaresAndTakesTheNamedOne) {
  auto tiny = TinyPackage().make();
  test::Files folders;
  for (const auto& [path, bytes] : tiny) {
    folders["Europe/EG25GGBR07A08M2G/" + path] = bytes;
    folders["Asia/EG25GGCR07A08M2G/" + path] = bytes;
  }
  test::Files archives = {{"Europe/EG25GGBR07A08M2G.zip", packed(tiny, ".zip")},
                          {"Asia/EG25GGCR07A08M2G.zip", packed(tiny, ".zip")}};
  for (const auto& [files, is_archive] : {std::pair{folders, false}, std::pair{archives, true}}) {
    auto outcome = read_archive(files, "both.zip");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::usage);
    EXPECT_THAT(outcome.error().what, HasSubstr("there are 2 "));
    EXPECT_THAT(outcome.error().what, HasSubstr("Europe/EG25GGBR07A08M2G"));
    EXPECT_THAT(outcome.error().what, HasSubstr("Asia/EG25GGCR07A08M2G"));
    EXPECT_THAT(outcome.error().hint, HasSubstr("--firmware \"Asia/EG25GGCR07A08M2G"));
    for (std::string choice : {"EG25GGBR07A08M2G", "Europe/EG25GGBR07A08M2G", "Europe/EG25GGBR07A08M2G/"}) {
      if (is_archive && choice.find('/') != std::string::npos) {
        choice = "Europe/EG25GGBR07A08M2G.zip";
      }
      auto package = read_package(folder_ / "both.zip", {{}, {}, choice}, events_);
      ASSERT_TRUE(package) << choice << ": " << what(package);
      EXPECT_EQ(is_archive ? package->inside : package->root,
                is_archive ? "Europe/EG25GGBR07A08M2G.zip" : "Europe/EG25GGBR07A08M2G/");
    }
    outcome = read_package(folder_ / "both.zip", {{}, {}, "America"}, events_);
    ASSERT_FALSE(outcome);
    EXPECT_THAT(outcome.error().what, HasSubstr("no firmware in it is called \"America\""));
  }
}

TEST_F(PackageKindsTest, FindsTheNamedFirmwareInAnInnerArchive) {
  test::Files folders;
  for (const auto& [path, bytes] : TinyPackage().make()) {
    folders["A/" + path] = bytes;
    folders["B/" + path] = bytes;
  }
  auto package = read_archive({{"all.zip", packed(folders, ".zip")}}, "outer.zip", {{}, {}, "B"});
  ASSERT_TRUE(package) << what(package);
  EXPECT_EQ(package->root, "B/");
}

// What only looks like one.

TEST_F(PackageKindsTest, KnowsAPackageOfAnotherVendor) {
  TinyPackage tiny;
  for (std::string path : {"update/NON-HLOS.ubi", "update/mdm9607-sysfs.ubi"}) {
    auto text = std::string(as_text(tiny.files[path]));
    auto at = text.find("EG25GGBR07A08M2G");
    text.replace(at, 16, "LE11B12SIM7600M2");
    tiny.files[path] = test::text_bytes(text);
  }
  auto package = read(tiny.make());
  ASSERT_TRUE(package) << what(package);
  EXPECT_EQ(package->maker.state, Maker::State::other);
  EXPECT_EQ(package->maker.name, "SIMCom");
  EXPECT_EQ(package->maker.evidence, "update/NON-HLOS.ubi");
  EXPECT_FALSE(package->revision);
  EXPECT_THAT(ids(*package), Contains("maker"));
}

TEST_F(PackageKindsTest, DoesNotBelieveASingleForeignMarkAgainstRevisionNames) {
  TinyPackage tiny;
  tiny.files["update/appsboot.mbn"] = test::text_bytes("xx SIMCOM xx");
  auto package = read(tiny.make());
  ASSERT_TRUE(package) << what(package);
  EXPECT_EQ(package->maker.state, Maker::State::unknown);
  EXPECT_THAT(ids(*package), Contains("maker"));
}

TEST(MakerScan, FindsAMarkHoweverItsBytesArrive) {
  auto noise = test::noise(1000, 1);
  auto text = std::string(as_text(noise)) + "SIM7600" + std::string(as_text(noise));
  for (std::size_t piece : {1U, 3U, 7U, 15U, 16U, 17U, 100U, 999U, 1003U, 5000U}) {
    MakerScan scan;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      scan.feed(as_bytes(std::string_view(text).substr(at, piece)));
    }
    EXPECT_THAT(scan.found(), ElementsAre("SIMCom")) << piece;
  }
  MakerScan scan;
  scan.feed(as_bytes("SIM76x0 SIMCO SWI9 QUECTEL"));
  EXPECT_THAT(scan.found(), testing::IsEmpty());
}

// The chip.

TEST_F(PackageKindsTest, KnowsTheChipOfEachFamily) {
  struct Case {
    std::string programmer;
    std::string chipid;
    std::string chip;
  };

  for (const auto& [programmer, chipid, chip] : std::vector<Case>{{"prog_nand_firehose_9x07.mbn", "MDM9607", "9x07"},
                                                                  {"prog_nand_firehose_9x45.mbn", "MDM9640", "9x40"},
                                                                  {"prog_firehose_9x65.mbn", "SDX20", "sdx20"},
                                                                  {"prog_firehose_sdx24.mbn", "SDX24", "sdx24"},
                                                                  {"prog_firehose_sdx55.mbn", "SDX55", "sdx55"},
                                                                  {"prog_firehose_sdx6x.elf", "SDX62", "sdx6x"},
                                                                  {"prog_firehose_sdx7x.elf", "SDX75", "sdx75"},
                                                                  {"prog_nand_firehose_9x35.mbn", "", "9x35"}}) {
    TinyPackage tiny;
    tiny.files["update/firehose/" + programmer] = tiny.files["update/firehose/prog_nand_firehose_9x07.mbn"];
    if (programmer != "prog_nand_firehose_9x07.mbn") {
      tiny.files.erase("update/firehose/prog_nand_firehose_9x07.mbn");
      for (auto* command : {&tiny.command("sysfs"), &tiny.command("recovery.ubi"), &tiny.command("boot.img")}) {
        command->text.replace(command->text.find("mdm9607"), 7, "xxxxxxx");
      }
      auto& second = tiny.commands[static_cast<std::size_t>(&tiny.command("mdm9607-boot") - tiny.commands.data())];
      second.text.replace(second.text.find("mdm9607"), 7, "xxxxxxx");
      for (std::string name : {"boot.img", "recovery.ubi", "sysfs.ubi"}) {
        tiny.files["update/xxxxxxx-" + name] = tiny.files["update/mdm9607-" + name];
      }
    }
    tiny.files["contents.xml"] =
        test::text_bytes(chipid.empty() ? "<contents/>" : "<contents><chipid>" + chipid + "</chipid></contents>");
    auto package = read(tiny.make());
    ASSERT_TRUE(package) << what(package);
    EXPECT_EQ(package->chip, chip) << package->chip_evidence;
  }
}

TEST_F(PackageKindsTest, KnowsNoChipWhereThePackageContradictsItself) {
  TinyPackage tiny;
  tiny.files["contents.xml"] = test::text_bytes("<contents><chipid>MDM9640</chipid></contents>");
  auto package = read(tiny.make());
  ASSERT_TRUE(package) << what(package);
  EXPECT_EQ(package->chip, "");
  auto finding = std::ranges::find(package->findings, "chip", &Finding::id);
  ASSERT_NE(finding, package->findings.end());
  EXPECT_EQ(finding->level, Finding::Level::error);
  EXPECT_THAT(finding->text, HasSubstr("contents.xml (MDM9640) says 9x40"));
  EXPECT_THAT(finding->text, HasSubstr("the programmer's name says 9x07"));
}

// Reading.

TEST_F(PackageKindsTest, SaysThatAnArchiveIsCutShort) {
  for (std::string ending : {".zip", ".7z"}) {
    auto bytes = packed(TinyPackage().make(), ending);
    bytes.resize(bytes.size() - 30);
    test::write_file(folder_ / "cut", bytes);
    EXPECT_THAT(what(read_package(folder_ / "cut", {}, events_)), testing::StartsWith("it is cut short")) << ending;
  }
}

TEST_F(PackageKindsTest, DoesNotCallAPackedFileAnEmptyPackage) {
  for (std::string content : {"head -c 100000 /dev/zero", "head -c 100000 /dev/urandom", "printf x"}) {
    auto path = folder_ / "file.gz";
    ASSERT_EQ(test::run(content + " | gzip >" + path).status, 0);
    EXPECT_THAT(what(read_package(path, {}, events_)), HasSubstr("no .tar")) << content;
  }
}

TEST_F(PackageKindsTest, NamesWhatAPersonNamedOnceInEveryError) {
  test::write_file(folder_ / "empty-file", {});
  std::filesystem::create_directories(folder_ / "empty-folder");
  test::write_file(folder_ / "notes.txt", test::text_bytes("hello"));
  auto zip = packed(TinyPackage().make(), ".zip");
  zip[zip.size() / 2] ^= std::byte{1};
  test::write_file(folder_ / "damaged.zip", zip);
  for (std::string name : {"empty-file", "empty-folder", "notes.txt", "damaged.zip", "not-there"}) {
    auto outcome = read_package(folder_ / name, {}, events_);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().during, folder_ / name);
    EXPECT_THAT(outcome.error().what, testing::Not(HasSubstr(name)));
    EXPECT_THAT(outcome.error().hint, HasSubstr("nothing was sent"));
  }
}

/// Asks for a stop at the first progress.
class Stopper final : public Events {
public:
  void emit(const Event& /*event*/) override {
    ++events;
    source.request_stop();
  }

  std::stop_source source;
  int events = 0;
};

TEST_F(PackageKindsTest, StopsReadingWhenAsked) {
  auto tiny = TinyPackage().make();
  std::filesystem::create_directories(folder_ / "folder");
  test::write_folder(tiny, folder_ / "folder");
  for (std::string ending : {".zip", ".7z", ".tar.gz"}) {
    test::write_archive(tiny, folder_ / ("archive" + ending));
  }
  for (std::string name : {"folder", "archive.zip", "archive.7z", "archive.tar.gz"}) {
    Stopper stopper;
    auto outcome = read_package(folder_ / name, {}, stopper, stopper.source.get_token());
    ASSERT_FALSE(outcome) << name;
    EXPECT_EQ(outcome.error().code, Code::interrupted);
    EXPECT_EQ(stopper.events, 1) << name;
  }
}

}  // namespace
}  // namespace modemedic::firmware
