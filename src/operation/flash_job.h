#pragma once

#include "firmware/package.h"
#include "operation/flash.h"
#include "operation/journal.h"

#include <set>
#include <string>

namespace modemedic::operation {

/// How much of the package the plan's steps send to the chip, in whatever way.
std::uint64_t bytes_to_write(const plan::Plan& plan, const firmware::Package& package);

/// What is written down of a flash, whatever its way: the journal while it goes on, the modem's record at its end.
class FlashJob {
public:
  FlashJob(const Admission& admission, const plan::Plan& plan, const FlashOptions& options, const Clock& clock,
           Events& events);

  Journal& journal() { return journal_; }

  void note_lifted(const std::set<std::string>& rules);

  /// Ends both.
  /// @param modem   as it was last seen
  /// @param report  of what is known of it, whether it ended well or not
  void end(const Result<void>& walked, const Found& modem, const FlashReport& report);

private:
  const Admission& admission_;
  const FlashOptions& options_;
  Journal journal_;
};

}  // namespace modemedic::operation
