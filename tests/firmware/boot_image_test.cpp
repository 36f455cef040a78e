#include "firmware/boot_image.h"

#include "base/digest.h"
#include "support/tool.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using ::testing::HasSubstr;

Buffer noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Buffer bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

BootImageContent::Part part(const Buffer& bytes) {
  return {bytes.size(), [&bytes](std::uint64_t offset, std::span<std::byte> into) {
            std::ranges::copy(ByteView(bytes).subspan(offset, into.size()), into.begin());
          }};
}

Buffer image(unsigned seed, bool device_tree = false, std::uint32_t page_size = 2048) {
  auto kernel = noise(150'000, seed);
  auto ramdisk = noise(3'000, seed + 1);
  auto tree = noise(device_tree ? 7'000 : 0, seed + 2);
  BootImageContent content{part(kernel), part(ramdisk), part(tree), "mdm9607", "noinitrd root=/dev/ubiblock0_0",
                           page_size};
  Buffer bytes;
  write_boot_image(content, [&](ByteView piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return true;
  });
  EXPECT_EQ(bytes.size(), boot_image_size(content));
  return bytes;
}

std::string why_not(const Result<std::uint64_t>& checked) {
  EXPECT_FALSE(checked);
  if (checked) {
    return {};
  }
  EXPECT_EQ(checked.error().code, Code::package_bad);
  return checked.error().what;
}

TEST(BootImage, LooksLikeOneToFile) {
  if (!test::have("file")) {
    GTEST_SKIP() << "file is not installed";
  }
  test::TemporaryDirectory directory;
  test::write_file(directory / "boot.img", image(1));
  auto shown = test::run("file -b " + directory / "boot.img").output;
  EXPECT_THAT(shown, HasSubstr("Android bootimg, kernel"));
  EXPECT_THAT(shown, HasSubstr("ramdisk"));
  EXPECT_THAT(shown, HasSubstr("page size: 2048, cmdline (noinitrd root=/dev/ubiblock0_0)"));
}

TEST(BootImage, HasThePublicLayout) {
  auto bytes = image(1);
  EXPECT_EQ(as_text(ByteView(bytes).first(8)), "ANDROID!");
  EXPECT_EQ(load<std::uint32_t>(&bytes[8], Endian::little), 150'000U);
  EXPECT_EQ(load<std::uint32_t>(&bytes[16], Endian::little), 3'000U);
  EXPECT_EQ(load<std::uint32_t>(&bytes[36], Endian::little), 2048U);
  EXPECT_EQ(as_text(ByteView(bytes).subspan(64, 8)), "noinitrd");
  EXPECT_EQ(bytes.size(), 2048U + 74 * 2048 + 2 * 2048);

  // the id: SHA-1 of kernel, its size, ramdisk, its size, and no second stage
  Hasher<Sha1> hasher;
  hasher.update(noise(150'000, 1));
  hasher.update(*from_hex("f0490200"));
  hasher.update(noise(3'000, 2));
  hasher.update(*from_hex("b80b0000"));
  hasher.update(*from_hex("00000000"));
  EXPECT_TRUE(std::ranges::equal(ByteView(bytes).subspan(576, 20), hasher.finish()));
}

TEST(BootImage, IsMeasuredInAFileAndInAPartition) {
  for (bool device_tree : {false, true}) {
    for (std::uint32_t page : {2048U, 4096U}) {
      auto bytes = image(1, device_tree, page);
      EXPECT_EQ(*check_boot_image(bytes), bytes.size());
      auto size = bytes.size();
      bytes.resize(300'000, std::byte{0xFF});
      EXPECT_EQ(*check_boot_image(bytes), size);
    }
  }
}

TEST(BootImage, MayLeaveItsDeviceTreeOutOfItsId) {
  auto with = image(1, true);
  auto without = image(1);
  std::copy(without.begin() + 576, without.begin() + 608, with.begin() + 576);
  EXPECT_EQ(*check_boot_image(with), with.size());
}

TEST(BootImage, WithoutAnIdIsJudgedByItsSizesOnly) {
  auto bytes = image(1);
  std::fill_n(bytes.begin() + 576, 32, std::byte{0});
  bytes[3000] ^= std::byte{1};
  EXPECT_EQ(*check_boot_image(bytes), bytes.size());
}

TEST(BootImage, WithAnyPageMissingIsRefused) {
  auto bytes = image(1);
  for (std::size_t page = 0; page * 2048 < bytes.size(); ++page) {
    auto damaged = bytes;
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(page * 2048), 2048, std::byte{0xFF});
    EXPECT_FALSE(check_boot_image(damaged)) << "page " << page;
  }
}

TEST(BootImage, ProgrammedOverAnotherOneIsRefused) {
  auto both = image(1);
  auto other = image(10);
  for (std::size_t i = 0; i < both.size(); ++i) {
    both[i] &= other[i];
  }
  EXPECT_THAT(why_not(check_boot_image(both)), HasSubstr("written over another image"));
}

TEST(BootImage, AtEveryCutIsRefused) {
  auto bytes = image(1);
  auto last_byte = bytes.size() - 2048 + (3'000 - 2'048);
  for (std::size_t size = 0; size < last_byte; size += 101) {
    EXPECT_FALSE(check_boot_image(ByteView(bytes).first(size))) << size;
  }
  // the padding behind the last part may be gone
  EXPECT_EQ(*check_boot_image(ByteView(bytes).first(last_byte)), last_byte);
}

TEST(BootImage, SurvivesAnySizes) {
  auto good = image(1);
  for (std::size_t field : {8U, 16U, 24U, 36U, 40U}) {
    for (std::uint32_t value : {0U, 1U, 4U, 5U, 2047U, 4096U, 65536U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
      auto bytes = good;
      store(&bytes[field], value, Endian::little);
      check_boot_image(bytes).map([&](auto size) { EXPECT_LE(size, bytes.size()); });
    }
  }
}

}  // namespace
}  // namespace modemedic::firmware
