#include "firmware/package_use.h"
#include "firmware/ubi_watch.h"
#include "firmware/ubi_writer.h"
#include "support/tool.h"
#include "tiny_package.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What is said of a package that is whole.
namespace modemedic::firmware {
namespace {

using test::TinyPackage;
using testing::HasSubstr;

Buffer ubi_image(const UbiShape& shape, std::uint64_t size, bool is_static = true) {
  UbiVolumeContent content;
  content.name = "system";
  content.size = size;
  content.is_static = is_static;
  content.read = [](std::uint64_t offset, std::span<std::byte> into) {
    for (std::size_t i = 0; i < into.size(); ++i) {
      into[i] = static_cast<std::byte>((offset + i) * 7);
    }
  };
  Buffer image;
  write_ubi(shape, std::span(&content, 1), [&](ByteView peb) {
    image.insert(image.end(), peb.begin(), peb.end());
    return true;
  });
  return image;
}

class FindingsTest : public testing::Test {
protected:
  Package read(const TinyPackage& tiny) {
    auto folder = folder_ / ("package" + std::to_string(count_++));
    std::filesystem::create_directories(folder);
    test::write_folder(tiny.make(), folder);
    EventRecorder events;
    auto package = read_package(folder, {}, events);
    EXPECT_TRUE(package) << package.error().what;
    return package ? std::move(*package) : Package{};
  }

  /// What the package says under that id, all of it; empty when it doesn't.
  std::string said(const TinyPackage& tiny, const std::string& id) {
    std::string text;
    for (const auto& finding : read(tiny).findings) {
      text += finding.id == id ? finding.text + "\n" : "";
    }
    return text;
  }

  /// Any of these would be wrong of a package that is right.
  std::string all_but_usual(const TinyPackage& tiny) {
    std::string text;
    for (const auto& finding : read(tiny).findings) {
      text += finding.id == "order-trap" || finding.id == "md5-absent-file" ? "" : finding.text + "\n";
    }
    return text;
  }

  test::TemporaryDirectory folder_;
  int count_ = 0;
};

TEST_F(FindingsTest, AreFewOfAGoodPackage) {
  EXPECT_EQ(all_but_usual(TinyPackage()), "");
}

TEST_F(FindingsTest, TellAUbiImageForOtherBlocks) {
  TinyPackage tiny;
  auto& image = tiny.files["update/mdm9607-sysfs.ubi"];
  image = ubi_image({256_KiB, 4096, 1}, 600'000);
  EXPECT_THAT(said(tiny, "ubi"), HasSubstr("a UBI image for blocks of 256 KiB, and the chip's have 128 KiB"));
  image = ubi_image({64_KiB, 2048, 1}, 600'000);
  EXPECT_THAT(said(tiny, "ubi"), HasSubstr("a UBI image for blocks of 64 KiB"));
  image = ubi_image({128_KiB, 4096, 1}, 600'000);
  EXPECT_THAT(said(tiny, "ubi"), HasSubstr("a UBI image for pages of 4 KiB, and the chip's have 2 KiB"));
}

TEST_F(FindingsTest, TellADamagedUbiImage) {
  TinyPackage tiny;
  auto good = tiny.files["update/mdm9607-sysfs.ubi"];
  auto& image = tiny.files["update/mdm9607-sysfs.ubi"];
  image[2 * 128_KiB + 8192] ^= std::byte{1};
  EXPECT_THAT(said(tiny, "ubi"), HasSubstr("do not match their CRC"));
  image = good;
  image[2 * 128_KiB + 2048 + 5] ^= std::byte{1};
  EXPECT_THAT(said(tiny, "ubi"), HasSubstr("broken volume header"));
  image = good;
  image.resize(image.size() - 128_KiB);
  EXPECT_THAT(said(tiny, "ubi"), HasSubstr("is missing"));
  image = good;
  image.resize(image.size() + 5000, std::byte{0xFF});
  EXPECT_EQ(said(tiny, "ubi"), "") << "padding does no harm";
}

TEST_F(FindingsTest, TellACutOrForeignBootImage) {
  TinyPackage tiny;
  auto good = tiny.files["update/mdm9607-boot.img"];
  tiny.files["update/mdm9607-boot.img"].resize(good.size() / 2);
  EXPECT_THAT(said(tiny, "boot-image"), HasSubstr("is cut: it has"));
  tiny.files["update/mdm9607-boot.img"] = good;
  tiny.files["update/mdm9607-boot.img"][36] = std::byte{0};
  tiny.files["update/mdm9607-boot.img"][37] = std::byte{0x10};  // pages of 4096 bytes
  EXPECT_THAT(said(tiny, "boot-image"), testing::AnyOf(HasSubstr("pages of 4096"), HasSubstr("is cut")));
  tiny.files["update/mdm9607-boot.img"] = test::text_bytes("ANDROID!");
  EXPECT_THAT(said(tiny, "boot-image"), HasSubstr("cut within its header"));
}

TEST_F(FindingsTest, TellImagesThatAreNotWhatTheyWereMadeOf) {
  for (std::string path : {"update/tz.mbn", "update/sbl1.mbn", "update/firehose/prog_nand_firehose_9x07.mbn"}) {
    TinyPackage tiny;
    auto& image = tiny.files[path];
    image[image.size() - 50] ^= std::byte{1};
    EXPECT_THAT(said(tiny, "image-damaged"), HasSubstr(path));
  }
}

TEST_F(FindingsTest, TellAnImageThatLeavesNoRoomForABadBlock) {
  TinyPackage tiny;
  tiny.files["update/rpm.mbn"].resize(576 * 2048);
  EXPECT_THAT(said(tiny, "no-spare"), HasSubstr("update/rpm.mbn fills RPM to the last block"));
  tiny.files["update/rpm.mbn"].resize(576 * 2048 - 128_KiB);
  EXPECT_EQ(said(tiny, "no-spare"), "");
}

TEST_F(FindingsTest, TellErasesOverEachOther) {
  TinyPackage tiny;
  tiny.commands.push_back({"erase", 13952, 576});
  EXPECT_THAT(said(tiny, "erase-repeated"), HasSubstr("erase the same sectors: sectors 13952 to 14527"));
}

TEST_F(FindingsTest, TellTablesThatAreNotOfOneMaking) {
  TinyPackage tiny;
  std::vector<UserPartition> users;
  for (const auto& partition : tiny.table) {
    users.push_back({partition.name, static_cast<std::uint32_t>(partition.range.count.n / 64), true});
  }
  users.back().size.reset();
  tiny.files["update/partition.mbn"] = make_user_table(users);
  EXPECT_EQ(all_but_usual(tiny), "");
  std::swap(users[3], users[4]);
  tiny.files["update/partition.mbn"] = make_user_table(users);
  EXPECT_THAT(said(tiny, "tables"), HasSubstr("it has rawdata where the MIBIB has sys_rev"));
  std::swap(users[3], users[4]);
  users[0].size = 11;
  tiny.files["update/partition.mbn"] = make_user_table(users);
  EXPECT_THAT(said(tiny, "tables"), HasSubstr("it gives SBL 11 blocks, the MIBIB 10"));
  users.pop_back();
  tiny.files["update/partition.mbn"] = make_user_table(users);
  EXPECT_THAT(said(tiny, "tables"), HasSubstr("it has no system"));
  tiny.files["update/partition.mbn"] = test::text_bytes("nonsense");
  EXPECT_THAT(said(tiny, "user-table"), HasSubstr("update/partition.mbn"));
}

TEST_F(FindingsTest, ReadPartitionNandToo) {
  TinyPackage tiny;
  auto xml = [&](const std::string& partitions) {
    tiny.files["update/partition_nand.xml"] = test::text_bytes("<?xml version=\"1.0\"?><nandboot><partition_entries>" +
                                                               partitions + "</partition_entries></nandboot>");
    return said(tiny, "tables");
  };
  std::string right;
  for (const auto& partition : tiny.table) {
    right += fmt::format(
        "<partition><name length=\"16\" type=\"string\">0:{}</name><size_blocks length=\"4\">0x{:X}"
        "</size_blocks></partition>",
        partition.name, partition.range.count.n / 64);
  }
  EXPECT_EQ(xml(right), "");
  EXPECT_THAT(xml(right + "<partition><name>0:more</name></partition>"), HasSubstr("it has more besides"));
  EXPECT_THAT(xml("<partition><name>0:SBL</name><size_kb>many</size_kb></partition>"), HasSubstr("is no number"));
  EXPECT_THAT(xml("<partition><name></name></partition>"), HasSubstr("no partition's name"));
  EXPECT_THAT(xml(""), HasSubstr("it has no partitions"));
}

TEST_F(FindingsTest, SayWhatEachFileIsFor) {
  std::map<FileUse, std::vector<std::string>> uses;
  for (const auto& file : read(TinyPackage()).files) {
    uses[file.use].push_back(file.path);
  }
  EXPECT_THAT(uses[FileUse::unused],
              testing::UnorderedElementsAre("update/ENPRG9x07.mbn", "update/NPRG9x07.mbn", "EG25-G_release_notes.pdf"));
  EXPECT_THAT(uses[FileUse::about],
              testing::UnorderedElementsAre("md5.txt", "contents.xml", "update/firehose/patch_p2K_b128K.xml"));
  EXPECT_THAT(uses[FileUse::programmer], testing::ElementsAre("update/firehose/prog_nand_firehose_9x07.mbn"));
  EXPECT_EQ(uses[FileUse::image].size(), 10U);
}

TEST_F(FindingsTest, SayWhatBecomesOfEachPartition) {
  TinyPackage tiny;
  auto fates_of = [&] {
    auto package = read(tiny);
    std::string text;
    for (const auto& fate : partition_fates(package)) {
      auto kind = fate.kind == PartitionFate::Kind::stays ? "-" : fate.kind == PartitionFate::Kind::erased ? "E" : "W";
      text += fmt::format("{}{}{} ", kind, fate.partition->name, fate.is_lost_for_ever() ? "!" : "");
    }
    return text;
  };
  EXPECT_EQ(fates_of(),
            "WSBL WMIBIB -EFS2 -sys_rev -RAWDATA WTZ WRPM -cust_info Waboot Wboot Wrecovery Wmodem -misc Wrecoveryfs "
            "Wusr_data -sec Wsystem ");
  tiny.commands.push_back({"erase", 1280, 8704});
  EXPECT_THAT(fates_of(), HasSubstr("EEFS2! "));
}

TEST(UbiWatch, SaysTheSameHoweverTheBytesArrive) {
  auto image = ubi_image({128_KiB, 2048, 9}, 700'000);
  for (std::size_t piece : {1000U, 4096U, 131072U, 131073U, 262144U, 10'000'000U}) {
    UbiWatch watch;
    for (std::size_t at = 0; at < image.size(); at += piece) {
      watch.feed(ByteView(image).subspan(at, std::min(piece, image.size() - at)));
    }
    auto report = watch.finish();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->problem, "") << piece;
    EXPECT_EQ(report->block_size, 128_KiB);
    EXPECT_EQ(report->page_size, 2048U);
    EXPECT_EQ(report->blocks, image.size() / 128_KiB);
  }
}

TEST(UbiWatch, TakesWhatUbinizeMakes) {
  if (!test::have("ubinize")) {
    GTEST_SKIP() << "no ubinize (mtd-utils)";
  }
  test::TemporaryDirectory dir;
  test::write_file(dir / "data", test::noise(400'000, 3));
  for (auto [block, page] : {std::pair{128, 2048}, std::pair{256, 4096}, std::pair{16, 512}, std::pair{512, 8192}}) {
    for (const auto* type : {"static", "dynamic"}) {
      auto config = fmt::format("[v]\nmode=ubi\nimage={}\nvol_id=0\nvol_size=1MiB\nvol_type={}\nvol_name=system\n",
                                dir / "data", type);
      test::write_file(dir / "config", test::text_bytes(config));
      auto made = test::run(fmt::format("ubinize -o {} -m {} -p {}KiB {}", dir / "image", page, block, dir / "config"));
      ASSERT_EQ(made.status, 0) << made.output;
      UbiWatch watch;
      watch.feed(test::read_file(dir / "image"));
      auto report = watch.finish();
      ASSERT_TRUE(report);
      EXPECT_EQ(report->problem, "") << block << " " << type;
      EXPECT_EQ(report->block_size, static_cast<std::uint64_t>(block) * 1024);
      EXPECT_EQ(report->page_size, static_cast<std::uint32_t>(page));
    }
  }
}

TEST(UbiWatch, SaysNothingOfOtherBytesAndSurvivesDamage) {
  UbiWatch empty;
  EXPECT_FALSE(empty.finish());
  UbiWatch other;
  other.feed(as_bytes("UBI!"));
  EXPECT_FALSE(other.finish());
  UbiWatch start;
  start.feed(as_bytes("UBI#"));
  auto report = start.finish();
  ASSERT_TRUE(report);
  EXPECT_NE(report->problem, "");
  auto image = ubi_image({16_KiB, 512, 9}, 100'000);
  for (unsigned seed = 0; seed < 300; ++seed) {
    auto spoilt = image;
    auto random = test::noise(8, seed);
    for (std::size_t i = 0; i < 4; ++i) {
      spoilt[load<std::uint16_t>(random.data() + i, Endian::little) % 40000] ^= random[i + 4];
    }
    UbiWatch watch;
    watch.feed(ByteView(spoilt).first(1 + seed * 300));
    watch.feed(ByteView(spoilt).subspan(1 + seed * 300));
    watch.finish();
  }
}

}  // namespace
}  // namespace modemedic::firmware
