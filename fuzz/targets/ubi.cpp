// UBI images, in pieces whose size the first byte gives. Header CRCs are mended, or no input would get past them.

#include "base/digest.h"
#include "firmware/ubi_format.h"
#include "firmware/ubi_watch.h"
#include "fuzz_target.h"

#include <algorithm>

using namespace modemedic;
using namespace modemedic::firmware;

namespace {

/// Wherever a header seems to stand, its CRC becomes right.
void mend(Buffer& image) {
  constexpr std::size_t step = 512;
  for (std::size_t at = 0; at + ubi::header_size <= image.size(); at += step) {
    auto text = as_text(ByteView(image).subspan(at, 4));
    if (text == "UBI#" || text == "UBI!") {
      auto crc = crc32_ubi(ByteView(image).subspan(at, ubi::header_size - 4));
      store(image.data() + at + ubi::header_size - 4, crc, Endian::big);
    }
  }
}

}  // namespace

MODEMEDIC_FUZZ(ubi) {
  if (bytes.empty()) {
    return;
  }
  auto piece = std::size_t{1} + std::to_integer<std::size_t>(bytes[0]) * 1024;
  // Blocks of 16 KiB of which the input gives the first 1 KiB: a few kilobytes of input are an image then.
  constexpr std::size_t given = 1024;
  Buffer image;
  for (auto rest = bytes.subspan(1); !rest.empty();) {
    auto part = rest.first(std::min(given, rest.size()));
    image.insert(image.end(), part.begin(), part.end());
    image.resize((image.size() + 16_KiB - 1) / 16_KiB * 16_KiB, std::byte{0xFF});
    rest = rest.subspan(part.size());
  }
  mend(image);
  UbiWatch watch;
  for (ByteView rest = image; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    watch.feed(rest.first(std::min(piece, rest.size())));
  }
  UbiWatch whole;
  whole.feed(image);
  auto a = watch.finish();
  auto b = whole.finish();
  fuzz::must(a.has_value() == b.has_value() && (!a || (a->problem == b->problem && a->block_size == b->block_size)),
             "it does not matter how the bytes arrive");
}
