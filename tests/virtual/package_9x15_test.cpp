#include "virtual/package_9x15.h"

#include "firmware/intel_hex.h"
#include "firmware/mbn.h"
#include "firmware/package.h"
#include "firmware/partition_mbn.h"
#include "firmware/yaffs2.h"
#include "support/tool.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

std::vector<GeneratedFile> files(Scale scale, bool split_image = true) {
  auto persona = find_persona("ec20").value();
  auto made = generate_package(persona, *firmware::parse_revision(persona.revision),
                               {.scale = scale, .split_image = split_image});
  EXPECT_TRUE(made) << made.error().what;
  return *made;
}

const GeneratedFile& file(const std::vector<GeneratedFile>& all, std::string_view path) {
  auto found = std::ranges::find(all, path, &GeneratedFile::path);
  EXPECT_NE(found, all.end()) << path;
  return *found;
}

/// The listing of a real release (facts: dload-streaming.md), in bytes.
const std::map<std::string, std::uint64_t> real_listing = {
    {"9615-cdp-recovery-image-9615-cdp.yaffs2", 10'118'592},
    {"9615-cdp-usr-image.usrfs.yaffs2", 28'936'512},
    {"appsboot.mbn", 81'792},
    {"boot-oe-msm9615.img", 6'320'128},
    {"dsp1.mbn", 3'461'752},
    {"dsp2.mbn", 35'500'288},
    {"dsp3.mbn", 6'796'077},
    {"EC20EQAR02A04E2G.qcn", 9'728},
    {"ENPRG9x15.hex", 210'660},
    {"msm-9615-cdp-image--ipk-9615-cdp.rootfs.yaffs2", 10'429'056},
    {"NPRG9x15.hex", 172'078},
    {"partition.mbn", 464},
    {"partition2.mbn", 464},
    {"recovery-boot-oe-msm9615.img", 6'320'128},
    {"rpm.mbn", 104'536},
    {"sbl1.mbn", 118'548},
    {"sbl2.mbn", 365'008},
    {"yaffs_head.aa", 31'457'280},
    {"yaffs_head.ab", 18'032'640},
};

TEST(Package9x15, HasTheFilesAndSizesOfARealRelease) {
  auto made = files(Scale::real);
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& one : made) {
    sizes[one.path] = one.size;
  }
  EXPECT_EQ(sizes.erase("EC20EQAR02A04E2G_Release_Notes.pdf"), 1U);
  EXPECT_EQ(sizes, real_listing);
}

TEST(Package9x15, MakesAsManyBytesAsItPromised) {
  for (auto scale : {Scale::small, Scale::real}) {
    for (const auto& one : files(scale)) {
      std::uint64_t size = 0;
      one.write([&](ByteView piece) {
        size += piece.size();
        return true;
      });
      EXPECT_EQ(size, one.size) << one.path;
    }
  }
}

TEST(Package9x15, HasLoadersThatStartWhereTheFactsSay) {
  auto made = files(Scale::real);
  for (auto [path, address] : {std::pair("NPRG9x15.hex", 0x41700000U), std::pair("ENPRG9x15.hex", 0x2A000000U)}) {
    auto program = firmware::parse_intel_hex(file(made, path).bytes(), path);
    ASSERT_TRUE(program) << program.error().what;
    EXPECT_EQ(program->address, address);
    EXPECT_EQ(program->start, address);
  }
}

TEST(Package9x15, HasWholeImages) {
  for (auto scale : {Scale::small, Scale::real}) {
    auto made = files(scale);
    for (const auto* path : {"sbl2.mbn", "rpm.mbn", "appsboot.mbn", "dsp1.mbn", "dsp2.mbn", "dsp3.mbn"}) {
      auto bytes = file(made, path).bytes();
      EXPECT_EQ(firmware::check_program(bytes).value_or(0), bytes.size()) << path;
    }
    EXPECT_TRUE(firmware::check_sbl(file(made, "sbl1.mbn").bytes()));
    for (const auto& one : made) {
      if (one.path.ends_with(".yaffs2")) {
        firmware::Yaffs2Scan scan;
        scan.feed(one.bytes());
        EXPECT_EQ(scan.problem(), "") << one.path;
      }
    }
  }
}

TEST(Package9x15, BringsTheTableOfItsPersonaAsVersion3) {
  auto persona = find_persona("ec20").value();
  auto bytes = file(files(Scale::small), "partition.mbn").bytes();
  EXPECT_EQ(firmware::user_table_version(bytes), 3U);
  auto table = firmware::parse_user_table(bytes).value();
  EXPECT_EQ(firmware::lay_out(table, persona.geometry).value(), persona.table);
  for (const auto& partition : table) {
    EXPECT_NE(partition.pad_kib, 0U) << partition.name;  // what the loader insists on
    EXPECT_TRUE(!partition.size || (*partition.size >= partition.pad_kib)) << partition.name;
  }
}

TEST(Package9x15, IsReadAsWhatItIs) {
  test::TemporaryDirectory folder;
  for (bool split_image : {false, true}) {
    for (std::string ending : {"", ".zip", ".7z"}) {
      auto path = folder / (std::string(split_image ? "split" : "plain") + ending);
      ASSERT_TRUE(write_package(files(Scale::small, split_image), path));
      EventRecorder events;
      auto package = firmware::read_package(path, {}, events);
      ASSERT_TRUE(package) << path << ": " << package.error().what;
      EXPECT_EQ(package->kind, firmware::PackageKind::streaming);
      EXPECT_EQ(package->chip, "9x15");
      ASSERT_TRUE(package->revision);
      EXPECT_EQ(package->revision->text, "EC20EQAR02A04E2G");
      EXPECT_EQ(package->images.size(), 12U);
    }
  }
}

}  // namespace
}  // namespace modemedic::twin
