#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

/// Android boot images, header version 0 (AOSP system/tools/mkbootimg; docs/protocols/images.md).
namespace modemedic::firmware {

/// What goes into a boot image. The parts are read piece by piece, and twice: for the id, and for the image.
struct BootImageContent {
  struct Part {
    std::uint64_t size = 0;  ///< bytes
    /// Writes the part's bytes from `offset` on into all of `into`.
    std::function<void(std::uint64_t offset, std::span<std::byte> into)> read;
  };

  Part kernel;
  Part ramdisk;
  Part device_tree;  ///< Qualcomm's addition to version 0; may be empty
  std::string name;  ///< up to 15 characters
  std::string command_line;
  std::uint32_t page_size = 2048;
};

/// Bytes of the image.
std::uint64_t boot_image_size(const BootImageContent& content);

/// Makes the image, each part on pages of its own, its id the SHA-1 over the parts and their sizes; stops when `sink`
/// returns false.
void write_boot_image(const BootImageContent& content, const std::function<bool(ByteView)>& sink);

/// Does it start ANDROID!? The boot loader goes to fastboot when boot's first page doesn't.
bool has_boot_magic(ByteView bytes);

/// What the header of a boot image says of the whole.
struct BootImageShape {
  std::uint32_t page_size = 0;  ///< bytes
  std::uint64_t size = 0;       ///< bytes of the image without the padding of its last part
};

/// @param head  the image's first bytes, at least 1632
/// @return Code::package_bad: no ANDROID!, too short, or a header that makes no sense
Result<BootImageShape> read_boot_image_shape(ByteView head);

/// @param bytes  a whole file, or a whole partition with erased 0xFF behind the image
/// @return the image's size in bytes, padding included. Code::package_bad: no ANDROID!, sizes beyond `bytes`, or an id
///         that is not the SHA-1 of the parts (an id of zeros, or longer than a SHA-1, is not judged)
Result<std::uint64_t> check_boot_image(ByteView bytes);

}  // namespace modemedic::firmware
