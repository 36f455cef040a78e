#include "base/digest.h"

#include <random>

#include <gtest/gtest.h>

namespace modemedic {
namespace {

/// From the CRC's definition, bit by bit.
std::uint32_t by_definition(ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (auto byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1U) != 0 ? crc >> 1U ^ 0xEDB88320U : crc >> 1U;
    }
  }
  return crc;
}

TEST(CrcUbi, IsCrc32WithoutTheFinalXor) {
  EXPECT_EQ(crc32_ubi(as_bytes("123456789")), ~0xCBF43926U);  // the catalogue's check value of CRC-32
  EXPECT_EQ(crc32_ubi({}), 0xFFFFFFFFU);
}

TEST(CrcUbi, FollowsItsDefinitionAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  Buffer bytes(3000);
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(random());
  }
  for (std::size_t size = 0; size < 700; ++size) {
    auto at = random() % 64;
    EXPECT_EQ(crc32_ubi(ByteView(bytes).subspan(at, size)), by_definition(ByteView(bytes).subspan(at, size))) << size;
  }
  EXPECT_EQ(crc32_ubi(bytes), by_definition(bytes));
}

TEST(CrcMibib, HasThePublishedCheckValue) {
  // CRC-32 with polynomial 04C11DB7, not reflected, initial 0, no final xor is the one of POSIX cksum before the length
  // and the inversion: its check value in the catalogue (CRC-32/CKSUM) is ~ of this.
  EXPECT_EQ(crc32_mibib(0, as_bytes("123456789")), ~0x765E7680U);
}

}  // namespace
}  // namespace modemedic
