#pragma once

#include "operation/flash.h"

namespace modemedic::operation {

/// flash() for plans that go by fastboot, or by download mode and fastboot (docs/ec20.md). The modem is taken where it
/// is: running, in fastboot, in download mode, with a streaming loader running already.
Result<FlashReport> flash_without_firehose(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan,
                                           const FlashOptions& options, Events& events, std::stop_token stop);

}  // namespace modemedic::operation
