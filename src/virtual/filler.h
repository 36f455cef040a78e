#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace modemedic::twin {

/// Endless bytes out of a seed that deflate makes about half as long, as it does with real firmware. Any place of them
/// can be asked for on its own.
class Filler {
public:
  explicit Filler(std::uint64_t seed) : seed_(seed) {}

  /// A filler of its own for each text.
  static Filler for_text(std::string_view text);

  /// Writes the bytes from `offset` on into all of `into`.
  void fill(std::uint64_t offset, std::span<std::byte> into) const;

  /// A number that depends on the seed only.
  std::uint64_t number() const;

private:
  std::uint64_t seed_;
};

}  // namespace modemedic::twin
