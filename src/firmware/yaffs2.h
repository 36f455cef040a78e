#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

/// YAFFS2 images as mkyaffs2image makes them (docs/protocols/images.md): pages with their spare area, each object a
/// header page and the pages of its data behind it. The file systems of a 9x15 come so.
namespace modemedic::firmware {

/// A page and what the image has behind it, in bytes.
struct Yaffs2Shape {
  std::uint32_t page_size = 2048;
  std::uint32_t spare_size = 64;

  constexpr std::uint64_t stride() const { return std::uint64_t{page_size} + spare_size; }
};

/// Does this page begin with the header of a root directory? Every such image does.
bool has_yaffs2_root(ByteView page);

/// Follows an image from header to header, page by page, without the spare area: so it goes for a file, and for what a
/// chip holds.
class Yaffs2Walk {
public:
  /// Takes the next page; what comes behind a problem is not looked at.
  void page(ByteView data);

  /// What was found wrong so far, or is at the end: "page 17 is no header of an object"; empty: it is whole.
  std::string problem() const;

  /// What the next page is: 0 a header, else the how manieth of its file's.
  std::uint64_t next_chunk() const { return data_pages_ > 0 ? file_pages_ - data_pages_ + 1 : 0; }

  std::uint64_t pages() const { return pages_; }

  std::uint64_t objects() const { return objects_; }

private:
  std::string judge_header(ByteView data);

  std::uint64_t pages_ = 0;
  std::uint64_t objects_ = 0;
  std::uint64_t file_pages_ = 0;  ///< of the file that is being passed
  std::uint64_t data_pages_ = 0;  ///< of them, still to come
  std::string problem_;
};

/// Looks through the file of an image, cut anywhere. Where the tags in the spare areas stand in a known place, each
/// page has to be the one that its tags say.
class Yaffs2Scan {
public:
  explicit Yaffs2Scan(Yaffs2Shape shape = {}) : shape_(shape) {}

  void feed(ByteView bytes);

  /// Empty: it is whole. To be asked at the end.
  std::string problem() const;

  std::uint64_t objects() const { return walk_.objects(); }

private:
  void take(ByteView page_and_spare);
  std::string judge_tags(ByteView spare) const;

  Yaffs2Shape shape_;
  Yaffs2Walk walk_;
  std::optional<std::size_t> tags_;  ///< where they stand in the spare area
  std::string problem_;
  Buffer pending_;  ///< of a page that is not whole yet
};

/// A file of an image of our own making; its folder is the root.
struct Yaffs2File {
  std::string name;
  std::uint64_t size = 0;  ///< bytes
  /// Writes the file's bytes from `offset` on into all of `into`.
  std::function<void(std::uint64_t offset, std::span<std::byte> into)> read;
};

/// Bytes of the image.
std::uint64_t yaffs2_image_size(const Yaffs2Shape& shape, std::span<const Yaffs2File> files);

/// Stops when `sink` returns false.
void write_yaffs2(const Yaffs2Shape& shape, std::span<const Yaffs2File> files,
                  const std::function<bool(ByteView)>& sink);

}  // namespace modemedic::firmware
