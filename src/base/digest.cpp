#include "base/digest.h"

#include "base/crc32_fold.h"

#include <stdexcept>

#include <openssl/evp.h>

namespace modemedic {

namespace {

const EVP_MD* algorithm(const Md5* /*unused*/) {
  return EVP_md5();
}

const EVP_MD* algorithm(const Sha1* /*unused*/) {
  return EVP_sha1();
}

const EVP_MD* algorithm(const Sha256* /*unused*/) {
  return EVP_sha256();
}

const EVP_MD* algorithm(const Blake2b* /*unused*/) {
  return EVP_blake2b512();
}

constexpr std::array<std::uint32_t, 256> make_table(std::uint32_t polynomial, bool reflected) {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = reflected ? i : i << 24U;
    for (int bit = 0; bit < 8; ++bit) {
      if (reflected) {
        value = (value & 1U) != 0 ? (value >> 1U) ^ polynomial : value >> 1U;
      } else {
        value = (value & 0x80000000U) != 0 ? (value << 1U) ^ polynomial : value << 1U;
      }
    }
    table[i] = value;
  }
  return table;
}

std::uint32_t crc32_by_table(std::uint32_t crc, ByteView bytes) {
  static constexpr auto table = make_table(0xEDB88320, true);
  for (auto byte : bytes) {
    crc = crc >> 8U ^ table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
  }
  return crc;
}

template <typename Digest>
std::optional<Digest> parse_digest(std::string_view text) {
  Digest digest{};
  auto bytes = text.size() == 2 * digest.size() ? from_hex(text) : std::nullopt;
  if (!bytes || bytes->size() != digest.size()) {
    return std::nullopt;
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

}  // namespace

template <typename Digest>
struct Hasher<Digest>::State {
  struct Free {
    void operator()(EVP_MD_CTX* used) const { EVP_MD_CTX_free(used); }
  };

  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};

  void start() {
    if (!context || EVP_DigestInit_ex(context.get(), algorithm(static_cast<Digest*>(nullptr)), nullptr) != 1) {
      throw std::runtime_error("libcrypto has no such digest");  // a broken installation, not a state we can meet
    }
  }
};

template <typename Digest>
Hasher<Digest>::Hasher() : state_(std::make_unique<State>()) {
  state_->start();
}

template <typename Digest>
Hasher<Digest>::~Hasher() = default;
template <typename Digest>
Hasher<Digest>::Hasher(Hasher&&) noexcept = default;
template <typename Digest>
Hasher<Digest>& Hasher<Digest>::operator=(Hasher&&) noexcept = default;

template <typename Digest>
void Hasher<Digest>::update(ByteView bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

template <typename Digest>
Digest Hasher<Digest>::finish() {
  Digest digest{};
  EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  state_->start();
  return digest;
}

template class Hasher<Md5>;
template class Hasher<Sha1>;
template class Hasher<Sha256>;
template class Hasher<Blake2b>;

std::string hex_digits(ByteView digest) {
  auto text = hex(digest);
  std::erase(text, ' ');
  return text;
}

std::optional<Md5> parse_md5(std::string_view text) {
  return parse_digest<Md5>(text);
}

std::optional<Sha256> parse_sha256(std::string_view text) {
  return parse_digest<Sha256>(text);
}

std::uint32_t crc32_mibib(std::uint32_t crc, ByteView bytes) {
  static constexpr auto table = make_table(0x04C11DB7, false);
  for (auto byte : bytes) {
    crc = crc << 8U ^ table[crc >> 24U ^ std::to_integer<std::uint32_t>(byte)];
  }
  return crc;
}

std::uint32_t crc32_ubi(ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  // A firmware's images are tens of megabytes: folding makes several GB/s where the table makes 0.4.
  if (bytes.size() >= 256 && can_fold_crc32()) {
    auto folded = fold_crc32(crc, bytes);
    crc = crc32_by_table(0, folded);
  }
  return crc32_by_table(crc, bytes);
}

}  // namespace modemedic
