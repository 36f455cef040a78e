#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "operation/find_modem.h"
#include "operation/identify.h"
#include "operation/journal_store.h"
#include "plan/plan.h"
#include "protocol/sahara_host.h"

#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace modemedic::operation {

struct FlashOptions {
  std::set<std::string> overrides;   ///< rules of severity stop that the person lifts, by id
  unsigned programs_tried = 3;       ///< how often an image that was not written well is erased and programmed
  JournalStore* journals = nullptr;  ///< where the job is written down; nullptr: nowhere
  std::string time;                  ///< now, UTC, ISO 8601: journals are named by it
  bool anew = false;                 ///< write everything again, whatever an earlier job has left
  ModemRecords* records = nullptr;   ///< what is remembered of modems; nullptr: nothing
};

/// What a flash that ended well can show for it.
struct FlashReport {
  Identity before;  ///< empty when the modem was found in EDL and is not remembered
  Identity after;
  std::optional<protocol::ChipIdentity> chip;  ///< what the boot ROM told, when asked
  plan::ChipReport storage;
  std::uint64_t bytes_programmed = 0;
  std::size_t standing = 0;  ///< images that an earlier job had left whole
  Duration data_time{};      ///< spent with the images' bytes
  Duration whole_time{};
};

/// May this modem take this package at all? Order code and memory must be equal; another baseline and an unknown
/// identity are stops.
/// @param identity  nullptr when the modem can't be asked (EDL) and is not remembered by its chip's serial
/// @return Code::refused with the rule
Result<void> check_fit(const Identity* identity, const firmware::Package& package, const FlashOptions& options);

/// Walks a proven plan on a modem that runs or waits in EDL: identify, switch, upload, configure, ask the chip, erase,
/// program, reset, and prove by AT. Nothing is sent before check_fit() has spoken. A modem in EDL that a journal knows
/// as this very plan's unfinished job is read first, and what stands on it is not sent again.
/// @return the first failure; after the first erase its hint says what state the modem is in and how to go on.
///         Code::not_proven when the data were ACKed but the modem did not show them
Result<FlashReport> flash(usb::Bus& bus, const Found& modem, const firmware::Package& package,
                          const plan::ProvenPlan& plan, const FlashOptions& options, Events& events,
                          std::stop_token stop);

}  // namespace modemedic::operation
