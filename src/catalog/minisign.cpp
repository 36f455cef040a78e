#include "catalog/minisign.h"

#include "base/digest.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace modemedic::catalog {

namespace {

constexpr std::size_t longest_text = 8192;
constexpr std::string_view untrusted = "untrusted comment: ";
constexpr std::string_view trusted = "trusted comment: ";

Failure no_key() {
  return fail(Code::usage)
      .what("this is no minisign public key")
      .hint("name the .pub file that the signer gives away, as `minisign -G` makes it");
}

Failure no_signature() {
  return fail(Code::usage)
      .what("this is no minisign signature, or it is cut short")
      .hint("it must be the whole .minisig file that belongs to the list");
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (!line.empty()) {
      lines.push_back(line);
    }
  }
  return lines;
}

/// Base64 of exactly `size` bytes. libcrypto forgives blanks, missing padding and bits that nothing stands for; a text
/// that does not come out again as it went in is not taken.
std::optional<Buffer> decode_base64(std::string_view text, std::size_t size) {
  auto groups = (size + 2) / 3;
  if (text.size() != groups * 4) {
    return std::nullopt;
  }
  Buffer bytes(groups * 3);
  auto* raw = reinterpret_cast<unsigned char*>(bytes.data());
  if (EVP_DecodeBlock(raw, reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  std::string again(text.size() + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(again.data()), raw, static_cast<int>(size));
  again.pop_back();
  return again == text ? std::optional(std::move(bytes)) : std::nullopt;
}

template <std::size_t size>
void take(ByteView& bytes, std::array<std::byte, size>& into) {
  std::copy_n(bytes.begin(), size, into.begin());
  bytes = bytes.subspan(size);
}

const unsigned char* raw(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

bool signed_by(const PublicKey& key, ByteView message, ByteView signature) {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(key.key), key.key.size()), &EVP_PKEY_free);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return public_key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1;
}

}  // namespace

std::string describe(const KeyId& id) {
  Buffer reversed(id.rbegin(), id.rend());
  auto text = hex_digits(reversed);
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'f' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return text;
}

Result<PublicKey> parse_public_key(std::string_view text) {
  auto lines = lines_of(text.substr(0, longest_text));
  PublicKey key;
  if (!lines.empty() && lines.front().starts_with(untrusted)) {
    key.comment = lines.front().substr(untrusted.size());
    lines.erase(lines.begin());
  }
  auto bytes = lines.size() == 1 ? decode_base64(lines.front(), 2 + key.id.size() + key.key.size()) : std::nullopt;
  if (!bytes || as_text(ByteView(*bytes).first(2)) != "Ed") {
    return no_key();
  }
  auto rest = ByteView(*bytes).subspan(2);
  take(rest, key.id);
  take(rest, key.key);
  return key;
}

Result<Signature> parse_signature(std::string_view text) {
  auto lines = lines_of(text.substr(0, longest_text));
  if (text.size() > longest_text || lines.size() != 4 || !lines[0].starts_with(untrusted) ||
      !lines[2].starts_with(trusted)) {
    return no_signature();
  }
  Signature signature;
  auto bytes = decode_base64(lines[1], 2 + signature.key.size() + signature.signature.size());
  auto over_comment = decode_base64(lines[3], signature.over_comment.size());
  if (!bytes || !over_comment) {
    return no_signature();
  }
  auto algorithm = as_text(ByteView(*bytes).first(2));
  if (algorithm != "Ed" && algorithm != "ED") {
    return no_signature();
  }
  signature.algorithm = algorithm == "Ed" ? Signature::Algorithm::ed25519 : Signature::Algorithm::ed25519_blake2b;
  auto rest = ByteView(*bytes).subspan(2);
  take(rest, signature.key);
  take(rest, signature.signature);
  signature.trusted_comment = lines[2].substr(trusted.size());
  ByteView comment(*over_comment);
  take(comment, signature.over_comment);
  return signature;
}

Result<void> verify(ByteView file, const Signature& signature, const PublicKey& key) {
  if (signature.key != key.id) {
    return fail(Code::refused)
        .what(fmt::format("it is signed with the key {}, not with {}", describe(signature.key), describe(key.id)))
        .hint("get the list and its signature from whom you trust");
  }
  auto hashed = signature.algorithm == Signature::Algorithm::ed25519_blake2b;
  auto digest_of_file = hashed ? digest<Blake2b>(file) : Blake2b{};
  if (!signed_by(key, hashed ? ByteView(digest_of_file) : file, signature.signature)) {
    return fail(Code::refused)
        .what("the signature is not of these bytes: the list was changed, or it belongs to another")
        .hint("get the list and its signature anew from whom you trust");
  }
  Buffer commented(signature.signature.begin(), signature.signature.end());
  auto comment = as_bytes(signature.trusted_comment);
  commented.insert(commented.end(), comment.begin(), comment.end());
  if (!signed_by(key, commented, signature.over_comment)) {
    return fail(Code::refused)
        .what("what the signer says of the list was changed")
        .hint("get the list and its signature anew from whom you trust");
  }
  return {};
}

}  // namespace modemedic::catalog
