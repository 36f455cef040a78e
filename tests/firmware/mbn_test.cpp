#include "firmware/mbn.h"

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

Buffer in_partition(Buffer image, std::size_t size = 512_KiB) {
  image.resize(size, std::byte{0xFF});
  return image;
}

/// What programming `over` on top of `under` leaves: the bits are ANDed.
Buffer anded(Buffer under, const Buffer& over) {
  for (std::size_t i = 0; i < under.size() && i < over.size(); ++i) {
    under[i] &= over[i];
  }
  return under;
}

Buffer blank_page(Buffer image, std::size_t page) {
  auto first = image.begin() + static_cast<std::ptrdiff_t>(page * 2048);
  std::fill(first, first + std::min<std::ptrdiff_t>(2048, image.end() - first), std::byte{0xFF});
  return image;
}

std::string why_not(const Result<std::uint64_t>& checked) {
  EXPECT_FALSE(checked);
  if (checked) {
    return {};
  }
  EXPECT_EQ(checked.error().code, Code::package_bad);
  return checked.error().what;
}

TEST(Sbl, StartsWithTheCodeWordAndHasItsHeaderOnTheNextPage) {
  for (std::uint32_t page : {2048U, 4096U}) {
    auto code = noise(100'000, 1);
    auto image = make_sbl(code, page);
    EXPECT_EQ(image.size(), code.size() + sbl_overhead(page));
    EXPECT_EQ(hex(ByteView(image).first(12)), "d1 dc 4b 84 34 10 d7 73 5a 43 0b 7d");
    EXPECT_EQ(hex(ByteView(image).subspan(page, 8)), "d1 dc 4b 84 34 10 d7 73");
    EXPECT_EQ(image[page - 1], std::byte{0xFF});
    EXPECT_TRUE(std::ranges::equal(ByteView(image).subspan(page + 80, code.size()), code));
    EXPECT_EQ(*check_sbl(image), image.size());
    EXPECT_EQ(*check_sbl(in_partition(image)), image.size());
  }
}

TEST(Sbl, WithAnyPageMissingIsRefused) {
  auto image = in_partition(make_sbl(noise(60'000, 1), 2048));
  for (std::size_t page = 0; page < 31; ++page) {
    EXPECT_FALSE(check_sbl(blank_page(image, page))) << "page " << page;
  }
}

TEST(Sbl, WithAnyBitWrongIsRefused) {
  auto good = make_sbl(noise(8'000, 1), 2048);
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    auto image = good;
    auto at = random() % image.size();
    image[at] ^= static_cast<std::byte>(1U << random() % 8);
    EXPECT_FALSE(check_sbl(image)) << "byte " << at;
  }
}

TEST(Sbl, ProgrammedOverAnotherOneIsRefused) {
  auto old_one = in_partition(make_sbl(noise(60'000, 1), 2048));
  auto new_one = in_partition(make_sbl(noise(60'000, 2), 2048));
  EXPECT_THAT(why_not(check_sbl(anded(old_one, new_one))), HasSubstr("written over another image"));
  EXPECT_TRUE(check_sbl(anded(new_one, new_one)));
}

TEST(Sbl, AtEveryCutIsRefused) {
  auto image = make_sbl(noise(20'000, 1), 2048);
  for (std::size_t size = 0; size < image.size(); size += 487) {
    EXPECT_FALSE(check_sbl(ByteView(image).first(size)));
    Buffer cut(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(check_sbl(in_partition(std::move(cut))));
  }
}

/// A vendor's: no mark of ours; `header` false leaves out what is known of the layout.
Buffer vendor_sbl(bool header, std::uint32_t code_size, std::uint32_t certificates_size) {
  ByteWriter out(Endian::little);
  out.bytes(*from_hex("D1DC4B843410D7735A430B7D")).fill(2048 - 12, std::byte{0xFF});
  if (header) {
    out.bytes(*from_hex("D1DC4B843410D773")).u32(0x15).u32(0).u32(0).u32(80).u32(0x40010000);
    out.u32(code_size + 256 + certificates_size).u32(code_size).u32(0).u32(256).u32(0).u32(certificates_size);
    out.fill(28);
  }
  out.bytes(noise(code_size + 256, 9)).fill(certificates_size, std::byte{0xFF});
  return out.take();
}

TEST(Sbl, OfAVendorIsTakenAsItIsUnlessItContradictsItself) {
  auto known = vendor_sbl(true, 200'000, 6144);
  EXPECT_EQ(*check_sbl(known), known.size());
  EXPECT_EQ(*check_sbl(in_partition(known)), known.size());
  EXPECT_THAT(why_not(check_sbl(ByteView(known).first(known.size() - 1))), HasSubstr("it is cut"));
  Buffer cut(known.begin(), known.begin() + 100'000);
  EXPECT_THAT(why_not(check_sbl(in_partition(cut))), HasSubstr("all behind byte 100000 is blank"));
  known[2048 + 28] ^= std::byte{1};
  EXPECT_THAT(why_not(check_sbl(known)), HasSubstr("contradict"));

  auto unknown = vendor_sbl(false, 200'000, 0);
  EXPECT_EQ(*check_sbl(in_partition(unknown)), unknown.size());
  EXPECT_THAT(why_not(check_sbl(*from_hex("D1DC4B843410D7735A430B7D"))), HasSubstr("nothing behind"));
  EXPECT_THAT(why_not(check_sbl(Buffer(4096, std::byte{0xFF}))), HasSubstr("code word"));
  EXPECT_FALSE(check_sbl({}));
}

TEST(Sbl, OfAVendorMayHaveAnySizesInItsHeader) {
  auto image = vendor_sbl(true, 1000, 0);
  for (std::size_t field = 28; field < 56; field += 4) {
    for (std::uint32_t value : {0U, 1U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
      auto bytes = image;
      store(&bytes[2048 + field], value, Endian::little);
      check_sbl(bytes).map([&](auto size) { EXPECT_LE(size, bytes.size()); });
    }
  }
}

Buffer elf(unsigned seed, std::size_t size = 100'000) {
  auto code = noise(size, seed);
  ByteView all(code);
  const ByteView segments[] = {all.first(size / 3), all.subspan(size / 3)};
  return make_elf(segments, 0x08000000);
}

TEST(Elf, LooksLikeAnArmProgramToFile) {
  if (!test::have("file")) {
    GTEST_SKIP() << "file is not installed";
  }
  test::TemporaryDirectory directory;
  test::write_file(directory / "prog.mbn", elf(1));
  EXPECT_THAT(test::run("file -b " + directory / "prog.mbn").output, HasSubstr("ELF 32-bit LSB executable, ARM"));
}

TEST(Elf, LooksWholeToReadelf) {
  if (!test::have("readelf")) {
    GTEST_SKIP() << "readelf is not installed";
  }
  test::TemporaryDirectory directory;
  test::write_file(directory / "prog.mbn", elf(1));
  auto shown = test::run("readelf -hl " + directory / "prog.mbn");
  EXPECT_EQ(shown.status, 0);
  EXPECT_THAT(shown.output, HasSubstr("EXEC (Executable file)"));
  EXPECT_THAT(shown.output, HasSubstr("Number of program headers:         4"));
  EXPECT_THAT(shown.output, testing::Not(HasSubstr("Warning")));
  EXPECT_THAT(shown.output, testing::Not(HasSubstr("Error")));
}

TEST(Elf, HasAHashSegmentOfThePublicLayout) {
  auto image = elf(1);
  EXPECT_EQ(image.size(), elf_overhead() + 100'000);
  // second program header: offset, then size, then flags with kind 2
  auto offset = load<std::uint32_t>(&image[52 + 32 + 4], Endian::little);
  auto size = load<std::uint32_t>(&image[52 + 32 + 16], Endian::little);
  EXPECT_EQ(load<std::uint32_t>(&image[52 + 32 + 24], Endian::little) >> 24U & 7U, 2U);
  EXPECT_EQ(size, 40U + 128);
  auto table = ByteView(image).subspan(offset + 40, 128);
  EXPECT_TRUE(std::ranges::equal(table.first(32), digest<Sha256>(ByteView(image).first(52 + 128))));
  EXPECT_TRUE(std::ranges::all_of(table.subspan(32, 32), [](auto b) { return b == std::byte{0}; }));
  EXPECT_TRUE(std::ranges::equal(table.subspan(64, 32), digest<Sha256>(ByteView(image).subspan(8192, 33'333))));
}

TEST(Elf, IsMeasuredInAFileAndInAPartition) {
  auto image = elf(1);
  EXPECT_EQ(*check_elf(image), image.size());
  EXPECT_EQ(*check_elf(in_partition(image)), image.size());
}

TEST(Elf, WithAnyPageMissingIsRefused) {
  auto image = in_partition(elf(1, 30'000));
  // pages 1 and 3 hold only the padding behind the headers and behind the hash segment
  for (std::size_t page : {0U, 2U, 4U, 5U, 10U, 18U}) {
    EXPECT_FALSE(check_elf(blank_page(image, page))) << "page " << page;
  }
}

TEST(Elf, ProgrammedOverAnotherOneIsRefused) {
  EXPECT_THAT(why_not(check_elf(anded(elf(1), elf(2)))), HasSubstr("is not what the hash segment says"));
}

TEST(Elf, AtEveryCutIsRefused) {
  auto image = elf(1, 5'000);
  for (std::size_t size = 0; size < image.size(); size += 13) {
    EXPECT_FALSE(check_elf(ByteView(image).first(size))) << size;
  }
}

TEST(Elf, SurvivesAnyDamage) {
  auto good = elf(1, 3'000);
  std::mt19937 random(3);
  for (int round = 0; round < 3'000; ++round) {
    auto image = good;
    for (int i = 0; i < 3; ++i) {
      auto at = random() % 3 == 0 ? 4096 + random() % 200 : random() % 180;
      image[at] = static_cast<std::byte>(random());
    }
    check_elf(image).map([&](auto size) { EXPECT_LE(size, image.size()); });
  }
}

TEST(Elf, SaysWhatIsWrong) {
  EXPECT_THAT(why_not(check_elf(Buffer(100, std::byte{0xFF}))), HasSubstr("does not start like one"));
  auto intel = elf(1);
  intel[18] = std::byte{3};
  EXPECT_THAT(why_not(check_elf(intel)), HasSubstr("no ARM program"));
  auto many = elf(1);
  store<std::uint16_t>(&many[44], 0xFFFF, Endian::little);
  EXPECT_THAT(why_not(check_elf(many)), HasSubstr("65535 program headers"));
  auto blank = elf(1);
  std::fill(blank.begin() + 4096, blank.begin() + 8192, std::byte{0xFF});
  EXPECT_THAT(why_not(check_elf(blank)), HasSubstr("hash segment is blank"));
}

TEST(Elf, OfAVendorIsTakenWhenItsHashSegmentIsOfAnotherKind) {
  auto image = elf(1);
  store<std::uint32_t>(&image[4096 + 4], 6, Endian::little);  // header version 6: SHA-384
  EXPECT_EQ(*check_elf(image), image.size());
  auto without = elf(1);
  store<std::uint32_t>(&without[52 + 32 + 24], 0, Endian::little);  // no hash segment at all
  EXPECT_EQ(*check_elf(without), without.size());
  Buffer cut(without.begin(), without.begin() + 50'000);
  cut.resize(without.size(), std::byte{0xFF});
  EXPECT_THAT(why_not(check_elf(cut)), HasSubstr("is blank"));
  auto wide = elf(1);
  wide[4] = std::byte{2};  // 64 bit
  EXPECT_EQ(*check_elf(in_partition(wide)), used_size(wide));
}

TEST(Mbn, IsWholeAndNothingLess) {
  auto image = make_mbn(noise(10'000, 7), 5, 0x8F600000);
  EXPECT_EQ(image.size(), 10'000 + mbn_overhead());
  // image 5, version 3, flash address, load address, image size, code size
  EXPECT_EQ(hex(ByteView(image).first(8)), "05 00 00 00 03 00 00 00");
  EXPECT_EQ(load<std::uint32_t>(&image[20], Endian::little), 10'000U);
  EXPECT_EQ(check_mbn(image).value(), image.size());
  EXPECT_EQ(check_mbn(in_partition(image)).value(), image.size());
  EXPECT_EQ(check_program(in_partition(image)).value(), image.size());
  for (std::size_t size = 0; size < image.size(); size += 97) {
    EXPECT_FALSE(check_mbn(ByteView(image).first(size))) << size;
    EXPECT_FALSE(check_mbn(in_partition(Buffer(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size)))));
  }
  for (std::size_t page = 0; page < 5; ++page) {
    EXPECT_FALSE(check_mbn(blank_page(image, page))) << page;
  }
  EXPECT_FALSE(check_mbn(anded(image, make_mbn(noise(10'000, 8), 5, 0x8F600000))));
}

TEST(Mbn, OfAVendorPassesWhenItsHeaderIsRight) {
  // image 23, version 3, 0, load address, image 100 = code 60 + signature 10 + certificates 20 and a gap
  auto image = *from_hex("17000000 03000000 00000000 00000041 64000000 3c000000 3c000041 0a000000 46000041 14000000");
  EXPECT_FALSE(check_mbn(image));
  image.resize(140);
  EXPECT_EQ(check_mbn(image).value(), 140U);
  image[20] = std::byte{0x50};
  EXPECT_THAT(why_not(check_mbn(image)), HasSubstr("contradict"));
  EXPECT_FALSE(check_mbn(Buffer(140)));
  EXPECT_FALSE(check_program(Buffer(140, std::byte{0xFF})));
}

}  // namespace
}  // namespace modemedic::firmware
