#include "firmware/ubi.h"

#include "base/digest.h"
#include "firmware/ubi_writer.h"
#include "support/tool.h"

#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using ::testing::HasSubstr;
using Blocks = std::vector<std::optional<Buffer>>;

constexpr UbiShape small_pages{128_KiB, 2048, 0xCAFE};
constexpr UbiShape big_pages{256_KiB, 4096, 0xCAFE};

void pattern(std::uint64_t seed, std::uint64_t offset, std::span<std::byte> into) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    into[i] = static_cast<std::byte>((seed + offset + i) * 2654435761U >> 24U);
  }
}

UbiVolumeContent volume(std::uint32_t id, std::string name, bool is_static, std::uint64_t size) {
  UbiVolumeContent content;
  content.id = id;
  content.name = std::move(name);
  content.is_static = is_static;
  content.size = size;
  content.read = [id](auto offset, auto into) { pattern(id, offset, into); };
  return content;
}

Blocks image(const UbiShape& shape, std::vector<UbiVolumeContent> volumes, std::size_t trailing = 4) {
  Blocks blocks;
  write_ubi(shape, volumes, [&](ByteView peb) {
    blocks.emplace_back(Buffer(peb.begin(), peb.end()));
    return true;
  });
  blocks.resize(blocks.size() + trailing, Buffer(shape.peb_size, std::byte{0xFF}));
  return blocks;
}

/// Blocks 0 and 1: the volume table; 2 to 7: LEBs 0 to 5 of "modem"; then four blank ones.
Blocks modem(const UbiShape& shape = small_pages) {
  return image(shape, {volume(0, "modem", true, 5 * shape.leb_size() + 100)});
}

Result<UbiSummary> scan(const Blocks& blocks, std::uint64_t peb_size = small_pages.peb_size,
                        UbiScan::Depth depth = UbiScan::Depth::data) {
  UbiScan ubi(peb_size, depth);
  for (const auto& block : blocks) {
    if (!block) {
      ubi.block(std::nullopt);
    } else if (depth == UbiScan::Depth::headers) {
      ubi.block(ByteView(*block).first(std::min(block->size(), UbiScan::head_size)));
    } else {
      ubi.block(*block);
    }
  }
  return ubi.finish();
}

Buffer blank_block() {
  return Buffer(128_KiB, std::byte{0xFF});
}

std::string why_not(const Result<UbiSummary>& summary) {
  EXPECT_FALSE(summary);
  if (summary) {
    return {};
  }
  EXPECT_EQ(summary.error().code, Code::package_bad);
  return summary.error().what;
}

/// The same bytes in blocks of another size.
Blocks cut_anew(const Blocks& blocks, std::size_t size) {
  Buffer all;
  for (const auto& block : blocks) {
    all.insert(all.end(), block->begin(), block->end());
  }
  all.resize(all.size() / size * size);
  Blocks anew;
  for (std::size_t at = 0; at < all.size(); at += size) {
    anew.emplace_back(
        Buffer(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(at + size)));
  }
  return anew;
}

/// Changes a header's byte and sets its CRC right again.
void forge(Buffer& block, std::size_t header, std::size_t byte, std::uint8_t value) {
  block[header + byte] = std::byte{value};
  store(&block[header + 60], crc32_ubi(ByteView(block).subspan(header, 60)), Endian::big);
}

TEST(UbiScan, TellsWhatAnImageHolds) {
  for (const auto& shape : {small_pages, big_pages}) {
    auto blocks = image(
        shape, {volume(0, "system", true, 3 * shape.leb_size() + 1), volume(5, "usrfs", false, 2 * shape.leb_size())});
    for (auto depth : {UbiScan::Depth::data, UbiScan::Depth::headers}) {
      auto summary = scan(blocks, shape.peb_size, depth);
      ASSERT_TRUE(summary) << summary.error().what;
      EXPECT_EQ(summary->blocks, 12U);
      EXPECT_EQ(summary->erased, 4U);
      EXPECT_EQ(summary->lebs, 6U);
      EXPECT_EQ(summary->page_size, shape.page_size);
      EXPECT_EQ(summary->leb_size, shape.leb_size());
      EXPECT_EQ(summary->image_seq, 0xCAFEU);
      ASSERT_EQ(summary->volumes.size(), 2U);
      EXPECT_EQ(summary->volume("system")->lebs, 4U);
      EXPECT_EQ(summary->volume("system")->bytes, 3 * shape.leb_size() + 1);
      EXPECT_TRUE(summary->volume("system")->is_static);
      EXPECT_EQ(summary->volume("usrfs")->id, 5U);
      EXPECT_EQ(summary->volume("usrfs")->lebs, 2U);
      EXPECT_FALSE(summary->volume("usrfs")->is_static);
      EXPECT_EQ(summary->volume("cache"), nullptr);
      Buffer head(512);
      pattern(0, 0, head);
      EXPECT_EQ(summary->volume("system")->head, head);
    }
  }
}

TEST(UbiScan, AgreesWithUbinize) {
  if (!test::have("ubinize")) {
    GTEST_SKIP() << "ubinize (mtd-utils) is not installed";
  }
  test::TemporaryDirectory directory;
  test::write_file(directory / "data", Buffer(300'000, std::byte{'x'}));
  auto ini = fmt::format(
      "[a]\nmode=ubi\nimage={0}\nvol_id=0\nvol_name=modem\nvol_type=static\n"
      "[b]\nmode=ubi\nimage={0}\nvol_id=2\nvol_name=data\nvol_type=dynamic\nvol_flags=autoresize\n",
      directory / "data");
  test::write_file(directory / "ini", as_bytes(ini));
  for (const char* options : {"-p 128KiB -m 2048", "-p 128KiB -m 2048 -s 512", "-p 256KiB -m 4096"}) {
    auto made = test::run(fmt::format("ubinize -o {} {} {}", directory / "image", options, directory / "ini"));
    ASSERT_EQ(made.status, 0) << made.output;
    std::uint64_t peb_size = std::string_view(options).starts_with("-p 128") ? 128_KiB : 256_KiB;
    auto summary = scan(cut_anew({test::read_file(directory / "image")}, peb_size), peb_size);
    ASSERT_TRUE(summary) << summary.error().what;
    EXPECT_EQ(summary->volume("modem")->bytes, 300'000U);
    EXPECT_EQ(summary->volume("data")->lebs, (300'000 + summary->leb_size - 1) / summary->leb_size);
  }
}

TEST(UbiScan, RefusesAStaticVolumeWithAnyBlockMissing) {
  for (std::size_t lost = 2; lost < 8; ++lost) {
    for (auto depth : {UbiScan::Depth::data, UbiScan::Depth::headers}) {
      auto blocks = modem();
      blocks[lost] = blank_block();
      EXPECT_THAT(why_not(scan(blocks, 128_KiB, depth)),
                  HasSubstr(fmt::format("LEB {} of modem is missing", lost - 2)));
      blocks[lost] = std::nullopt;
      EXPECT_THAT(why_not(scan(blocks, 128_KiB, depth)), HasSubstr("is missing"));
      blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(lost));
      EXPECT_THAT(why_not(scan(blocks, 128_KiB, depth)), HasSubstr("is missing"));
    }
  }
}

TEST(UbiScan, NeedsOneGoodCopyOfTheVolumeTable) {
  for (std::size_t lost = 0; lost < 2; ++lost) {
    auto blocks = modem();
    blocks[lost] = std::nullopt;
    EXPECT_TRUE(scan(blocks));
    blocks[1 - lost] = std::nullopt;
    EXPECT_THAT(why_not(scan(blocks)), HasSubstr("volume table"));
  }
  auto blocks = modem();
  (*blocks[0])[4096 + 20'000] ^= std::byte{1};  // within the last records
  EXPECT_TRUE(scan(blocks));
  (*blocks[1])[4096] ^= std::byte{1};
  EXPECT_THAT(why_not(scan(blocks)), HasSubstr("volume table"));
}

TEST(UbiScan, DoesNotMindWhatCannotBeReadBehindAStaticImage) {
  auto blocks = modem();
  blocks.back() = std::nullopt;
  EXPECT_TRUE(scan(blocks));
  auto dynamic = image(small_pages, {volume(0, "data", false, 500'000)});
  EXPECT_TRUE(scan(dynamic));
  dynamic.back() = std::nullopt;
  EXPECT_THAT(why_not(scan(dynamic)), HasSubstr("may belong to a dynamic volume"));
}

TEST(UbiScan, RefusesAnyPageThatIsBlankOrAnded) {
  auto good = modem();
  std::mt19937 random(1);
  for (int round = 0; round < 100; ++round) {
    auto blocks = good;
    auto block = 2 + random() % 5;
    auto page = random() % 64;
    auto begin = blocks[block]->begin() + static_cast<std::ptrdiff_t>(page * 2048);
    if (round % 2 == 0) {
      std::fill_n(begin, 2048, std::byte{0xFF});
    } else {
      *(begin + static_cast<std::ptrdiff_t>(random() % 64)) = std::byte{0};
      *(begin + static_cast<std::ptrdiff_t>(random() % 64)) &= std::byte{0x55};
      if (*blocks[block] == *good[block]) {
        continue;
      }
    }
    if (page == 1 && round % 2 == 1 && scan(blocks)) {
      continue;  // behind the volume header: padding
    }
    EXPECT_FALSE(scan(blocks)) << "block " << block << " page " << page << " round " << round;
  }
}

TEST(UbiScan, RefusesWrongData) {
  auto blocks = modem();
  (*blocks[4])[100'000] ^= std::byte{1};
  EXPECT_THAT(why_not(scan(blocks)), HasSubstr("block 4: the data of volume 0, LEB 2 do not match their CRC"));
  EXPECT_TRUE(scan(blocks, 128_KiB, UbiScan::Depth::headers)) << "the cheap look does not read data";
}

TEST(UbiScan, RefusesBrokenHeaders) {
  auto blocks = modem();
  (*blocks[3])[20] ^= std::byte{1};
  EXPECT_THAT(why_not(scan(blocks)), HasSubstr("block 3 is not blank and has no good erase-counter header"));
  blocks = modem();
  (*blocks[3])[2048 + 20] ^= std::byte{1};
  EXPECT_THAT(why_not(scan(blocks)), HasSubstr("block 3 has a broken volume header"));
  blocks = modem();
  std::fill_n(blocks[3]->begin() + 2048, 2048, std::byte{0xFF});
  EXPECT_THAT(why_not(scan(blocks)), HasSubstr("block 3 holds data but says not whose"));
}

TEST(UbiScan, RefusesBlocksOfAnotherSize) {
  auto small = image(small_pages, {volume(0, "modem", true, 900'000)}, 0);
  EXPECT_THAT(why_not(scan(cut_anew(small, 256_KiB), 256_KiB)),
              HasSubstr("its blocks have 128 KiB, the chip's 256 KiB"));
  auto big = image(big_pages, {volume(0, "modem", true, 900'000)}, 0);
  EXPECT_THAT(why_not(scan(cut_anew(big, 128_KiB), 128_KiB)), HasSubstr("larger blocks"));
  EXPECT_THAT(why_not(scan(big)), HasSubstr("block 0 has 262144 bytes, a block of this chip has 131072"));
}

TEST(UbiScan, RefusesAMixOfTwoImages) {
  auto blocks = modem();
  auto other = image({128_KiB, 2048, 0xBEEF}, {volume(0, "modem", true, 5 * small_pages.leb_size() + 100)});
  blocks[5] = other[5];
  EXPECT_THAT(why_not(scan(blocks)), HasSubstr("block 5 belongs to another image (sequence 0000beef, not 0000cafe)"));

  blocks = modem();
  blocks[9] = blocks[5];
  EXPECT_THAT(why_not(scan(blocks)), HasSubstr("blocks 5 and 9 both hold LEB 3 of volume 0"));
  forge(*blocks[9], 2048, 40 + 7, 1);  // the younger sequence number counts
  EXPECT_TRUE(scan(blocks));

  blocks = modem();
  forge(*blocks[7], 2048, 11, 1);  // volume 1
  EXPECT_FALSE(scan(blocks));
  blocks = modem();
  forge(*blocks[7], 2048, 27, 7);  // of seven LEBs
  EXPECT_THAT(why_not(scan(blocks)), HasSubstr("disagree"));
}

TEST(UbiScan, RefusesWhatIsNoUbi) {
  EXPECT_THAT(why_not(scan({})), HasSubstr("no UBI header"));
  EXPECT_THAT(why_not(scan({blank_block(), blank_block()})), HasSubstr("no UBI header"));
  EXPECT_THAT(why_not(scan({std::nullopt, std::nullopt})), HasSubstr("no UBI header"));
  EXPECT_THAT(why_not(scan({Buffer(128_KiB)})), HasSubstr("block 0 is not blank"));
  EXPECT_THAT(why_not(scan({Buffer(100)})), HasSubstr("block 0 has 100 bytes"));
}

TEST(UbiScan, SurvivesForgedHeaders) {
  auto good = image(small_pages, {volume(0, "modem", true, 1000), volume(1, "data", false, 1000)}, 1);
  std::mt19937 random(11);
  for (int round = 0; round < 2'000; ++round) {
    auto blocks = good;
    auto& block = *blocks[random() % 4];
    forge(block, random() % 2 * 2048, random() % 60, static_cast<std::uint8_t>(random() % 3 == 0 ? 0xFF : random()));
    scan(blocks, 128_KiB, round % 2 == 0 ? UbiScan::Depth::data : UbiScan::Depth::headers);
  }
}

}  // namespace
}  // namespace modemedic::firmware
