#pragma once

#include "base/descriptor.h"
#include "base/error.h"
#include "firmware/source.h"

#include <memory>
#include <stop_token>

namespace modemedic::firmware {

/// A package that lies unpacked in a folder. Links and devices inside are refused, also links that stay inside: no
/// vendor ships one, and what a path means must not depend on anything outside the package. The folder itself may be
/// named through a link.
/// @param folder  open, to read its entries from
Result<std::unique_ptr<Source>> open_folder(Descriptor folder, const std::stop_token& stop);

}  // namespace modemedic::firmware
