#include "firmware/yaffs2.h"

#include "support/tool.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::firmware {
namespace {

constexpr Yaffs2Shape shape;

Yaffs2File file(std::string name, Buffer content) {
  return {std::move(name), content.size(), [content](std::uint64_t offset, std::span<std::byte> into) {
            std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
          }};
}

Buffer noise(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  Buffer bytes(size);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

std::vector<Yaffs2File> some_files() {
  return {file("init", noise(5000)), file("empty", {}), file("lib.so", noise(4096)), file("one", noise(1))};
}

Buffer image_of(const std::vector<Yaffs2File>& files) {
  Buffer image;
  write_yaffs2(shape, files, [&](ByteView page) {
    image.insert(image.end(), page.begin(), page.end());
    return true;
  });
  return image;
}

std::string problem_of(ByteView image) {
  Yaffs2Scan scan;
  scan.feed(image);
  return scan.problem();
}

TEST(Yaffs2, BeginsWithTheBytesThatTellSuchImages) {
  // The published signature of little-endian YAFFS images: a directory, whose parent is the root, without a checksum.
  auto image = image_of({});
  EXPECT_EQ(hex(ByteView(image).first(10)), "03 00 00 00 01 00 00 00 ff ff");
  EXPECT_TRUE(has_yaffs2_root(image));
  for (std::size_t at = 0; at < 10; ++at) {
    auto other = image;
    other[at] ^= std::byte{0x40};
    EXPECT_FALSE(has_yaffs2_root(other)) << at;
  }
}

TEST(Yaffs2, HasTheSizeItSays) {
  auto files = some_files();
  auto image = image_of(files);
  EXPECT_EQ(image.size(), yaffs2_image_size(shape, files));
  EXPECT_EQ(image.size() / 2112, 1U + 1 + 3 + 1 + 1 + 2 + 1 + 1);
}

TEST(Yaffs2, IsWholeAsItWasMadeInPiecesOfAnySize) {
  auto image = image_of(some_files());
  for (std::size_t piece : {1U, 63U, 2048U, 2111U, 2112U, 2113U, 100'000U}) {
    Yaffs2Scan scan;
    for (auto rest = ByteView(image); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
      scan.feed(rest.first(std::min(piece, rest.size())));
    }
    EXPECT_EQ(scan.problem(), "");
    EXPECT_EQ(scan.objects(), 5U);
  }
}

TEST(Yaffs2, SaysWhatIsWrong) {
  auto image = image_of(some_files());
  EXPECT_EQ(problem_of({}), "it is empty");
  EXPECT_EQ(problem_of(ByteView(image).first(2112 * 3)), "it is cut: 2 pages of its last file are missing");
  EXPECT_EQ(problem_of(ByteView(image).first(image.size() - 1)), "it is cut: 1 pages of its last file are missing");
  EXPECT_EQ(problem_of(ByteView(image).first(2112 * 5 + 7)),
            "its size is no whole number of pages of 2112 bytes with spare");
  EXPECT_EQ(problem_of(ByteView(image).subspan(64)), "it does not begin with a YAFFS2 root directory");
  auto without_spare = image;
  without_spare.erase(without_spare.begin() + 2048, without_spare.begin() + 2112);
  EXPECT_EQ(problem_of(without_spare), "page 1 is no header of an object");
  auto hole = image;
  hole.erase(hole.begin() + 2112 * 3, hole.begin() + 2112 * 4);  // a page of data that got lost
  EXPECT_EQ(problem_of(hole), "page 3 is not the one that belongs there: 3 of its file instead of 2");
}

TEST(Yaffs2, SurvivesWhateverComes) {
  std::mt19937 random(5);
  auto image = image_of(some_files());
  for (int run = 0; run < 100; ++run) {
    auto bad = image;
    for (int flips = 0; flips < 20; ++flips) {
      bad[random() % bad.size()] = static_cast<std::byte>(random());
    }
    problem_of(ByteView(bad).first(random() % bad.size()));
    problem_of(noise(random() % 10'000));
  }
}

TEST(Yaffs2, IsWhatUnyaffsTakesItFor) {
  if (!test::have("unyaffs")) {
    GTEST_SKIP() << "unyaffs is not installed";
  }
  test::TemporaryDirectory directory;
  test::write_file(directory / "image", image_of(some_files()));
  auto outcome =
      test::run("mkdir " + directory / "out" + " && unyaffs " + directory / "image" + " " + directory / "out");
  ASSERT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(test::read_file(directory / "out/init"), noise(5000));
  EXPECT_EQ(test::read_file(directory / "out/empty"), Buffer{});
  EXPECT_EQ(test::read_file(directory / "out/lib.so"), noise(4096));
  EXPECT_EQ(test::read_file(directory / "out/one"), noise(1));
}

}  // namespace
}  // namespace modemedic::firmware
