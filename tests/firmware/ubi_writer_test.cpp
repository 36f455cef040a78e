#include "firmware/ubi_writer.h"

#include "support/tool.h"

#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

struct Volume {
  std::string name;
  bool is_static = true;
  std::size_t size = 0;
  std::uint32_t reserved_lebs = 0;
  bool autoresize = false;
};

Buffer noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Buffer bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

Buffer ours(const UbiShape& shape, const std::vector<Volume>& volumes) {
  std::vector<UbiVolumeContent> contents;
  for (const auto& volume : volumes) {
    auto id = static_cast<std::uint32_t>(contents.size());
    auto read = [data = noise(volume.size, id)](std::uint64_t offset, std::span<std::byte> into) {
      std::ranges::copy(ByteView(data).subspan(offset, into.size()), into.begin());
    };
    contents.push_back(
        {id, volume.name, volume.is_static, volume.size, volume.reserved_lebs, volume.autoresize, std::move(read)});
  }
  Buffer image;
  write_ubi(shape, contents, [&](ByteView peb) {
    image.insert(image.end(), peb.begin(), peb.end());
    return true;
  });
  EXPECT_EQ(image.size(), ubi_image_pebs(shape, contents) * shape.peb_size);
  return image;
}

Buffer ubinized(const UbiShape& shape, const std::vector<Volume>& volumes) {
  test::TemporaryDirectory directory;
  std::string ini;
  for (std::size_t id = 0; id < volumes.size(); ++id) {
    const auto& volume = volumes[id];
    auto data = directory / fmt::format("volume{}", id);
    test::write_file(data, noise(volume.size, static_cast<unsigned>(id)));
    ini += fmt::format("[volume{}]\nmode=ubi\nimage={}\nvol_id={}\nvol_name={}\nvol_type={}\n", id, data, id,
                       volume.name, volume.is_static ? "static" : "dynamic");
    if (volume.reserved_lebs != 0) {
      ini += fmt::format("vol_size={}\n", volume.reserved_lebs * shape.leb_size());
    }
    if (volume.autoresize) {
      ini += "vol_flags=autoresize\n";
    }
  }
  test::write_file(directory / "ini", as_bytes(ini));
  auto made = test::run(fmt::format("ubinize -o {} -p {} -m {} -Q {} {}", directory / "image", shape.peb_size,
                                    shape.page_size, shape.image_seq, directory / "ini"));
  EXPECT_EQ(made.status, 0) << made.output;
  return test::read_file(directory / "image");
}

TEST(UbiWriter, MakesWhatUbinizeMakes) {
  if (!test::have("ubinize")) {
    GTEST_SKIP() << "ubinize (mtd-utils) is not installed";
  }
  const UbiShape shapes[] = {{128_KiB, 2048, 0x12345678}, {256_KiB, 4096, 1}};
  for (const auto& shape : shapes) {
    auto leb = shape.leb_size();
    const std::vector<Volume> cases[] = {
        {{"modem", true, 1}},
        {{"modem", true, leb}},
        {{"modem", true, leb + 1}},
        {{"modem", true, 3 * leb - 17, 9}},
        {{"rootfs", false, 2 * leb + 5}, {"usrfs", false, 12'288, 7}, {"cache", false, 100, 0, true}},
        {{"system", true, 5 * leb + 1000}, {"usrfs", false, leb, 0, true}},
    };
    for (const auto& volumes : cases) {
      auto expected = ubinized(shape, volumes);
      auto image = ours(shape, volumes);
      ASSERT_EQ(image.size(), expected.size()) << volumes.size() << " volumes, PEB " << shape.peb_size;
      auto [at, unused] = std::ranges::mismatch(image, expected);
      EXPECT_EQ(at - image.begin(), static_cast<std::ptrdiff_t>(image.size()))
          << "first difference; " << volumes[0].name;
    }
  }
}

TEST(UbiWriter, StopsWhenItsSinkHasEnough) {
  UbiShape shape{128_KiB, 2048, 7};
  UbiVolumeContent volume{
      .name = "modem", .size = 100'000'000, .read = [](auto, auto into) { std::ranges::fill(into, std::byte{1}); }};
  int pebs = 0;
  write_ubi(shape, std::span(&volume, 1), [&](ByteView) { return ++pebs < 5; });
  EXPECT_EQ(pebs, 5);
}

}  // namespace
}  // namespace modemedic::firmware
