#pragma once

#include "plan/plan.h"

#include <string>
#include <string_view>
#include <vector>

/// Plans for the ways without a Firehose programmer: by the boot loader's fastboot, and by download mode with a
/// streaming loader. The 9x15 (EC20) has no other; a 9x07 may go them when a person asks (docs/ec20.md).
namespace modemedic::plan {

/// What a modem's start needs, in the names of its package.
struct BootChain {
  /// What the boot ROM starts. While it is absent or torn, the boot ROM waits in download mode (9x15) or EDL by itself.
  std::string first;
  /// What that starts one after the other. A torn one may leave a modem that shows nothing on USB: none of them is open
  /// while `first` stands, and so fastboot never writes them.
  std::vector<std::string> loaders;
  std::string kernel;                 ///< while it is blank the boot loader waits in fastboot by itself
  std::vector<std::string> firmware;  ///< all that the boot loader starts, the kernel last

  bool fastboot_may_write(std::string_view partition) const;

  /// @param chip  of a 9x15 only the boot loader is streamed: page failures end its loader's work
  bool streaming_may_write(std::string_view partition, std::string_view chip) const;
};

/// @return Code::refused (rule method or partition), Code::package_bad where the package can't go onto a modem so
Result<BootChain> boot_chain_of(const firmware::Package& package, Method method);

/// Whether fastboot may write a partition of a 9x15.
bool fastboot_may_write_9x15(std::string_view partition);

/// Code::refused (rule method) where the package can't go onto a modem by this method; Code::package_bad.
Result<Plan> make_streaming_plan(const firmware::Package& package, Method method);

/// Shows that each image that the method writes is written once, by who may write it; that nothing else is; that a cut
/// at any step leaves a modem that waits in download mode, EDL or fastboot, or starts; that no frame is needed which
/// erases the chip; and that a step which might tells it.
Result<void> prove_streaming_plan(const Plan& plan, const firmware::Package& package);

}  // namespace modemedic::plan
