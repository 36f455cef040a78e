#include "firmware/package.h"

#include "support/tool.h"
#include "tiny_package.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using test::TemporaryDirectory;
using test::TinyPackage;
using testing::ElementsAre;
using testing::HasSubstr;

class PackageTest : public testing::Test {
protected:
  Result<Package> read(const test::Files& files, const PackageChoice& choice = {}) {
    auto folder = folder_ / ("package" + std::to_string(count_++));
    std::filesystem::create_directories(folder);
    test::write_folder(files, folder);
    return read_package(folder, choice, events_);
  }

  Result<Package> read(const TinyPackage& package) { return read(package.make()); }

  /// The failure of a package that is wrong.
  Error failure_of(const TinyPackage& package) { return failure_of(package.make()); }

  Error failure_of(const test::Files& files, const PackageChoice& choice = {}) {
    auto outcome = read(files, choice);
    return outcome ? Error(fail(Code::bug).what("it was read")) : outcome.error();
  }

  static std::vector<std::string> ids(const Package& package, Finding::Level least = Finding::Level::warning) {
    std::vector<std::string> ids;
    for (const auto& finding : package.findings) {
      if (finding.level >= least) {
        ids.push_back(finding.id);
      }
    }
    return ids;
  }

  TemporaryDirectory folder_;
  EventRecorder events_;
  int count_ = 0;
};

MATCHER_P2(failed_with, code, text, "") {
  *result_listener << name(arg.code) << ": " << arg.what << " / " << arg.hint;
  return arg.code == code && arg.what.find(text) != std::string::npos && !arg.hint.empty();
}

TEST_F(PackageTest, ReadsAWholePackage) {
  auto package = read(TinyPackage());
  ASSERT_TRUE(package) << package.error().what;

  EXPECT_EQ(package->geometry, (Geometry{2048, 64, 2048}));
  EXPECT_EQ(package->chip, "9x07");
  ASSERT_TRUE(package->revision);
  EXPECT_EQ(package->revision->text, "EG25GGBR07A08M2G_30.006.30.006");
  EXPECT_EQ(package->revision_evidence, "update/mdm9607-sysfs.ubi and update/NON-HLOS.ubi");
  EXPECT_EQ(package->files[package->programmer].path, "update/firehose/prog_nand_firehose_9x07.mbn");
  EXPECT_EQ(package->files[package->rawprogram.value()].path, "update/firehose/rawprogram_nand_p2K_b128K_update.xml");
  EXPECT_EQ(package->commands.size(), 22U);
  ASSERT_EQ(package->images.size(), 11U);
  std::vector<std::string> partitions;
  for (const auto& image : package->images) {
    partitions.push_back(image.partition + " " + package->file(image).path);
  }
  EXPECT_THAT(partitions, ElementsAre("SBL update/sbl1.mbn", "MIBIB update/firehose/partition_complete_p2K_b128K.mbn",
                                      "TZ update/tz.mbn", "aboot update/appsboot.mbn", "boot update/mdm9607-boot.img",
                                      "recovery update/mdm9607-boot.img", "modem update/NON-HLOS.ubi",
                                      "recoveryfs update/mdm9607-recovery.ubi", "usr_data update/usrdata.ubi",
                                      "system update/mdm9607-sysfs.ubi", "RPM update/rpm.mbn"));
  EXPECT_EQ(package->images[0].range, (SectorRange{{0}, {640}}));
  EXPECT_EQ(package->table, TinyPackage().table);
}

TEST_F(PackageTest, TellsOfTheTrapInTheDocumentOrder) {
  auto package = read(TinyPackage());
  ASSERT_TRUE(package);
  auto trap = std::find_if(package->findings.begin(), package->findings.end(),
                           [](const Finding& finding) { return finding.id == "order-trap"; });
  ASSERT_NE(trap, package->findings.end());
  EXPECT_THAT(trap->text, HasSubstr("SBL, MIBIB, TZ"));
}

TEST_F(PackageTest, WarnsOfAnAbsentFileThatTheFlashDoesNotNeed) {
  auto package = read(TinyPackage());
  ASSERT_TRUE(package);
  EXPECT_THAT(ids(*package), ElementsAre("md5-absent-file"));
}

TEST_F(PackageTest, HashesAndReportsEveryFileOnce) {
  auto files = TinyPackage().make();
  auto package = read(files);
  ASSERT_TRUE(package);
  ASSERT_EQ(package->files.size(), files.size());
  std::uint64_t all = 0;
  for (const auto& file : package->files) {
    EXPECT_EQ(file.md5, digest<Md5>(files.at(file.path))) << file.path;
    EXPECT_EQ(file.size, files.at(file.path).size());
    EXPECT_EQ(file.status, file.path == "md5.txt" ? Md5Status::not_listed : Md5Status::listed);
    all += file.size;
  }
  const auto& last = std::get<event::Progress>(events_.events.back());
  EXPECT_EQ(last.all_done, all);
  EXPECT_EQ(last.all_size, all);
}

TEST_F(PackageTest, FindsItsRootUpToThreeFoldersDeep) {
  for (std::string root : {"", "a/", "a/b/", "a/b/c/"}) {
    test::Files files;
    for (auto& [path, bytes] : TinyPackage().make()) {
      files[root + path] = bytes;
    }
    files["beside.txt"] = test::text_bytes("not of the package");
    auto package = read(files);
    ASSERT_TRUE(package) << package.error().what;
    EXPECT_EQ(package->root, root);
  }
  test::Files files;
  for (auto& [path, bytes] : TinyPackage().make()) {
    files["a/b/c/d/" + path] = bytes;
  }
  EXPECT_THAT(failure_of(files), failed_with(Code::package_bad, "more than 3 folders deep"));
}

TEST_F(PackageTest, IsTheSameOutOfAnyArchive) {
  auto files = TinyPackage().make();
  auto in_folder = read(files);
  ASSERT_TRUE(in_folder);
  for (std::string ending : {".zip", ".7z", ".tar", ".tar.gz", ".tar.xz"}) {
    auto path = folder_ / ("package" + ending);
    test::write_archive(files, path);
    auto package = read_package(path, {}, events_);
    ASSERT_TRUE(package) << ending << ": " << package.error().what;
    EXPECT_EQ(package->files.size(), in_folder->files.size());
    EXPECT_EQ(package->images.size(), in_folder->images.size());
    for (const auto& file : package->files) {
      EXPECT_EQ(file.md5, digest<Md5>(files.at(file.path))) << ending << " " << file.path;
      auto bytes = read_file(*package, static_cast<std::size_t>(&file - package->files.data()), 1_MiB);
      ASSERT_TRUE(bytes) << bytes.error().what;
      EXPECT_EQ(*bytes, files.at(file.path));
    }
  }
}

// What is wrong with the files.

TEST_F(PackageTest, NamesTheFileWhoseDigestIsWrong) {
  auto files = TinyPackage().make();
  auto right = hex_digits(digest<Md5>(files["update/NON-HLOS.ubi"]));
  files["update/NON-HLOS.ubi"][100000] ^= std::byte{1};
  auto error = failure_of(files);
  EXPECT_THAT(error, failed_with(Code::package_bad, "update/NON-HLOS.ubi"));
  EXPECT_THAT(error.what, HasSubstr(right));
  EXPECT_THAT(error.what, HasSubstr(hex_digits(digest<Md5>(files["update/NON-HLOS.ubi"]))));
  EXPECT_THAT(error.hint, HasSubstr("download the package again"));
}

TEST_F(PackageTest, NamesTheFileThatIsMissing) {
  auto files = TinyPackage().make();
  files.erase("update/tz.mbn");
  EXPECT_THAT(failure_of(files), failed_with(Code::package_bad, "update/tz.mbn is missing"));
}

TEST_F(PackageTest, RefusesEveryCutOfAnArchive) {
  auto files = TinyPackage().make();
  for (std::string ending : {".zip", ".7z", ".tar", ".tar.gz", ".tar.xz"}) {
    auto path = folder_ / ("whole" + ending);
    test::write_archive(files, path);
    auto whole = test::read_file(path);
    for (std::size_t part = 1; part < 16; ++part) {
      test::write_file(folder_ / "cut", ByteView(whole).first(whole.size() * part / 16));
      auto package = read_package(folder_ / "cut", {}, events_);
      ASSERT_FALSE(package) << ending << " cut at " << part << "/16";
      EXPECT_THAT(package.error(), failed_with(Code::package_bad, ""));
    }
  }
}

TEST_F(PackageTest, WarnsWithoutAList) {
  TinyPackage tiny;
  tiny.with_list = false;
  auto package = read(tiny);
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_THAT(ids(*package), ElementsAre("md5-no-list"));
  EXPECT_EQ(package->files[0].status, Md5Status::no_list);
}

TEST_F(PackageTest, WarnsOfANeededFileThatTheListDoesNotName) {
  TinyPackage tiny;
  auto files = tiny.make();
  auto list = std::string(as_text(files["md5.txt"]));
  auto line = list.find("FILE:\\update\\tz.mbn");
  list.erase(line, list.find('\n', line) + 1 - line);
  files["md5.txt"] = test::text_bytes(list);
  auto package = read(files);
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_THAT(ids(*package), ElementsAre("md5-absent-file", "md5-not-listed"));
}

TEST_F(PackageTest, FindsFilesWhateverTheirCase) {
  auto files = TinyPackage().make();
  files["Update/SBL1.MBN"] = files["update/sbl1.mbn"];
  files.erase("update/sbl1.mbn");
  files["MD5.TXT"] = files["md5.txt"];
  files.erase("md5.txt");
  auto package = read(files);
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_EQ(package->file(package->images[0]).path, "Update/SBL1.MBN");
  EXPECT_EQ(package->file(package->images[0]).status, Md5Status::listed);
}

// What is wrong with the commands.

TEST_F(PackageTest, RefusesAPathOutOfThePackage) {
  for (std::string name : {R"(..\..\..\sbl1.mbn)", R"(\sbl1.mbn)", R"(C:\sbl1.mbn)", "../../../../etc/passwd"}) {
    TinyPackage tiny;
    tiny.command("sbl1.mbn").text = "program filename=\"" + name + "\"";
    auto error = failure_of(tiny);
    EXPECT_THAT(error, failed_with(Code::package_bad, "rawprogram_nand_p2K_b128K_update.xml: command 1")) << name;
  }
}

TEST_F(PackageTest, RefusesARangePastTheChip) {
  TinyPackage tiny;
  tiny.commands.push_back({"erase", 131072, 64});
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad,
                                            "command 23 (erase): sectors 131072 to 131135 reach "
                                            "past the chip, which has 131072"));
  tiny.commands.back() = {"erase", 4294967232, 4294967232};
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "reach past the chip"));
}

TEST_F(PackageTest, RefusesARangeThatIsNotWholeBlocks) {
  TinyPackage tiny;
  tiny.command("tz.mbn").count = 767;
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "not whole blocks of 64"));
}

TEST_F(PackageTest, RefusesProgramsThatOverlap) {
  TinyPackage tiny;
  tiny.command("tz.mbn").count = 832;
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "overlap: sectors 13184 to 14015 and sectors 13952"));
}

TEST_F(PackageTest, RefusesAnImageLargerThanItsPartition) {
  TinyPackage tiny;
  tiny.files["update/rpm.mbn"].resize(1'179'648);
  EXPECT_TRUE(read(tiny));
  tiny.files["update/rpm.mbn"].resize(1'179'649);
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "update/rpm.mbn: it has 1179649 bytes"));
}

TEST_F(PackageTest, RefusesAnEmptyImage) {
  TinyPackage tiny;
  tiny.files["update/rpm.mbn"].clear();
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "update/rpm.mbn: it is empty"));
}

TEST_F(PackageTest, RefusesCommandsOfTwoGeometries) {
  TinyPackage tiny;
  tiny.command("rpm.mbn").sector_size = "4096";
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "is for pages of 4096 bytes"));
}

TEST_F(PackageTest, RefusesANameOrCommentForAnotherGeometry) {
  TinyPackage tiny;
  tiny.rawprogram = "update/firehose/rawprogram_nand_p4K_b256K_update.xml";
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "its name says 4096"));
  tiny = TinyPackage();
  tiny.comments = "<!--PageSize = 4 KB--><!--NUM_PARTITION_SECTORS = 131072-->";
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "its comment says 4096"));
}

TEST_F(PackageTest, RefusesATableForAnotherPageSize) {
  TinyPackage tiny;
  auto geometry = tiny.geometry;
  geometry.page_size = 4096;
  tiny.files["update/firehose/partition_complete_p2K_b128K.mbn"] = Buffer();
  auto files = tiny.make();
  TinyPackage other;
  other.geometry = geometry;
  tiny.files["update/firehose/partition_complete_p2K_b128K.mbn"] =
      other.make().at("update/firehose/partition_complete_p2K_b128K.mbn");
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "partition table (MIBIB)"));
}

TEST_F(PackageTest, RefusesATableWithAWrongCrc) {
  TinyPackage tiny;
  auto table = tiny.make().at("update/firehose/partition_complete_p2K_b128K.mbn");
  table[2048 + 40] ^= std::byte{1};
  tiny.files["update/firehose/partition_complete_p2K_b128K.mbn"] = table;
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "CRC"));
}

TEST_F(PackageTest, RefusesAProgramOverTwoPartitions) {
  TinyPackage tiny;
  tiny.commands = {{R"(program filename="partition_complete_p2K_b128K.mbn")", 640, 640},
                   {R"(program filename="..\tz.mbn")", 13184, 832}};
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "update/tz.mbn goes to sectors 13184 to 14015"));
}

TEST_F(PackageTest, RefusesAPackageWithoutATable) {
  TinyPackage tiny;
  tiny.commands = {{R"(program filename="..\tz.mbn")", 13184, 768}};
  EXPECT_THAT(failure_of(tiny), failed_with(Code::package_bad, "programs no partition table"));
}

TEST_F(PackageTest, FindsWhatAProgramDoesToAPartOfAPartition) {
  TinyPackage tiny;
  tiny.command("tz.mbn").count = 704;
  auto package = read(tiny);
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_THAT(ids(*package, Finding::Level::error), ElementsAre("mibib-mismatch"));
}

TEST_F(PackageTest, FindsAnEraseOfTheModulesOwnData) {
  for (auto [start, count, id] :
       {std::tuple{1280U, 8704U, "efs"}, std::tuple{9920U, 64U, "efs"}, std::tuple{93056U, 256U, "efs"},
        std::tuple{51648U, 320U, "partition"}, std::tuple{0U, 0xFFFFFFFFU, "erase-all"},
        std::tuple{0U, 131072U, "erase-all"}, std::tuple{64U, 0xFFFFFFFFU, "erase-all"}}) {
    TinyPackage tiny;
    tiny.commands.push_back({"erase", start, count});
    auto package = read(tiny);
    ASSERT_TRUE(package) << package.error().what;
    EXPECT_THAT(ids(*package, Finding::Level::error), ElementsAre(id));
  }
}

TEST_F(PackageTest, FindsAnEraseOverPartitionBorders) {
  TinyPackage tiny;
  tiny.commands.push_back({"erase", 13888, 128});
  auto package = read(tiny);
  ASSERT_TRUE(package);
  EXPECT_THAT(ids(*package, Finding::Level::error), ElementsAre("partition"));
}

TEST_F(PackageTest, FindsVendorTags) {
  TinyPackage tiny;
  tiny.commands.push_back({R"(erase vendor="quectel" c_project_name="EG25")", 13952, 576});
  auto package = read(tiny);
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_TRUE(package->commands.back().vendor_tagged());
  EXPECT_THAT(ids(*package, Finding::Level::note), testing::Contains("vendor-tagged"));
}

TEST_F(PackageTest, FindsImagesThatDoNotLookLikeTheirPartition) {
  TinyPackage tiny;
  tiny.files["update/sbl1.mbn"] = test::noise(5000, 77);
  tiny.files["update/mdm9607-sysfs.ubi"] = test::noise(5000, 78);
  auto package = read(tiny);
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_THAT(ids(*package), ElementsAre("md5-absent-file", "image-shape", "image-shape"));
}

TEST_F(PackageTest, GuessesTheChipsSizeOnlyWithAWarning) {
  TinyPackage tiny;
  tiny.comments.clear();
  auto package = read(tiny);
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_EQ(package->geometry.blocks, 2048U);
  EXPECT_THAT(ids(*package), ElementsAre("md5-absent-file", "chip-size"));
}

// Choices.

TEST_F(PackageTest, AsksWhichOfTwoRawprogramFiles) {
  TinyPackage tiny;
  tiny.files["update/firehose/rawprogram_nand_p2K_b128K_factory.xml"] = test::text_bytes(tiny.rawprogram_text());
  auto files = tiny.make();
  auto error = failure_of(files);
  EXPECT_THAT(error, failed_with(Code::usage, "rawprogram_nand_p2K_b128K_factory.xml"));
  EXPECT_THAT(error.what, HasSubstr("rawprogram_nand_p2K_b128K_update.xml"));
  EXPECT_THAT(error.hint, HasSubstr("--rawprogram "));

  for (std::string choice :
       {"rawprogram_nand_p2K_b128K_factory.xml", "update/firehose/rawprogram_nand_p2K_b128K_factory.xml"}) {
    auto package = read(files, {{}, choice, {}});
    ASSERT_TRUE(package) << package.error().what;
    EXPECT_EQ(package->files[package->rawprogram.value()].path,
              "update/firehose/rawprogram_nand_p2K_b128K_factory.xml");
  }
  EXPECT_THAT(failure_of(files, {{}, "other.xml", {}}), failed_with(Code::usage, "no rawprogram file \"other.xml\""));
}

/// An archive may hold 100,000 of them; a person reads a few.
TEST_F(PackageTest, NamesSomeOfManyRawprogramFiles) {
  TinyPackage tiny;
  for (int i = 0; i < 500; ++i) {
    tiny.files["update/firehose/rawprogram" + std::to_string(i) + ".xml"] = test::text_bytes("<data/>");
  }
  auto error = failure_of(tiny);
  EXPECT_THAT(error, failed_with(Code::usage, "and 481 more"));
  EXPECT_LT(error.what.size(), 2000U);
}

TEST_F(PackageTest, AsksWhichOfTwoProgrammers) {
  TinyPackage tiny;
  tiny.files["update/firehose/prog_emmc_firehose_9x07.mbn"] = test::noise(100, 1);
  auto error = failure_of(tiny);
  EXPECT_THAT(error, failed_with(Code::usage, "prog_emmc_firehose_9x07.mbn"));
  EXPECT_THAT(error.hint, HasSubstr("--programmer "));
  auto package = read(tiny.make(), {"prog_nand_firehose_9x07.mbn", {}, {}});
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_EQ(package->files[package->programmer].path, "update/firehose/prog_nand_firehose_9x07.mbn");
}

TEST_F(PackageTest, AsksWhichOfTwoPackages) {
  test::Files files;
  for (auto& [path, bytes] : TinyPackage().make()) {
    files["EG25GGBR07A08M2G/" + path] = bytes;
    files["EG25GGCR07A08M2G/" + path] = bytes;
  }
  auto error = failure_of(files);
  EXPECT_THAT(error, failed_with(Code::usage, "EG25GGBR07A08M2G/, EG25GGCR07A08M2G/"));
  auto package = read(files, {{}, "EG25GGBR07A08M2G/update/firehose/rawprogram_nand_p2K_b128K_update.xml", {}});
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_EQ(package->root, "EG25GGBR07A08M2G/");
}

// The revision.

TEST_F(PackageTest, GivesNoRevisionWhenItsImagesDisagree) {
  TinyPackage tiny;
  auto& modem = tiny.files["update/NON-HLOS.ubi"];
  auto at = as_text(modem).find("EG25GGBR07A08M2G");
  modem[at + 12] = std::byte{'7'};
  modem[at + 11] = std::byte{'0'};
  modem[at + 10] = std::byte{'A'};
  auto package = read(tiny);
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_FALSE(package->revision);
  EXPECT_THAT(ids(*package), testing::Contains("revision"));
}

TEST_F(PackageTest, TakesTheRevisionFromNamesWhenTheImagesAreSilent) {
  TinyPackage tiny;
  for (std::string path : {"update/NON-HLOS.ubi", "update/mdm9607-sysfs.ubi"}) {
    tiny.files[path].resize(24);
  }
  test::Files files;
  for (auto& [path, bytes] : tiny.make()) {
    files["EG25GGBR07A08M2G_30.006.30.006/" + path] = bytes;
  }
  auto package = read(files);
  ASSERT_TRUE(package) << package.error().what;
  ASSERT_TRUE(package->revision);
  EXPECT_EQ(package->revision->text, "EG25GGBR07A08M2G_30.006.30.006");
  EXPECT_EQ(package->revision_evidence, "the name of the folder in it");

  test::write_archive(tiny.make(), folder_ / "EG25GGBR07A07M2G_01.001.zip");
  package = read_package(folder_ / "EG25GGBR07A07M2G_01.001.zip", {}, events_);
  ASSERT_TRUE(package) << package.error().what;
  ASSERT_TRUE(package->revision);
  EXPECT_EQ(package->revision->text, "EG25GGBR07A07M2G_01.001");
  EXPECT_EQ(package->revision_evidence, "the archive's name");
  package = read(tiny);
  ASSERT_TRUE(package);
  EXPECT_FALSE(package->revision);
}

// What is no package at all.

TEST_F(PackageTest, SaysWhatItIsInsteadOfAPackage) {
  auto bytes = test::text_bytes("something");

  struct Case {
    std::vector<std::string> files;
    std::string says;
  };

  for (const auto& [paths, says] : std::vector<Case>{
           {{}, "it is empty"},
           {{"holiday.jpg", "notes.txt"}, "there is no rawprogram*.xml in it"},
           {{"NPRG9x15.hex", "sbl1.mbn", "partition.mbn"}, "the image for SBL2 is missing"},
           {{"9615-cdp-recovery-image-9615-cdp.yaffs2"}, "older EC20 (MDM9x15)"},
           {{"META-INF/com/google/android/update-binary", "patch/boot.img.p"}, "DFOTA (delta)"},
           {{"update/NPRG9x07.mbn", "update/sbl1.mbn", "md5.txt"}, "no update/firehose folder"},
           {{"payload.bin", "payload_properties.txt"}, "an over-the-air upgrade"},
           {{"EG25GGBR07A08M2G.rar"}, "another archive in it, \"EG25GGBR07A08M2G.rar\""},
           {{"EG25GGBR07A08M2G.zip"}, "\"EG25GGBR07A08M2G.zip\" in it is no firmware package but something"},
       }) {
    test::Files files;
    for (const auto& path : paths) {
      files[path] = bytes;
    }
    auto error = failure_of(files);
    EXPECT_THAT(error, failed_with(Code::package_bad, says));
    EXPECT_THAT(error.hint, HasSubstr("nothing was sent"));
  }
}

TEST_F(PackageTest, NamesTheProgrammerThatIsMissing) {
  auto files = TinyPackage().make();
  files.erase("update/firehose/prog_nand_firehose_9x07.mbn");
  EXPECT_THAT(failure_of(files), failed_with(Code::package_bad, "has no Firehose programmer"));
}

TEST_F(PackageTest, RefusesWhatIsNeitherFolderNorArchive) {
  test::write_file(folder_ / "random", test::noise(5000, 3));
  test::write_file(folder_ / "empty", {});
  test::write_file(folder_ / "boot.img", test::text_bytes("ANDROID!xxxxxxxxxxxxxxxxx"));
  for (auto [file, says] : {std::pair{"random", "neither a folder nor an archive"}, std::pair{"empty", "an empty file"},
                            std::pair{"boot.img", "a single boot image"}}) {
    auto package = read_package(folder_ / file, {}, events_);
    ASSERT_FALSE(package);
    EXPECT_THAT(package.error(), failed_with(Code::package_bad, says));
  }
  auto absent = read_package(folder_ / "absent", {}, events_);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Code::io);
}

}  // namespace
}  // namespace modemedic::firmware
