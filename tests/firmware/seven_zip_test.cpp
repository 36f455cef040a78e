#include "base/bytes.h"
#include "base/digest.h"
#include "firmware/source.h"
#include "support/tool.h"
#include "tiny_package.h"

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using testing::HasSubstr;

/// CRC-32 as zip and 7z have it, which is UBI's with a final xor.
std::uint32_t crc(ByteView bytes) {
  return ~crc32_ubi(bytes);
}

/// A .7z with this index, made by hand from 7zFormat.txt.
Buffer seven_zip(ByteView index, ByteView data = {}) {
  ByteWriter start(Endian::little);
  start.u64(data.size()).u64(index.size()).u32(crc(index));
  auto start_header = start.take();
  ByteWriter file(Endian::little);
  file.bytes(as_bytes("7z\xBC\xAF\x27\x1C")).u8(0).u8(4).u32(crc(start_header));
  file.bytes(start_header).bytes(data).bytes(index);
  return file.take();
}

/// A number as 7z writes those below 2^28 in four bytes.
void number(ByteWriter& out, std::uint32_t value) {
  out.u8(static_cast<std::uint8_t>(0xE0U | value >> 24U));
  out.u8(static_cast<std::uint8_t>(value)).u8(static_cast<std::uint8_t>(value >> 8U));
  out.u8(static_cast<std::uint8_t>(value >> 16U));
}

class SevenZipTest : public testing::Test {
protected:
  std::string failure_of(ByteView index) {
    test::write_file(folder_ / "made.7z", seven_zip(index, as_bytes("x")));
    auto source = open_source(folder_ / "made.7z");
    return source ? "it opened" : source.error().what;
  }

  test::TemporaryDirectory folder_;
};

TEST_F(SevenZipTest, TakesWhatSevenZipMakes) {
  if (!test::have("7z")) {
    GTEST_SKIP() << "no 7z";
  }
  test::Files files = {{"a/first.mbn", test::noise(100'000, 1)},
                       {"a/second.xml", Buffer(50'000, std::byte{'x'})},
                       {"empty", {}},
                       {"发布说明.pdf", test::noise(100, 2)}};
  test::write_folder(files, folder_ / "in");
  for (std::string options : {"", "-mx=9", "-mx=0", "-ms=off", "-mhc=off", "-m0=lzma", "-m0=lzma2 -mmt=2", "-m0=ppmd",
                              "-m0=bcj2 -m1=lzma -m2=lzma -m3=lzma -mb0:1 -mb0s1:2 -mb0s2:3", "-m0=bzip2",
                              "-m0=delta:4 -m1=lzma2", "-m0=deflate"}) {
    auto path = folder_ / "out.7z";
    std::filesystem::remove(path);
    auto made = test::run(fmt::format("cd {} && 7z a {} {} .", folder_ / "in", options, path));
    ASSERT_EQ(made.status, 0) << made.output;
    auto source = open_source(path);
    ASSERT_TRUE(source) << options << ": " << source.error().what;
    EXPECT_EQ((*source)->entries().size(), files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      auto stream = (*source)->open(i);
      ASSERT_TRUE(stream);
      Buffer bytes;
      auto chunk = (*stream)->read();
      for (; chunk && !chunk->empty(); chunk = (*stream)->read()) {
        bytes.insert(bytes.end(), chunk->begin(), chunk->end());
      }
      ASSERT_TRUE(chunk) << options << ": " << chunk.error().what;
      EXPECT_EQ(bytes, files.at((*source)->entries()[i].path)) << options;
    }
  }
}

TEST_F(SevenZipTest, SaysThatItsNamesAreEncrypted) {
  if (!test::have("7z")) {
    GTEST_SKIP() << "no 7z";
  }
  test::write_file(folder_ / "secret", test::noise(1000, 1));
  ASSERT_EQ(test::run(fmt::format("cd {} && 7z a -pword -mhe=on x.7z secret", folder_.path())).status, 0);
  auto source = open_source(folder_ / "x.7z");
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().what, HasSubstr("it is encrypted"));
}

TEST_F(SevenZipTest, RefusesAnIndexOfMoreFilesThanAnyPackageHas) {
  ByteWriter index(Endian::little);
  index.u8(0x01).u8(0x05);
  number(index, 100'001);
  index.u8(0).u8(0);
  EXPECT_THAT(failure_of(index.take()), HasSubstr("its index makes no sense"));
}

/// One folder of one coder, and `substreams` files in it. Without its guard libarchive takes 8 bytes for each.
Buffer streams_index(std::uint32_t substreams, std::initializer_list<std::uint8_t> coder) {
  ByteWriter index(Endian::little);
  index.u8(0x01).u8(0x04);
  index.u8(0x06).u8(0).u8(1).u8(0x09).u8(1).u8(0);
  index.u8(0x07).u8(0x0B).u8(1).u8(0).u8(1);
  for (auto byte : coder) {
    index.u8(byte);
  }
  index.u8(0x0C);
  number(index, substreams);
  index.u8(0).u8(0x08).u8(0x0D);
  number(index, substreams);
  index.u8(0).u8(0);
  index.u8(0);
  return index.take();
}

TEST_F(SevenZipTest, RefusesMoreStreamsThanAnyPackageHas) {
  EXPECT_THAT(failure_of(streams_index(99'000'000, {0x01, 0x00})), HasSubstr("its index makes no sense"));
}

TEST_F(SevenZipTest, RefusesADictionaryBeyondReason) {
  auto lzma2 = [](std::uint8_t step) { return streams_index(1, {0x21, 0x21, 0x01, step}); };
  EXPECT_THAT(failure_of(lzma2(34)), HasSubstr("its index makes no sense"));  // 512 MiB
  EXPECT_THAT(failure_of(lzma2(41)), HasSubstr("its index makes no sense"));
  EXPECT_THAT(failure_of(lzma2(32)), testing::Not(HasSubstr("its index makes no sense")));  // 256 MiB
  auto lzma = [](std::uint8_t high) { return streams_index(1, {0x23, 0x03, 0x01, 0x01, 0x05, 0x5D, 0, 0, 0, high}); };
  EXPECT_THAT(failure_of(lzma(0x20)), HasSubstr("its index makes no sense"));
  EXPECT_THAT(failure_of(lzma(0x10)), testing::Not(HasSubstr("its index makes no sense")));
}

TEST_F(SevenZipTest, NeverCrashesOnAForgedIndex) {
  auto whole = streams_index(3, {0x23, 0x03, 0x01, 0x01, 0x05, 0x5D, 0, 0, 1, 0});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (unsigned value = 0; value < 256; value += 17) {
      auto index = whole;
      index[at] = static_cast<std::byte>(value);
      failure_of(index);
    }
    failure_of(ByteView(whole).first(at));
  }
}

}  // namespace
}  // namespace modemedic::firmware
