#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/units.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>

namespace modemedic::twin {

/// How long the chip works, in microseconds; all zero without NAND timing.
struct NandTiming {
  std::uint32_t erase_block_us = 0;   ///< typically 2000
  std::uint32_t program_page_us = 0;  ///< typically 250
  std::uint32_t read_page_us = 0;     ///< typically 60
};

/// A raw NAND chip. Pages hold what was programmed; programming a page that isn't erased ANDs the bits; a page whose
/// programming was cut is torn and reads with an error; erase works on whole blocks; bad blocks exist and grow.
/// Knows no partitions and no programmer: those see only these calls.
class Nand {
public:
  enum class PageState : std::uint8_t { erased = 0, programmed = 1, torn = 2 };

  /// A chip in memory, fresh from the factory: all erased. Memory is taken only for what is programmed.
  explicit Nand(Geometry geometry);

  /// A chip kept in `file` (created when absent).
  /// @return Code::io; Code::usage when the file is of another geometry or no NAND file
  static Result<std::unique_ptr<Nand>> open_file(const std::string& file, Geometry geometry);

  ~Nand();
  Nand(const Nand&) = delete;
  Nand& operator=(const Nand&) = delete;

  const Geometry& geometry() const;

  /// @return false when the block can't be erased (bad, or a fault was set): its content stays
  bool erase(std::uint64_t block);

  /// Programs one page, ANDing into what is there. Pages beyond `data`'s end are filled with 0xFF.
  /// @return false when the page fails: it is torn then
  bool program(std::uint64_t page, ByteView data);

  /// Reads one page into `into` (page_size bytes). Erased pages read 0xFF.
  /// @return false when the page is torn: `into` is not written
  bool read(std::uint64_t page, std::span<std::byte> into) const;

  PageState state(std::uint64_t page) const;

  /// The page's bytes without a copy; empty for an erased or torn page.
  ByteView peek(std::uint64_t page) const;

  bool bad(std::uint64_t block) const;
  void mark_bad(std::uint64_t block);

  /// Power was cut while this page was programmed: it is torn.
  void tear_page(std::uint64_t page);

  /// Power was cut while this block was erased: every page of it is torn.
  void tear_block(std::uint64_t block);

  /// Faults: from now on these blocks fail to erase, these pages fail to program (once each).
  void fail_erase_of(std::uint64_t block);
  void fail_program_of(std::uint64_t page);

  void fail_every_program_of(std::uint64_t page);

  /// Faults that nothing tells of, once each: the page takes what is programmed and stays erased; the block turns bad
  /// when it is next programmed, and loses that.
  void lose_program_of(std::uint64_t page);
  void wear_out(std::uint64_t block);

  /// How often anything was erased, programmed, torn or marked: the same number means the same content.
  std::uint64_t changes() const;

  /// A digest of all states and contents, to compare two chips.
  std::string fingerprint(SectorRange range) const;

private:
  struct State;
  explicit Nand(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace modemedic::twin
