#include "virtual/generator.h"

#include "base/digest.h"
#include "firmware/boot_image.h"
#include "firmware/mbn.h"
#include "firmware/mibib.h"
#include "firmware/partition_mbn.h"
#include "firmware/revision_scan.h"
#include "firmware/ubi.h"
#include "support/tool.h"
#include "virtual/package_images.h"
#include "virtual/package_texts.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pugixml.hpp>

namespace modemedic::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* eg25_revision = "EG25GGBR07A08M2G_30.006.30.006";
constexpr const char* ec25_revision = "EC25EFAR06A11M4G_01.001.01.001";

Persona persona(const char* id) {
  auto found = find_persona(id);
  EXPECT_TRUE(found) << id;
  return *found;
}

using Files = std::vector<GeneratedFile>;

Files package(const char* id, const char* revision, Scale scale = Scale::small, bool qdl_form = false) {
  auto files = generate_package(persona(id), *firmware::parse_revision(revision), {scale, qdl_form});
  EXPECT_TRUE(files) << files.error().what;
  return *files;
}

const GeneratedFile& file(const Files& files, std::string_view path) {
  auto found = std::ranges::find(files, path, &GeneratedFile::path);
  EXPECT_NE(found, files.end()) << path;
  return *found;
}

std::string text(const Files& files, std::string_view path) {
  return std::string(as_text(file(files, path).bytes()));
}

std::vector<std::string> paths(const Files& files) {
  std::vector<std::string> all;
  std::ranges::transform(files, std::back_inserter(all), &GeneratedFile::path);
  return all;
}

struct Both {
  const char* id;
  const char* revision;
};

constexpr Both both[] = {{"eg25-g", eg25_revision}, {"ec25-e", ec25_revision}};

TEST(Generator, MakesTheFilesOfARealPackage) {
  EXPECT_THAT(paths(package("eg25-g", eg25_revision)),
              ElementsAre("contents.xml", "EG25GGBR07A08M2G_30.006.30.006_Release_Notes.pdf", "md5.txt",
                          "update/appsboot.mbn", "update/ENPRG9x07.mbn",
                          "update/mdm-perf-recovery-image-mdm9607-perf.ubi", "update/mdm9607-perf-boot.img",
                          "update/mdm9607-perf-sysfs.ubi", "update/NON-HLOS.ubi", "update/NPRG9x07.mbn",
                          "update/partition.mbn", "update/partition_nand.xml", "update/rpm.mbn", "update/sbl1.mbn",
                          "update/tz.mbn", "update/usrdata.ubi", "update/firehose/partition_complete_p2K_b128K.mbn",
                          "update/firehose/patch_p2K_b128K.xml", "update/firehose/prog_nand_firehose_9x07.mbn",
                          "update/firehose/rawprogram_nand_p2K_b128K_update.xml"));
  EXPECT_THAT(paths(package("ec25-e", ec25_revision)),
              ElementsAre("contents.xml", "EC25EFAR06A11M4G_01.001.01.001_Release_Notes.pdf", "md5.txt",
                          "update/appsboot.mbn", "update/ENPRG9x07.mbn", "update/mdm9607-boot.img",
                          "update/mdm9607-recovery.ubi", "update/mdm9607-sysfs.ubi", "update/NON-HLOS.ubi",
                          "update/NPRG9x07.mbn", "update/partition.mbn", "update/partition_nand.xml", "update/rpm.mbn",
                          "update/sbl1.mbn", "update/tz.mbn", "update/firehose/partition_complete_p4K_b256K.mbn",
                          "update/firehose/patch_p4K_b256K.xml", "update/firehose/prog_nand_firehose_9x07.mbn",
                          "update/firehose/rawprogram_nand_p4K_b256K_update.xml"));
}

TEST(Generator, GivesThemTheSizesOfARealRelease) {
  auto files = package("eg25-g", eg25_revision, Scale::real);
  const std::map<std::string, std::uint64_t> sizes = {
      {"update/appsboot.mbn", 477'916},
      {"update/ENPRG9x07.mbn", 100'988},
      {"update/firehose/prog_nand_firehose_9x07.mbn", 128'376},
      {"update/rpm.mbn", 160'904},
      {"update/sbl1.mbn", 223'176},
      {"update/tz.mbn", 526'844},
      {"update/usrdata.ubi", 2'097'152},
      {"update/firehose/partition_complete_p2K_b128K.mbn", 8'192},
      {"update/partition.mbn", 492},
  };
  for (const auto& [path, size] : sizes) {
    EXPECT_EQ(file(files, path).size, size) << path;
  }
  auto megabytes = [&](const char* path) { return static_cast<double>(file(files, path).size) / 1e6; };
  EXPECT_NEAR(megabytes("update/mdm9607-perf-boot.img"), 6, 0.5);
  EXPECT_NEAR(megabytes("update/mdm-perf-recovery-image-mdm9607-perf.ubi"), 9, 1);
  EXPECT_NEAR(megabytes("update/NON-HLOS.ubi"), 42.5, 2.5);
  EXPECT_NEAR(megabytes("update/mdm9607-perf-sysfs.ubi"), 27.5, 2.5);
  std::uint64_t all = 0;
  std::ranges::for_each(files, [&](const GeneratedFile& f) { all += f.size; });
  EXPECT_NEAR(static_cast<double>(all) / 1e6, 87.5, 12.5);
}

TEST(Generator, MakesAsManyBytesAsItPromised) {
  for (const auto& [id, revision] : both) {
    for (const auto& file : package(id, revision)) {
      EXPECT_EQ(file.bytes().size(), file.size) << file.path;
    }
  }
  auto real = package("ec25-e", ec25_revision, Scale::real);
  for (const auto* path : {"update/mdm9607-boot.img", "update/mdm9607-recovery.ubi", "update/tz.mbn"}) {
    EXPECT_EQ(file(real, path).bytes().size(), file(real, path).size) << path;
  }
}

TEST(Generator, MakesTheSameBytesEachTimeAndOthersForOtherFirmware) {
  auto digest_of = [](const Files& files) {
    std::map<std::string, Md5> digests;
    for (const auto& file : files) {
      digests[file.path] = digest<Md5>(file.bytes());
    }
    return digests;
  };
  auto one = digest_of(package("eg25-g", eg25_revision));
  EXPECT_EQ(one, digest_of(package("eg25-g", eg25_revision)));
  auto other = digest_of(package("eg25-g", "EG25GGBR07A07M2G_30.004.30.004"));
  for (const auto* path : {"update/sbl1.mbn", "update/tz.mbn", "update/rpm.mbn", "update/appsboot.mbn",
                           "update/NON-HLOS.ubi", "update/mdm9607-perf-boot.img", "update/mdm9607-perf-sysfs.ubi"}) {
    EXPECT_NE(one.at(path), other.at(path)) << path;
  }
  EXPECT_NE(digest<Md5>(file(package("eg25-g", eg25_revision), "update/tz.mbn").bytes()),
            digest<Md5>(file(package("eg25-g", eg25_revision), "update/rpm.mbn").bytes()));
}

TEST(Generator, MakesWholeImages) {
  for (const auto& [id, revision] : both) {
    auto files = package(id, revision);
    auto table = persona(id).table;
    auto geometry = persona(id).geometry;
    for (const auto* path : {"update/appsboot.mbn", "update/rpm.mbn", "update/tz.mbn", "update/ENPRG9x07.mbn",
                             "update/NPRG9x07.mbn", "update/firehose/prog_nand_firehose_9x07.mbn"}) {
      auto bytes = file(files, path).bytes();
      EXPECT_EQ(firmware::check_elf(bytes).value_or(0), bytes.size()) << path;
    }
    auto sbl = file(files, "update/sbl1.mbn").bytes();
    EXPECT_EQ(firmware::check_sbl(sbl).value_or(0), sbl.size());
    for (const auto& f : files) {
      if (f.path.ends_with("-boot.img")) {
        EXPECT_EQ(firmware::check_boot_image(f.bytes()).value_or(0), f.size);
      }
      if (f.path.find("partition_complete") != std::string::npos) {
        EXPECT_EQ(firmware::parse_mibib(f.bytes(), geometry).value(), table);
        EXPECT_EQ(f.size, 4 * geometry.page_size);
      }
    }
    auto users = firmware::parse_user_table(file(files, "update/partition.mbn").bytes());
    ASSERT_TRUE(users);
    ASSERT_EQ(users->size(), table.size());
    EXPECT_EQ(users->front().name, table.front().name);
    EXPECT_FALSE(users->back().size);
  }
}

firmware::UbiSummary scan(const GeneratedFile& file, std::uint64_t peb_size) {
  firmware::UbiScan ubi(peb_size);
  file.write([&](ByteView peb) {
    ubi.block(peb);
    return true;
  });
  auto summary = ubi.finish();
  EXPECT_TRUE(summary) << file.path << ": " << summary.error().what;
  return summary ? *summary : firmware::UbiSummary{};
}

TEST(Generator, PutsTheRevisionIntoTheImages) {
  auto files = package("eg25-g", eg25_revision);
  auto modem = scan(file(files, "update/NON-HLOS.ubi"), 128_KiB);
  ASSERT_NE(modem.volume("modem"), nullptr);
  EXPECT_THAT(as_text(modem.volume("modem")->head),
              StartsWith("OEM_IMAGE_VERSION_STRING=EG25GGBR07A08M2G\nMODEM_VERSION=30.006\n"));
  auto system = scan(file(files, "update/mdm9607-perf-sysfs.ubi"), 128_KiB);
  ASSERT_NE(system.volume("system"), nullptr);
  EXPECT_THAT(as_text(system.volume("system")->head),
              StartsWith("OEM_IMAGE_VERSION_STRING=EG25GGBR07A08M2G_30.006.30.006\n"));
  scan(file(files, "update/mdm-perf-recovery-image-mdm9607-perf.ubi"), 128_KiB);
  scan(file(files, "update/usrdata.ubi"), 128_KiB);

  auto bare = package("ec25-e", "EC25EFAR02A08M4G");
  EXPECT_THAT(as_text(scan(file(bare, "update/NON-HLOS.ubi"), 256_KiB).volume("modem")->head),
              StartsWith("OEM_IMAGE_VERSION_STRING=EC25EFAR02A08M4G\nMODEM_VERSION=\n"));
}

TEST(Generator, LetsTheScanFindTheRevisionWhereARealOneHasIt) {
  for (const auto& [path, name] : {std::pair("update/NON-HLOS.ubi", "EG25GGBR07A08M2G"),
                                   std::pair("update/mdm9607-perf-sysfs.ubi", eg25_revision)}) {
    firmware::RevisionScan names;
    file(package("eg25-g", eg25_revision), path).write([&](ByteView piece) {
      names.feed(piece);
      return true;
    });
    EXPECT_THAT(names.found(), ElementsAre(name));
  }
}

TEST(Generator, FitsEachImageIntoItsPartition) {
  for (const auto& [id, revision] : both) {
    auto modem = persona(id);
    auto files = package(id, revision, Scale::real);
    for (const auto& image : placed_images(modem)) {
      auto room = modem.geometry.bytes(firmware::find_partition(modem.table, image.partition)->range.count);
      EXPECT_LE(file(files, image.path).size + 2 * modem.geometry.block_size(), room) << image.partition;
    }
  }
}

TEST(Generator, RefusesARevisionOfAnotherOrderCode) {
  auto files = generate_package(persona("eg25-g"), *firmware::parse_revision(ec25_revision), {});
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, Code::usage);
  EXPECT_THAT(files.error().what, HasSubstr("EG25GGB"));
}

TEST(Generator, StopsWhenItsListenerHasEnough) {
  for (const auto& file : package("eg25-g", eg25_revision, Scale::real)) {
    std::uint64_t seen = 0;
    if (file.path == "md5.txt") {
      continue;  // must read everything first
    }
    file.write([&](ByteView piece) {
      seen += piece.size();
      return false;
    });
    EXPECT_GT(seen, 0U);
    EXPECT_LE(seen, 8U << 20U) << file.path;
  }
}

// ---- rawprogram ----

struct Command {
  bool program = false;
  std::uint64_t start = 0;
  std::uint64_t count = 0;
  std::string filename;
};

std::vector<Command> commands(const std::string& xml) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(xml.c_str()));
  std::vector<Command> all;
  for (auto node : document.child("data").children()) {
    if (node.type() == pugi::node_element) {
      all.push_back({std::string_view(node.name()) == "program", node.attribute("start_sector").as_ullong(),
                     node.attribute("num_partition_sectors").as_ullong(), node.attribute("filename").value()});
    }
  }
  return all;
}

/// What each start sector ends with when the file is run top to bottom: a file's name, or "" when it is blank.
std::map<std::uint64_t, std::string> run_top_to_bottom(const std::vector<Command>& all) {
  std::map<std::uint64_t, std::string> content;
  for (const auto& command : all) {
    content[command.start] = command.program ? command.filename : "";
  }
  return content;
}

TEST(Rawprogram, IsWrittenAsRealOnesAre) {
  auto xml = text(package("eg25-g", eg25_revision), "update/firehose/rawprogram_nand_p2K_b128K_update.xml");
  EXPECT_THAT(xml, HasSubstr("<!--BlockSize = 128 KB-->"));
  EXPECT_THAT(xml, HasSubstr("<!--PageSize  = 2 KB-->"));
  EXPECT_THAT(xml, HasSubstr("<!--NUM_PARTITION_SECTORS  = 131072-->"));
  EXPECT_THAT(xml, HasSubstr("<program PAGES_PER_BLOCK=\"64\" SECTOR_SIZE_IN_BYTES=\"2048\" filename=\"..\\sbl1.mbn\" "
                             "num_partition_sectors=\"640\" physical_partition_number=\"0\" start_sector=\"0\"/>"));
  EXPECT_THAT(xml, HasSubstr("<erase PAGES_PER_BLOCK=\"64\" SECTOR_SIZE_IN_BYTES=\"2048\" "
                             "num_partition_sectors=\"576\" physical_partition_number=\"0\" start_sector=\"13952\"/>"));
  for (const auto* absent : {"label", "file_sector_offset", "sparse"}) {
    EXPECT_THAT(xml, Not(HasSubstr(absent)));
  }
}

TEST(Rawprogram, InDocumentOrderLeavesTheBootChainBlank) {
  for (const auto& [id, revision] : both) {
    auto table = persona(id).table;
    auto start = [&](const char* name) { return firmware::find_partition_any_case(table, name)->range.start.n; };
    auto all = commands(rawprogram_text(persona(id), false));
    ASSERT_GE(all.size(), 18U);
    EXPECT_TRUE(all[0].program && all[0].start == start("sbl"));
    EXPECT_TRUE(all[1].program && all[1].start == start("mibib"));
    EXPECT_TRUE(all[2].program && all[2].start == start("tz"));
    auto n = all.size();
    EXPECT_TRUE(!all[n - 4].program && all[n - 4].start == start("tz"));
    EXPECT_TRUE(!all[n - 3].program && all[n - 3].start == start("mibib"));
    EXPECT_TRUE(!all[n - 2].program && all[n - 2].start == start("sbl"));
    EXPECT_TRUE(all[n - 1].program && all[n - 1].start == start("rpm"));

    auto content = run_top_to_bottom(all);
    for (const auto* name : {"sbl", "mibib", "tz"}) {
      EXPECT_EQ(content.at(start(name)), "") << name;
    }
    for (const auto* name : {"rpm", "aboot", "boot", "recovery", "modem", "recoveryfs", "system"}) {
      EXPECT_NE(content.at(start(name)), "") << name;
    }
    EXPECT_EQ(content.at(start("boot")), content.at(start("recovery")));
  }
}

TEST(Rawprogram, NamesOnlyWholePartitionsOfItsTableAndNeverPrivateOnes) {
  for (const auto& [id, revision] : both) {
    for (bool qdl_form : {false, true}) {
      auto modem = persona(id);
      std::map<std::string, std::pair<int, int>> seen;  // erases, programs
      for (const auto& command : commands(rawprogram_text(modem, qdl_form))) {
        const auto* partition = firmware::partition_of(modem.table, {{command.start}, {command.count}});
        ASSERT_NE(partition, nullptr);
        EXPECT_EQ(partition->range, (SectorRange{{command.start}, {command.count}}));
        (command.program ? seen[partition->name].second : seen[partition->name].first) += 1;
      }
      EXPECT_EQ(seen.size(), placed_images(modem).size());
      EXPECT_EQ(seen.size(), std::string_view(id) == "eg25-g" ? 11U : 10U);
      for (const auto& [name, count] : seen) {
        EXPECT_EQ(count, std::pair(1, 1)) << name;
      }
      for (const auto* never : {"EFS2", "efs2", "sys_rev", "RAWDATA", "rawdata", "cust_info", "misc", "sec", "scrub"}) {
        EXPECT_FALSE(seen.contains(never)) << never;
      }
    }
  }
}

TEST(Rawprogram, InQdlsFormEndsWellTopToBottom) {
  auto xml = rawprogram_text(persona("eg25-g"), true);
  for (const auto& [start, filename] : run_top_to_bottom(commands(xml))) {
    EXPECT_NE(filename, "") << "sector " << start;
  }
  EXPECT_THAT(xml, HasSubstr("filename=\"../sbl1.mbn\" label=\"SBL\" file_sector_offset=\"0\" last_sector=\"639\""));
}

// ---- the other texts ----

TEST(Md5List, NamesEveryFileWithItsDigestAsRealOnesDo) {
  auto files = package("eg25-g", eg25_revision);
  auto list = text(files, "md5.txt");
  EXPECT_THAT(list, StartsWith("VERSION:1.0\r\nFILE:START\r\nFILE:\\"));
  EXPECT_THAT(list,
              testing::EndsWith("FILE:\\upgrade\\targetfiles.zip:222EAA53A6C111E7F2E248587D6EA079\r\nFILE:END\r\n"));
  EXPECT_EQ(std::ranges::count(list, '\n'), std::ranges::count(list, '\r'));
  EXPECT_EQ(std::ranges::count(list, '\n'), static_cast<long>(files.size() - 1 + 4));
  EXPECT_THAT(list, Not(HasSubstr("/")));
  EXPECT_THAT(list, Not(HasSubstr("md5.txt")));
  auto sbl = hex_digits(digest<Md5>(file(files, "update/sbl1.mbn").bytes()));
  std::ranges::transform(sbl, sbl.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  EXPECT_THAT(list, HasSubstr("\r\nFILE:\\update\\sbl1.mbn:" + sbl + "\r\n"));
}

TEST(ContentsXml, HasBomCrlfAndTheChip) {
  auto contents = text(package("eg25-g", eg25_revision), "contents.xml");
  EXPECT_THAT(contents, StartsWith("\xEF\xBB\xBF<?xml"));
  EXPECT_EQ(std::ranges::count(contents, '\n'), std::ranges::count(contents, '\r'));
  EXPECT_THAT(contents, HasSubstr(">MDM9607</chipid>"));
  EXPECT_THAT(contents, HasSubstr("<product_name>MDM9607.LE.1.0</product_name>"));
  EXPECT_THAT(contents, HasSubstr("<file_name>sbl1.mbn</file_name>"));
  pugi::xml_document document;
  EXPECT_TRUE(document.load_buffer(contents.data(), contents.size()));
}

TEST(PatchXml, PatchesThePartitionFileNotTheDisk) {
  auto patch = text(package("ec25-e", ec25_revision), "update/firehose/patch_p4K_b256K.xml");
  EXPECT_THAT(patch, HasSubstr("filename=\"partition_complete_p4K_b256K.mbn\""));
  EXPECT_THAT(patch, Not(HasSubstr("DISK")));
}

TEST(PartitionNandXml, IsWellFormed) {
  auto xml = text(package("eg25-g", eg25_revision), "update/partition_nand.xml");
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(xml.c_str()));
  auto entries = document.child("nandboot").child("partition_entries").children("partition");
  EXPECT_EQ(std::distance(entries.begin(), entries.end()), 17);
}

TEST(Generator, LooksRightToFile) {
  if (!test::have("file")) {
    GTEST_SKIP() << "file is not installed";
  }
  test::TemporaryDirectory directory;
  auto files = package("eg25-g", eg25_revision);
  const std::pair<const char*, const char*> expected[] = {
      {"update/firehose/prog_nand_firehose_9x07.mbn", "ELF 32-bit LSB executable, ARM"},
      {"update/tz.mbn", "ELF 32-bit LSB executable, ARM"},
      {"update/mdm9607-perf-boot.img", "Android bootimg"},
      {"update/NON-HLOS.ubi", "UBI image"},
      {"EG25GGBR07A08M2G_30.006.30.006_Release_Notes.pdf", "PDF document, version 1.4, 1 pages"},
      {"contents.xml", "with CRLF line terminators"},
  };
  for (const auto& [path, words] : expected) {
    test::write_file(directory / "it", file(files, path).bytes());
    EXPECT_THAT(test::run("file -b " + directory / "it").output, HasSubstr(words)) << path;
  }
}

}  // namespace
}  // namespace modemedic::twin
