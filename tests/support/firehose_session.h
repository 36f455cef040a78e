#pragma once

#include "support/edl_driver.h"

#include <utility>

namespace modemedic::test {

constexpr std::size_t page_bytes = 2048;  ///< of the EG25-G's chip

/// Bytes that differ from page to page and are no page's erased state.
inline Buffer pattern(std::size_t size, unsigned seed = 1) {
  Buffer bytes(size);
  auto value = seed * 2654435761U;
  for (auto& byte : bytes) {
    value = value * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(value >> 24U);
  }
  return bytes;
}

/// A modem whose programmer runs and is configured for 8192 bytes a transfer, and a host that does it right.
class FirehoseSession : public EdlDriver {
public:
  static constexpr std::size_t payload = 8192;

  FirehoseSession() : FirehoseSession(Options{}) {}

  explicit FirehoseSession(Options options) : EdlDriver(std::move(options)) {
    start_programmer();
    command(R"(<configure MemoryName="nand" MaxPayloadSizeToTargetInBytes="8192"/>)");
  }

  std::string range(std::uint64_t start, std::uint64_t count) const {
    return R"(SECTOR_SIZE_IN_BYTES=")" + std::to_string(persona.geometry.page_size) +
           R"(" PAGES_PER_BLOCK="64" physical_partition_number="0" start_sector=")" + std::to_string(start) +
           R"(" num_partition_sectors=")" + std::to_string(count) + '"';
  }

  std::vector<std::string> erase(std::uint64_t start, std::uint64_t count) {
    return command("<erase " + range(start, count) + "/>");
  }

  std::vector<std::string> start_program(std::uint64_t start, std::uint64_t count) {
    return command("<program " + range(start, count) + " filename=\"test.bin\"/>");
  }

  void send_pieces(ByteView bytes, std::size_t size, bool zlp = true) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(size, bytes.size()))) {
      auto piece = bytes.first(std::min(size, bytes.size()));
      send(piece, zlp || piece.size() == bytes.size());
    }
  }

  /// Programs whole pages as a good host does.
  /// @return what the programmer said from the raw mode on
  std::vector<std::string> program(std::uint64_t start, ByteView image) {
    start_program(start, image.size() / persona.geometry.page_size);
    send_pieces(image, payload);
    return said();
  }

  /// Reads sectors; their bytes are in `raw` then.
  std::vector<std::string> read(std::uint64_t start, std::uint64_t count, const std::string& more = "") {
    send(document("<read " + range(start, count) + " " + more + "/>"));
    raw.clear();
    for (const auto& transfer : received) {
      if (!as_text(transfer).starts_with("<?xml")) {
        raw.insert(raw.end(), transfer.begin(), transfer.end());
      }
    }
    return said();
  }

  /// Programs pages past the programmer.
  void fill(std::uint64_t first, std::uint64_t count) {
    for (auto page = first; page < first + count; ++page) {
      nand.program(page, Buffer(persona.geometry.page_size, std::byte{0x5A}));
    }
  }

  /// What the chip itself holds; erased pages are 0xFF.
  Buffer content(std::uint64_t first, std::uint64_t count) const {
    Buffer bytes(count * persona.geometry.page_size);
    for (std::uint64_t page = 0; page < count; ++page) {
      auto into = std::span(bytes).subspan(page * persona.geometry.page_size, persona.geometry.page_size);
      if (!nand.read(first + page, into)) {
        std::ranges::fill(into, std::byte{0});
      }
    }
    return bytes;
  }

  /// Runs [first, end) of pages that aren't erased.
  std::vector<std::pair<int, int>> programmed(std::uint64_t first, std::uint64_t end) const {
    std::vector<std::pair<int, int>> runs;
    for (auto page = first; page < end; ++page) {
      if (nand.state(page) == twin::Nand::PageState::erased) {
        continue;
      }
      if (runs.empty() || runs.back().second != static_cast<int>(page)) {
        runs.emplace_back(static_cast<int>(page), static_cast<int>(page));
      }
      ++runs.back().second;
    }
    return runs;
  }

  Buffer raw;
};

}  // namespace modemedic::test
