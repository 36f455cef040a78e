#pragma once

#include "base/bytes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace modemedic::fuzz {

/// The input as a row of decisions: each call eats the bytes it needs. At the end all numbers are 0, so that a short
/// input stands for a whole talk, and a longer one that begins alike goes the same way at first.
class Input {
public:
  explicit Input(ByteView bytes) : rest_(bytes), babbles_(!bytes.empty() && bytes.back() == babble) {}

  /// An input that ends so ends with a peer that says its last words again and again; others with one that is silent.
  static constexpr std::byte babble{0xBB};

  bool babbles() const { return babbles_; }

  bool empty() const { return rest_.empty(); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }

  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }

  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }

  std::uint64_t u64() { return number(8); }

  /// One of 0 … limit-1.
  std::size_t below(std::size_t limit) { return limit <= 256 ? u8() % limit : u16() % limit; }

  /// A number as strangers choose them: mostly `right`, often beside it or at some edge, else anything.
  std::uint32_t near(std::uint32_t right) {
    static constexpr std::array<std::uint32_t, 8> edges{0, 1, 0x3FF, 0x400, 0x401, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF};
    auto how = u8();
    if (how < 0xC0) {
      return right;
    }
    switch (how % 4) {
      case 0:
        return right + 1;
      case 1:
        return right - 1;
      case 2:
        return edges[u8() % edges.size()];
      default:
        return u32();
    }
  }

  /// Up to 255 bytes, whose number comes first.
  ByteView bytes() { return take(u8()); }

  std::string text() { return std::string(as_text(bytes())); }

  ByteView take(std::size_t most) {
    auto taken = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  ByteView rest() const { return rest_; }

private:
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    std::size_t shift = 0;
    for (auto byte : take(size)) {
      value |= std::to_integer<std::uint64_t>(byte) << shift;
      shift += 8;
    }
    return value;
  }

  ByteView rest_;
  bool babbles_;
};

}  // namespace modemedic::fuzz
