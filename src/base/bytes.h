#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic {

using Buffer = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

constexpr std::uint64_t operator""_KiB(unsigned long long n) {
  return n << 10U;
}

constexpr std::uint64_t operator""_MiB(unsigned long long n) {
  return n << 20U;
}

inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

enum class Endian { little, big };

/// Reads `sizeof(T)` bytes at `at`; the caller has checked that they are there.
template <std::unsigned_integral T>
constexpr T load(const std::byte* at, Endian order) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    auto shift = 8 * (order == Endian::little ? i : sizeof(T) - 1 - i);
    value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(at[i]) << shift));
  }
  return value;
}

template <std::unsigned_integral T>
constexpr void store(std::byte* at, T value, Endian order) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    auto shift = 8 * (order == Endian::little ? i : sizeof(T) - 1 - i);
    at[i] = static_cast<std::byte>(value >> shift);
  }
}

/// Walks over received bytes. Reading past the end yields zeros and sets failed(); so a whole packet can be read and
/// then judged once.
class ByteReader {
public:
  ByteReader(ByteView bytes, Endian order) : bytes_(bytes), order_(order) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }

  std::uint16_t u16() { return number<std::uint16_t>(); }

  std::uint32_t u32() { return number<std::uint32_t>(); }

  std::uint64_t u64() { return number<std::uint64_t>(); }

  /// The next `count` bytes, or an empty view (and failed()) when there are fewer.
  ByteView take(std::size_t count) {
    if (count > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

  /// A text field of `count` bytes that ends at its first NUL.
  std::string text(std::size_t count) {
    auto field = as_text(take(count));
    return std::string(field.substr(0, field.find('\0')));
  }

  ByteView rest() const { return bytes_; }

  bool failed() const { return failed_; }

private:
  template <std::unsigned_integral T>
  T number() {
    auto field = take(sizeof(T));
    return field.empty() ? T{0} : load<T>(field.data(), order_);
  }

  ByteView bytes_;
  Endian order_;
  bool failed_ = false;
};

/// Appends numbers and bytes to a buffer.
class ByteWriter {
public:
  explicit ByteWriter(Endian order) : order_(order) {}

  ByteWriter& u8(std::uint8_t value) { return number(value); }

  ByteWriter& u16(std::uint16_t value) { return number(value); }

  ByteWriter& u32(std::uint32_t value) { return number(value); }

  ByteWriter& u64(std::uint64_t value) { return number(value); }

  ByteWriter& bytes(ByteView view) {
    buffer_.insert(buffer_.end(), view.begin(), view.end());
    return *this;
  }

  /// `value` in a field of `width` bytes: cut or filled with NUL.
  ByteWriter& text(std::string_view value, std::size_t width) {
    bytes(as_bytes(value.substr(0, width)));
    return fill(width - std::min(width, value.size()));
  }

  ByteWriter& fill(std::size_t count, std::byte value = std::byte{0}) {
    buffer_.resize(buffer_.size() + count, value);
    return *this;
  }

  std::size_t size() const { return buffer_.size(); }

  Buffer take() { return std::move(buffer_); }

private:
  template <std::unsigned_integral T>
  ByteWriter& number(T value) {
    std::byte raw[sizeof(T)];
    store(raw, value, order_);
    // Not bytes(): GCC 12 sees an overflow in vector::insert where numbers follow one another.
    for (auto byte : raw) {
      buffer_.push_back(byte);
    }
    return *this;
  }

  Buffer buffer_;
  Endian order_;
};

/// "7e 02 6a d3 7e"
std::string hex(ByteView bytes);

/// The bytes of "7e 02 6a" or "7e026A"; nothing when the text is not whole hex bytes.
std::optional<Buffer> from_hex(std::string_view text);

/// A stranger's text, fit for a terminal: control characters and bytes that are not ASCII become `\x1b`, and no more
/// than `limit` characters are shown.
std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace modemedic
