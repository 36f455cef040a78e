#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

/// Makes UBI images as ubinize does, one PEB at a time: memory stays at one PEB whatever the image's size.
namespace modemedic::firmware {

struct UbiVolumeContent {
  std::uint32_t id = 0;
  std::string name;
  bool is_static = true;            ///< static volumes carry a CRC of their data
  std::uint64_t size = 0;           ///< bytes of data
  std::uint32_t reserved_lebs = 0;  ///< 0: as many as the data need
  bool autoresize = false;          ///< takes what is left of the chip when it is first attached
  /// Writes the data from `offset` on into all of `into`.
  std::function<void(std::uint64_t offset, std::span<std::byte> into)> read;
};

struct UbiShape {
  std::uint64_t peb_size = 0;   ///< bytes: the chip's block size
  std::uint32_t page_size = 0;  ///< bytes: the smallest unit that can be written
  std::uint32_t image_seq = 0;

  std::uint32_t data_offset() const { return 2 * page_size; }

  std::uint64_t leb_size() const { return peb_size - data_offset(); }
};

/// PEBs of the image: two for the volume table, then the volumes' data.
std::uint64_t ubi_image_pebs(const UbiShape& shape, std::span<const UbiVolumeContent> volumes);

/// Makes the image, PEB after PEB, until `sink` returns false.
void write_ubi(const UbiShape& shape, std::span<const UbiVolumeContent> volumes,
               const std::function<bool(ByteView peb)>& sink);

}  // namespace modemedic::firmware
