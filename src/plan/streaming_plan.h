#pragma once

#include "plan/plan.h"

#include <array>
#include <string_view>

/// Plans for modems that no Firehose programmer is there for: the 9x15 (EC20), by its boot loader's fastboot, and by
/// download mode where that boot loader is broken or must change (docs/ec20.md).
namespace modemedic::plan {

/// What a 9x15's boot ROM starts: while it is absent or torn the boot ROM waits in download mode by itself.
constexpr std::string_view first_loader_9x15 = "SBL1";

/// What SBL1 starts one after the other. A torn one may leave a modem that shows nothing on USB: none of them is open
/// while SBL1 stands, and so fastboot never writes them.
constexpr std::array<std::string_view, 3> loaders_9x15{"SBL2", "RPM", "APPSBL"};

/// While it is blank the boot loader waits in fastboot by itself.
constexpr std::string_view kernel_9x15 = "boot";

/// All that fastboot renews, the kernel last.
constexpr std::array<std::string_view, 8> firmware_9x15{"system", "userdata", "recoveryfs", "dsp1",
                                                        "dsp2",   "dsp3",     "recovery",   kernel_9x15};

/// Whose part a partition of a 9x15 is: never both, and neither for the table or for EFS.
bool fastboot_may_write(std::string_view partition);
bool streaming_may_write(std::string_view partition);

/// Code::refused (rule method) where the package can't go onto a modem by this method; Code::package_bad.
Result<Plan> make_streaming_plan(const firmware::Package& package, Method method);

/// Shows that each image that the method writes is written once, by who may write it; that nothing else is; that a cut
/// at any step leaves a modem that waits in download mode or in fastboot, or starts; that no frame is needed which
/// erases the chip; and that a step which might tells it.
Result<void> prove_streaming_plan(const Plan& plan, const firmware::Package& package);

}  // namespace modemedic::plan
