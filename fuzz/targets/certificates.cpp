// The certificates of a signed image.

#include "firmware/certificate_chain.h"
#include "fuzz_target.h"

using namespace modemedic;
using namespace modemedic::firmware;

MODEMEDIC_FUZZ(certificates) {
  auto signing = read_certificate_chain(bytes);
  fuzz::must((signing.state == Signing::State::is_signed) == (signing.certificates > 0), "a chain has certificates");
  fuzz::must(printable(signing.signer, 10'000) == signing.signer, "a name can be printed");
  auto found = find_certificate_chain(bytes);
  fuzz::must(found.empty() || (found.data() >= bytes.data() && found.size() <= bytes.size()), "what is found is there");
}
