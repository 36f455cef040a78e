// YAFFS2 images, in pages of the input's choice: headers with the input's fields, whole or cut.

#include "firmware/yaffs2.h"

#include "fuzz_target.h"
#include "peer/input.h"

using namespace modemedic;
using namespace modemedic::firmware;

MODEMEDIC_FUZZ(yaffs2) {
  fuzz::Input input(bytes);
  Yaffs2Shape shape{512, 16};
  Buffer image;
  std::vector<Yaffs2File> files;
  for (auto count = input.u8() % 4; count > 0; --count) {
    files.push_back({input.text(), input.u16(), [](std::uint64_t, std::span<std::byte> into) {
                       std::fill(into.begin(), into.end(), std::byte{0x42});
                     }});
  }
  auto plain = std::all_of(files.begin(), files.end(), [](const Yaffs2File& file) {
    return !file.name.empty() && file.name.size() < 200 && file.name.find('/') == std::string::npos &&
           file.name.find('\0') == std::string::npos;
  });
  if (plain) {
    write_yaffs2(shape, files, [&](ByteView piece) {
      image.insert(image.end(), piece.begin(), piece.end());
      return true;
    });
    fuzz::must(image.size() == yaffs2_image_size(shape, files), "an image has the size that was said");
    Yaffs2Scan scan(shape);
    scan.feed(image);
    fuzz::must(scan.problem().empty(), "an image of ours is whole");
  }
  for (auto changes = input.u8(); changes > 0 && !image.empty() && !input.empty(); --changes) {
    image[input.u32() % image.size()] = static_cast<std::byte>(input.u8());
  }
  auto rest = input.rest();
  image.insert(image.end(), rest.begin(), rest.end());
  Yaffs2Scan whole(shape);
  whole.feed(image);
  Yaffs2Scan pieces(shape);
  for (ByteView left = image; !left.empty(); left = left.subspan(std::min<std::size_t>(left.size(), 100))) {
    pieces.feed(left.first(std::min<std::size_t>(left.size(), 100)));
  }
  fuzz::must(whole.problem() == pieces.problem(), "it does not matter how the bytes arrive");
  has_yaffs2_root(image);
}
