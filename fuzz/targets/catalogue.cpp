// What the catalogue reads: minisign keys and signatures, and its own entries. The first byte says which.

#include "catalog/entry.h"
#include "catalog/minisign.h"
#include "fuzz_target.h"

using namespace modemedic;

namespace {

void judge(const auto& read) {
  if (!read) {
    fuzz::must_be_told(read.error());
  }
}

void check_entry(std::string_view text) {
  auto entry = catalog::entry_from_json(text);
  judge(entry);
  if (entry) {
    auto written = catalog::to_json(*entry);
    auto again = catalog::entry_from_json(written);
    fuzz::must(again && catalog::to_json(*again) == written, "an entry that was read can be written and read again");
  }
}

}  // namespace

MODEMEDIC_FUZZ(catalogue) {
  if (bytes.empty()) {
    return;
  }
  auto text = as_text(bytes.subspan(1));
  switch (std::to_integer<unsigned>(bytes[0]) % 4) {
    case 0: {
      auto key = catalog::parse_public_key(text);
      judge(key);
      return;
    }
    case 1: {
      auto signature = catalog::parse_signature(text);
      judge(signature);
      if (signature) {
        catalog::PublicKey key;
        key.id = signature->key;
        fuzz::must(!catalog::verify(as_bytes("something"), *signature, key), "nobody signs with a key of zeros");
      }
      return;
    }
    default:
      return check_entry(text);
  }
}
