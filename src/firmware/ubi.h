#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Judges UBI images, in a file or in the chip (docs/protocols/images.md).
namespace modemedic::firmware {

struct UbiVolume {
  std::uint32_t id = 0;
  std::string name;
  bool is_static = false;
  std::uint32_t reserved_lebs = 0;
  std::uint32_t lebs = 0;   ///< that are there; of a static volume all it has
  std::uint64_t bytes = 0;  ///< static: its data's size
  Buffer head;              ///< up to 512 bytes from its start; empty when LEB 0 isn't there
};

struct UbiSummary {
  std::vector<UbiVolume> volumes;  ///< ordered by id
  std::uint64_t lebs = 0;          ///< of all volumes
  std::uint64_t blocks = 0;        ///< that were fed
  std::uint64_t erased = 0;        ///< blocks with nothing in them
  std::uint64_t unreadable = 0;
  std::uint64_t leb_size = 0;   ///< bytes
  std::uint32_t page_size = 0;  ///< bytes, as the header offsets tell it
  std::uint32_t image_seq = 0;

  /// The volume of that name, or nullptr.
  const UbiVolume* volume(std::string_view name) const;
};

/// Reads a UBI image block after block as Linux does when it attaches it, but strictly: what a flash has just written
/// must be whole, not repairable. A static volume must have all its LEBs with the right CRC. A dynamic volume carries
/// no CRC of its data and may have holes, so damage in it can't be seen here, save for broken headers.
class UbiScan {
public:
  enum class Depth {
    headers,  ///< headers, the volume table, and that no LEB of a static volume is missing
    data,     ///< and every static LEB's CRC
  };

  /// With Depth::headers this much of each block's start is enough.
  static constexpr std::size_t head_size = std::size_t{32} * 1024;

  /// @param peb_size  the chip's block size in bytes
  explicit UbiScan(std::uint64_t peb_size, Depth depth = Depth::data);

  /// The next block: its bytes (a bad block is left out), or nothing when a page of it can't be read.
  void block(std::optional<ByteView> content);

  /// The next block is known to be erased: the same as feeding 0xFF, without the bytes.
  void erased_block();

  /// @return Code::package_bad with the first thing that is wrong
  Result<UbiSummary> finish();

private:
  /// Where one LEB was found.
  struct Leb {
    std::uint32_t volume = 0;
    std::uint32_t number = 0;
    std::uint64_t sequence = 0;
    std::uint64_t block = 0;
    std::uint32_t used_lebs = 0;
    std::uint32_t data_size = 0;
    bool is_static = false;
  };

  Result<void> read(ByteView content);
  Result<void> check_first(ByteView content);
  Result<void> read_leb(ByteView content);
  Result<void> resolve_duplicates();
  Result<void> count(UbiVolume& volume) const;
  Result<void> read_table(ByteView data);

  std::uint64_t peb_size_;
  Depth depth_;
  UbiSummary summary_;
  std::uint32_t vid_offset_ = 0;
  std::uint32_t data_offset_ = 0;
  std::vector<Leb> lebs_;
  std::vector<UbiVolume> table_;  ///< of the first good copy
  std::vector<std::pair<std::uint32_t, Buffer>> heads_;
  std::optional<Error> failure_;
};

}  // namespace modemedic::firmware
