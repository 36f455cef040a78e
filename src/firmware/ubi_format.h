#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>

/// UBI's on-flash format (Linux drivers/mtd/ubi/ubi-media.h); all numbers are big-endian, each header carries its CRC.
namespace modemedic::firmware::ubi {

inline constexpr std::size_t header_size = 64;  ///< of EC and VID header alike
inline constexpr std::size_t record_size = 172;
inline constexpr std::size_t most_volumes = 128;
inline constexpr std::size_t longest_volume_name = 127;

inline constexpr std::uint32_t first_internal_volume = 0x7FFFEFFF;
inline constexpr std::uint32_t layout_volume = first_internal_volume;  ///< holds the volume table, twice
inline constexpr std::uint32_t layout_lebs = 2;

inline constexpr std::uint8_t dynamic_volume = 1;
inline constexpr std::uint8_t static_volume = 2;
inline constexpr std::uint8_t autoresize_flag = 1;

/// Erase counter header, at the start of each PEB.
struct EcHeader {
  std::uint64_t erase_count = 0;
  std::uint32_t vid_offset = 0;   ///< bytes from the PEB's start
  std::uint32_t data_offset = 0;  ///< bytes from the PEB's start
  std::uint32_t image_seq = 0;    ///< the same in all PEBs of one image
};

/// Volume identifier header: which LEB of which volume this PEB holds.
struct VidHeader {
  std::uint8_t type = dynamic_volume;
  std::uint8_t compat = 0;  ///< internal volumes: what to do when unknown
  std::uint32_t volume = 0;
  std::uint32_t leb = 0;
  std::uint32_t data_size = 0;  ///< static volumes: bytes of data in this LEB
  std::uint32_t used_lebs = 0;  ///< static volumes: LEBs the volume has
  std::uint32_t data_pad = 0;
  std::uint32_t data_crc = 0;  ///< static volumes
  std::uint64_t sequence = 0;
};

/// A record of the volume table.
struct VolumeRecord {
  std::uint32_t reserved_lebs = 0;  ///< 0: the record is empty
  std::uint32_t alignment = 1;
  std::uint32_t data_pad = 0;
  std::uint8_t type = dynamic_volume;
  bool update_marker = false;  ///< an update was begun and not ended
  std::string name;
  std::uint8_t flags = 0;
};

Buffer encode(const EcHeader& header);
Buffer encode(const VidHeader& header);
Buffer encode(const VolumeRecord& record);

/// @return nothing when magic, version or CRC is wrong
std::optional<EcHeader> decode_ec(ByteView bytes);
std::optional<VidHeader> decode_vid(ByteView bytes);

/// @return nothing when the CRC is wrong or the name has no sense
std::optional<VolumeRecord> decode_record(ByteView bytes);

/// Records that fit into a volume table in a LEB of this size.
std::size_t record_count(std::uint64_t leb_size);

}  // namespace modemedic::firmware::ubi
