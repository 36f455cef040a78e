#include "virtual/signing_authority.h"

#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace modemedic::twin {

namespace {

template <typename T, void (*release)(T*)>
struct Release {
  void operator()(T* object) const { release(object); }
};

using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION, X509_EXTENSION_free>>;

// 2015-01-01 to 2035-01-01: a boot ROM has no clock, and every run makes the same bytes.
constexpr std::time_t valid_from = 1'420'070'400;
constexpr std::time_t valid_until = 2'051'222'400;

Failure failed() {
  return fail(Code::bug).what("libcrypto did not make a certificate");
}

Key make_key(const std::string& text) {
  auto seed = digest<Sha256>(as_bytes(text));
  return Key(::EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                            reinterpret_cast<const unsigned char*>(seed.data()), seed.size()));
}

struct Subject {
  std::string common_name;
  std::vector<std::string> units;
};

bool add_name(X509_NAME* name, const Subject& subject, const std::string& organisation) {
  auto add = [&](const char* field, const std::string& value) {
    return ::X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(value.data()),
                                        static_cast<int>(value.size()), -1, 0) == 1;
  };
  bool done = add("O", organisation);
  for (const auto& unit : subject.units) {
    done = done && add("OU", unit);
  }
  return done && add("CN", subject.common_name);
}

bool mark_authority(X509* certificate) {
  Extension extension(::X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"));
  return extension && ::X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// @param issuer  nullptr: signs itself
Certificate make_certificate(const Subject& subject, const std::string& organisation, EVP_PKEY* key, const X509* issuer,
                             EVP_PKEY* issuer_key, bool is_authority) {
  Certificate certificate(::X509_new());
  auto* made = certificate.get();
  bool done = made != nullptr && ::X509_set_version(made, 2) == 1 &&
              ::ASN1_INTEGER_set(::X509_get_serialNumber(made), 1) == 1 &&
              ::ASN1_TIME_set(::X509_getm_notBefore(made), valid_from) != nullptr &&
              ::ASN1_TIME_set(::X509_getm_notAfter(made), valid_until) != nullptr &&
              ::X509_set_pubkey(made, key) == 1 && add_name(::X509_get_subject_name(made), subject, organisation) &&
              ::X509_set_issuer_name(made, ::X509_get_subject_name(issuer == nullptr ? made : issuer)) == 1 &&
              (!is_authority || mark_authority(made)) && ::X509_sign(made, issuer_key, nullptr) > 0;
  return done ? std::move(certificate) : nullptr;
}

Buffer to_der(X509* certificate) {
  unsigned char* der = nullptr;
  auto size = ::i2d_X509(certificate, &der);
  std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(der, [](unsigned char* p) { OPENSSL_free(p); });
  if (size <= 0) {
    return {};
  }
  auto view = std::as_bytes(std::span(der, static_cast<std::size_t>(size)));
  return {view.begin(), view.end()};
}

Buffer sign_bytes(EVP_PKEY* key, ByteView bytes) {
  DigestContext context(::EVP_MD_CTX_new());
  Buffer signature(64);
  auto size = signature.size();
  bool done = context && ::EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
              ::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                               reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
  return done ? signature : Buffer{};
}

struct Root {
  Key key;
  Certificate certificate;
};

Root make_root(const std::string& name) {
  Root root{make_key(name + " root"), nullptr};
  if (root.key) {
    root.certificate = make_certificate({name + " Root CA 1", {}}, name, root.key.get(), nullptr, root.key.get(), true);
  }
  return root;
}

}  // namespace

Result<firmware::MbnSignature> SigningAuthority::sign(ByteView image, std::uint64_t software_id,
                                                      const SignedFor& modem) const {
  auto root = make_root(name_);
  auto issuer_key = make_key(name_ + " attestation");
  auto image_key = make_key(name_ + " image");
  if (!root.certificate || !issuer_key || !image_key) {
    return failed();
  }
  auto issuer = make_certificate({name_ + " Attestation CA", {}}, name_, issuer_key.get(), root.certificate.get(),
                                 root.key.get(), true);
  Subject subject{name_ + " Image Signer",
                  {"07 0001 SHA256", fmt::format("06 {:04X} MODEL_ID", modem.model_id),
                   fmt::format("05 {:08X} SW_SIZE", image.size()), fmt::format("04 {:04X} OEM_ID", modem.oem_id),
                   "03 0000000000000002 DEBUG", fmt::format("02 {:016X} HW_ID", modem.hardware_id),
                   fmt::format("01 {:016X} SW_ID", software_id)}};
  auto own =
      issuer ? make_certificate(subject, name_, image_key.get(), issuer.get(), issuer_key.get(), false) : nullptr;
  if (!own) {
    return failed();
  }
  firmware::MbnSignature signature{sign_bytes(image_key.get(), image), {}};
  for (auto* certificate : {own.get(), issuer.get(), root.certificate.get()}) {
    auto der = to_der(certificate);
    signature.certificates.insert(signature.certificates.end(), der.begin(), der.end());
  }
  return signature;
}

Result<Sha256> SigningAuthority::root_hash() const {
  auto root = make_root(name_);
  if (!root.certificate) {
    return failed();
  }
  return digest<Sha256>(to_der(root.certificate.get()));
}

}  // namespace modemedic::twin
