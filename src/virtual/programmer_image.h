#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace modemedic::twin {

/// END_IMAGE_TRANSFER's status, as far as this boot ROM gives it (facts: sahara-firehose.md).
enum class SaharaStatus : std::uint32_t {
  success = 0x00,
  invalid_command = 0x01,
  protocol_mismatch = 0x02,
  invalid_host_protocol = 0x04,
  invalid_packet_size = 0x05,
  invalid_data_size = 0x08,
  invalid_receive_length = 0x0b,
  program_header_count = 0x0e,
  program_header_size = 0x0f,
  no_program_headers = 0x11,
  invalid_elf_header = 0x14,
  unknown_host_error = 0x15,
  invalid_host_mode = 0x18,
  invalid_memory_read = 0x19,
  memory_debug_unsupported = 0x1b,
  invalid_mode_switch = 0x1c,
  unsupported_client_command = 0x1f,
  invalid_command_for_data = 0x20,
  segment_hash_mismatch = 0x22,
  no_hash_table = 0x23,
  not_authenticated = 0x25,
  hash_table_size = 0x26,
};

/// The programmer on its way into the boot ROM's memory. Says which bytes it needs next, out of those it has: the ELF
/// header, the program headers, then the hash segment and each segment to be loaded, 4 KiB at a time.
class ProgrammerImage {
public:
  struct Part {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };

  /// What to ask the host for; nothing when all is there.
  std::optional<Part> next() const;

  /// The headers are there: next() names parts of segments.
  bool in_segments() const { return !segments_.empty(); }

  /// Takes the bytes of the part that next() named. Not `success`: the image is refused.
  SaharaStatus take(ByteView bytes);

  /// Judges the whole image: the hash segment, when there is one, must hold the SHA-256 of each segment.
  SaharaStatus verify() const;

  /// For a fused chip: there must be a hash segment with a signature, whose root certificate has this SHA-256.
  /// @param pk_hash  hex digits
  SaharaStatus authenticate(const std::string& pk_hash) const;

private:
  struct Segment {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t kind = 0;  ///< Qualcomm's, out of p_flags
    bool read = false;       ///< the boot ROM asks for it
  };

  SaharaStatus take_header();
  SaharaStatus take_program_headers();
  const Segment* hash_segment() const;
  ByteView bytes_of(const Segment& segment) const;

  Buffer bytes_;  ///< the file as far as it was read, with holes
  Part headers_;
  std::vector<Segment> segments_;     ///< all of them, as the hash table counts them
  std::vector<std::size_t> to_read_;  ///< indexes of segments_, in the order of reading
  std::size_t reading_ = 0;           ///< of to_read_
  std::uint32_t read_ = 0;            ///< bytes of that segment
};

}  // namespace modemedic::twin
