#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <vector>

namespace modemedic::firmware {

/// A program header of a Qualcomm ELF, with what its own bits of p_flags say.
struct ElfSegment {
  std::uint32_t type = 0;  ///< p_type; 1 is loaded
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;  ///< bytes from the file's start
  std::uint64_t size = 0;    ///< bytes in the file

  std::uint64_t end() const { return offset + size; }

  /// 2: the hash segment, 7: the ELF's own headers (docs/protocols/images.md).
  std::uint32_t kind() const { return flags >> 24U & 7U; }

  bool paged() const { return (flags & 1U << 20U) != 0; }
};

constexpr std::uint32_t hash_segment_kind = 2;

bool is_elf(ByteView bytes);
bool is_elf_64(ByteView bytes);

/// The program headers of an ARM ELF of either class; `bytes` need hold no more than these.
/// @param file_size  bytes of the whole file, which every segment must lie within
/// @return Code::package_bad: no ARM program, cut, or segments over each other
Result<std::vector<ElfSegment>> read_elf_segments(ByteView bytes, std::uint64_t file_size);

}  // namespace modemedic::firmware
