#include "virtual/filler.h"

#include "base/digest.h"

#include <algorithm>
#include <cstring>

namespace modemedic::twin {

namespace {

// A cell is half noise, half a pattern that stays the same for some cells.
constexpr std::size_t cell_words = 8;
constexpr std::size_t noisy_words = 4;
constexpr std::size_t cell_size = cell_words * sizeof(std::uint64_t);
constexpr unsigned cells_a_pattern_log2 = 6;

/// The finalizer of MurmurHash3: every bit of the input moves half of the output's.
std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33U;
  x *= 0xFF51AFD7ED558CCD;
  x ^= x >> 33U;
  x *= 0xC4CEB9FE1A85EC53;
  return x ^ x >> 33U;
}

void make_cell(std::uint64_t seed, std::uint64_t number, std::byte* into) {
  std::uint64_t words[cell_words];
  auto pattern = mix(seed ^ ~(number >> cells_a_pattern_log2));
  for (std::size_t i = 0; i < noisy_words; ++i) {
    words[i] = mix(seed + number * noisy_words + i);
    words[noisy_words + i] = pattern;
  }
  std::memcpy(into, words, cell_size);
}

}  // namespace

Filler Filler::for_text(std::string_view text) {
  auto hash = digest<Sha256>(as_bytes(text));
  return Filler(load<std::uint64_t>(hash.data(), Endian::little));
}

void Filler::fill(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    auto number = offset / cell_size;
    auto within = offset % cell_size;
    auto count = std::min<std::uint64_t>(cell_size - within, into.size());
    if (count == cell_size) {
      make_cell(seed_, number, into.data());
    } else {
      std::byte cell[cell_size];
      make_cell(seed_, number, cell);
      std::memcpy(into.data(), cell + within, count);
    }
    offset += count;
    into = into.subspan(count);
  }
}

std::uint64_t Filler::number() const {
  return mix(seed_);
}

}  // namespace modemedic::twin
