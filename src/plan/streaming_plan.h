#pragma once

#include "plan/plan.h"

#include <string_view>

/// Plans for modems that no Firehose programmer is there for: the 9x15 (EC20), by its boot loader's fastboot, and by
/// download mode where that boot loader is broken or must change (docs/ec20.md).
namespace modemedic::plan {

/// Who may write a partition of a 9x15: never the one for the other's, and neither for the table or for EFS.
bool fastboot_may_write(std::string_view partition);
bool streaming_may_write(std::string_view partition);

/// Code::refused (rule method) where the package can't go onto a modem by this method; Code::package_bad.
Result<Plan> make_streaming_plan(const firmware::Package& package, Method method);

/// Shows that each image that the method writes is written once, by who may write it; that nothing else is; that the
/// boot loader's own parts come when all else is whole, so that until then fastboot comes up at every power-on; that
/// no frame is needed which erases the chip; and that a step which might tells it.
Result<void> prove_streaming_plan(const Plan& plan, const firmware::Package& package);

}  // namespace modemedic::plan
