#include "firmware/certificate_chain.h"

#include "firmware/number_text.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <openssl/err.h>
#include <openssl/x509.h>

namespace modemedic::firmware {

namespace {

constexpr unsigned most_certificates = 20;  // a signing certificate, its issuer, and up to 16 roots
constexpr std::size_t largest_chain = 64_KiB;
constexpr std::size_t longest_name = 64;
constexpr std::size_t der_header = 4;  // 30 82 and a big-endian length

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

using Certificate = std::unique_ptr<X509, Free>;

/// Bytes of the DER sequence at the start of `bytes`, 0 when there is none that is all there. Every certificate is
/// longer than 255 bytes and shorter than 64 KiB, so its length has two bytes.
std::size_t sequence_size(ByteView bytes) {
  if (bytes.size() < der_header || bytes[0] != std::byte{0x30} || bytes[1] != std::byte{0x82}) {
    return 0;
  }
  auto size = der_header + load<std::uint16_t>(bytes.data() + 2, Endian::big);
  return size <= bytes.size() ? size : 0;
}

Certificate parse(ByteView der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  Certificate certificate(::d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ::ERR_clear_error();
  return at == end ? std::move(certificate) : nullptr;
}

std::string text_of(const X509_NAME_ENTRY* entry) {
  const auto* value = ::X509_NAME_ENTRY_get_data(entry);
  return {reinterpret_cast<const char*>(::ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(::ASN1_STRING_length(value))};
}

std::string common_name(const X509* certificate) {
  const auto* subject = ::X509_get_subject_name(certificate);
  auto index = ::X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return index < 0 ? std::string{} : printable(text_of(::X509_NAME_get_entry(subject, index)), longest_name);
}

/// The first certificate says in organisational units what its image is for: "04 0000 OEM_ID", "02 009070E100000000
/// HW_ID": a number, the value in hex digits, the name.
void read_unit(std::string_view unit, Signing& signing) {
  auto first = unit.find(' ');
  auto last = unit.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return;
  }
  auto digits = std::string(unit.substr(first + 1, last - first - 1));
  auto value = digits.size() <= 16 ? number_of("0x" + digits) : std::nullopt;
  auto name = unit.substr(last + 1);
  if (!value) {
    return;
  }
  if (name == "HW_ID") {
    signing.hardware_id = value;
  } else if (name == "SW_ID") {
    signing.software_id = value;
  } else if (name == "OEM_ID" && digits.size() <= 8) {
    signing.oem_id = static_cast<std::uint32_t>(*value);
  } else if (name == "MODEL_ID" && digits.size() <= 8) {
    signing.model_id = static_cast<std::uint32_t>(*value);
  }
}

void read_units(const X509* certificate, Signing& signing) {
  const auto* subject = ::X509_get_subject_name(certificate);
  for (int i = -1; (i = ::X509_NAME_get_index_by_NID(subject, NID_organizationalUnitName, i)) >= 0;) {
    read_unit(text_of(::X509_NAME_get_entry(subject, i)), signing);
  }
}

bool padding(ByteView bytes) {
  return bytes.empty() || ((bytes[0] == std::byte{0} || bytes[0] == std::byte{0xFF}) &&
                           std::ranges::all_of(bytes, [&](std::byte byte) { return byte == bytes[0]; }));
}

}  // namespace

Signing read_certificate_chain(ByteView bytes) {
  Signing signing;
  if (padding(bytes)) {
    return signing;
  }
  bytes = bytes.first(std::min(bytes.size(), largest_chain));
  while (signing.certificates < most_certificates) {
    auto der = bytes.first(sequence_size(bytes));
    auto certificate = der.empty() ? nullptr : parse(der);
    if (!certificate) {
      break;
    }
    if (signing.certificates == 0) {
      signing.signer = common_name(certificate.get());
      read_units(certificate.get(), signing);
    }
    signing.root = common_name(certificate.get());
    signing.root_hash = digest<Sha256>(der);
    ++signing.certificates;
    bytes = bytes.subspan(der.size());
  }
  signing.state = signing.certificates > 0 ? Signing::State::is_signed : Signing::State::not_understood;
  return signing;
}

ByteView find_certificate_chain(ByteView bytes) {
  constexpr std::byte start[] = {std::byte{0x30}, std::byte{0x82}};
  for (auto rest = bytes; !rest.empty();) {
    auto found = std::search(rest.begin(), rest.end(), std::begin(start), std::end(start));
    rest = rest.subspan(static_cast<std::size_t>(found - rest.begin()));
    // A certificate holds at once another sequence, what is signed.
    auto size = sequence_size(rest);
    if (size > 2 * der_header && sequence_size(rest.subspan(der_header, size - der_header)) != 0) {
      return rest;
    }
    rest = rest.subspan(std::min<std::size_t>(rest.size(), 1));
  }
  return {};
}

}  // namespace modemedic::firmware
