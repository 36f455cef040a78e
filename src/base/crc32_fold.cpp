#include "base/crc32_fold.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace modemedic {

#if defined(__x86_64__)

namespace {

// Powers of x modulo the polynomial, bit-reflected: what a lane is multiplied with to move it on by 64 or 16 bytes.
constexpr long long over_64_low = 0x154442BD4;
constexpr long long over_64_high = 0x1C6E41596;
constexpr long long over_16_low = 0x1751997D0;
constexpr long long over_16_high = 0x0CCAA009E;

__m128i read_lane(ByteView bytes, std::size_t lane) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data()) + lane);
}

__attribute__((target("pclmul"))) __m128i move_on(__m128i lane, __m128i by, __m128i next) {
  auto low = _mm_clmulepi64_si128(lane, by, 0x00);
  auto high = _mm_clmulepi64_si128(lane, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

}  // namespace

bool can_fold_crc32() {
  static const bool can = __builtin_cpu_supports("pclmul") != 0;
  return can;
}

__attribute__((target("pclmul"))) std::array<std::byte, 16> fold_crc32(std::uint32_t crc, ByteView& bytes) {
  __m128i lanes[4] = {_mm_xor_si128(read_lane(bytes, 0), _mm_cvtsi32_si128(static_cast<int>(crc))), read_lane(bytes, 1),
                      read_lane(bytes, 2), read_lane(bytes, 3)};
  auto by = _mm_set_epi64x(over_64_high, over_64_low);
  for (bytes = bytes.subspan(64); bytes.size() >= 64; bytes = bytes.subspan(64)) {
    for (std::size_t i = 0; i < 4; ++i) {
      lanes[i] = move_on(lanes[i], by, read_lane(bytes, i));
    }
  }
  by = _mm_set_epi64x(over_16_high, over_16_low);
  auto all = lanes[0];
  for (std::size_t i = 1; i < 4; ++i) {
    all = move_on(all, by, lanes[i]);
  }
  std::array<std::byte, 16> folded;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(folded.data()), all);
  return folded;
}

#else

bool can_fold_crc32() {
  return false;
}

std::array<std::byte, 16> fold_crc32(std::uint32_t /*crc*/, ByteView& /*bytes*/) {
  return {};
}

#endif

}  // namespace modemedic
