#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "operation/gate.h"
#include "operation/identify.h"
#include "operation/journal_store.h"
#include "plan/plan.h"

#include <cstdint>
#include <stop_token>
#include <string>

namespace modemedic::operation {

struct DryRunOptions {
  JournalStore* journals = nullptr;  ///< where the job is written down; nullptr: nowhere
  std::string time;                  ///< now, UTC, ISO 8601
};

/// What a dress rehearsal that ended well can show for it.
struct DryRunReport {
  Identity before;  ///< empty when the modem was found in EDL and is not remembered
  Identity after;   ///< empty likewise: it was left in EDL, as it was found
  plan::ChipReport storage;
  Sectors probe;                 ///< a page that was blank, was programmed, and is blank still
  std::uint64_t bytes_sent = 0;  ///< of images
  Duration data_time{};
  Duration whole_time{};
};

/// A dress rehearsal on the real modem: everything that a flash does but writing. It goes to EDL, uploads the
/// programmer, has it skip all writes (SkipWrite="1": what is sent is taken and acknowledged), pushes every image of
/// the plan at full speed, and resets the modem. Nothing is erased: no erase is sent.
///
/// Only a 9x07 programmer is known to honour that, and even that one is not believed: a blank page is read, programmed
/// and read again first. It is the last of a blank block behind the image of a partition that the plan writes anyway,
/// so that a programmer which writes all the same has done no harm.
/// @return Code::refused (rule dry-run) when this programmer isn't known to skip writes, or the chip has no such page;
///         Code::device_refused when it does not skip them; otherwise as flash()
Result<DryRunReport> dry_run(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan,
                             const DryRunOptions& options, Events& events, std::stop_token stop);

}  // namespace modemedic::operation
