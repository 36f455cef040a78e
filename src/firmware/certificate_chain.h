#pragma once

#include "base/bytes.h"
#include "firmware/signing.h"

namespace modemedic::firmware {

/// Reads the X.509 certificates (DER) that follow each other at the start of `bytes`, the one that signed the image
/// first, the root last. What follows them is padding.
/// @return not_signed when there is nothing but padding, not_understood when the first bytes are no certificate
Signing read_certificate_chain(ByteView bytes);

/// The first place in `bytes` where a certificate seems to begin, and what follows; empty when there is none.
ByteView find_certificate_chain(ByteView bytes);

}  // namespace modemedic::firmware
