#pragma once

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/units.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace modemedic::twin {

/// Where a virtual chip keeps its cells: page states, bad-block flags and page contents, in memory or in a sparse
/// file. Knows nothing of what they mean; a new one is all zero, and zero costs neither memory nor disk.
///
/// The file, little-endian: magic "mmedNAND", u32 version 1, u32 page size, u32 pages a block, u64 blocks; from byte
/// 4096 one byte of state for each page and one flag for each block; from the next multiple of 4096 the pages.
class NandStore {
public:
  /// In memory. @throws std::bad_alloc when there is no address space for it
  static std::unique_ptr<NandStore> in_memory(const Geometry& geometry);

  /// In `file`, which is created when absent and locked while open.
  /// @return Code::io, Code::permission; Code::busy when another process has it; Code::usage when it is no NAND file
  ///         or one of another geometry
  static Result<std::unique_ptr<NandStore>> in_file(const std::string& file, const Geometry& geometry);

  ~NandStore();
  NandStore(const NandStore&) = delete;
  NandStore& operator=(const NandStore&) = delete;

  std::span<std::uint8_t> states() const { return states_; }

  std::span<std::uint8_t> bad_flags() const { return bad_flags_; }

  ByteView page(std::uint64_t index) const { return {data_ + index * geometry_.page_size, geometry_.page_size}; }

  /// Overwrites the start of a page. @return false when the disk took it not
  bool write(std::uint64_t page, ByteView bytes) {
    if (!descriptor_.is_open()) {
      std::memcpy(data_ + page * geometry_.page_size, bytes.data(), bytes.size());
      return true;
    }
    return write_file(page * geometry_.page_size, bytes);
  }

  /// The content of this block is of no use any more: gives its memory or disk back.
  void forget(std::uint64_t block);

private:
  struct Layout;
  NandStore(const Geometry& geometry, const Layout& layout, void* mapping, Descriptor descriptor);
  bool write_file(std::uint64_t offset, ByteView bytes) const;

  Geometry geometry_;
  void* mapping_;
  std::size_t mapping_size_;
  std::uint64_t data_offset_;
  Descriptor descriptor_;  ///< none: in memory
  std::span<std::uint8_t> states_;
  std::span<std::uint8_t> bad_flags_;
  std::byte* data_;
};

}  // namespace modemedic::twin
