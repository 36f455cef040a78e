#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "operation/gate.h"
#include "operation/identify.h"
#include "operation/journal_store.h"
#include "operation/save_efs.h"
#include "operation/save_files.h"
#include "plan/plan.h"
#include "protocol/sahara_host.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::operation {

/// What a flash is proven by, beside the modem's answers after its reset.
enum class Verify {
  boot,  ///< nothing; but whatever was in doubt is read back all the same
  read,  ///< every image is read back and compared
};

struct FlashOptions {
  std::string command = "flash";  ///< what the person asked for: the journal's word
  Verify verify = Verify::boot;
  unsigned programs_tried = 3;       ///< how often an image that was not written well is erased and programmed
  JournalStore* journals = nullptr;  ///< where the job is written down; nullptr: nowhere
  std::string time;                  ///< now, UTC, ISO 8601: journals are named by it
  bool anew = false;                 ///< write everything again, whatever an earlier job has left

  /// Where what is the module's own is saved before the first erase, or before a flash without Firehose leaves the
  /// running modem; empty: it isn't, and no rule that needs a backup can be lifted without one that is named.
  std::filesystem::path backups = {};
};

/// What a flash that ended well can show for it.
struct FlashReport {
  Identity before;  ///< empty when the modem was found in EDL and is not remembered
  Identity after;
  std::optional<protocol::ChipIdentity> chip;  ///< what the boot ROM told, when asked
  plan::ChipReport storage;
  bool chip_asked = false;  ///< for that; a boot loader in fastboot can't be
  std::uint64_t bytes_programmed = 0;
  std::size_t standing = 0;                   ///< images that an earlier job had left whole
  std::vector<std::string> read_back;         ///< partitions whose image was read and compared, byte for byte
  std::vector<std::uint64_t> new_bad_blocks;  ///< that were good before this flash
  std::optional<SavedEfs> saved;              ///< what is the module's own, before the first erase
  std::optional<SavedFiles> saved_files;      ///< of it, before a way on which the chip can't be read
  bool efs_compared = false;                  ///< and was read again before the reset
  std::vector<std::string> efs_changed;       ///< partitions of it that were not the same then
  std::vector<std::string> efs_written_over;  ///< partitions of it that the package has another use for
  Duration data_time{};                       ///< spent with the images' bytes
  Duration whole_time{};
};

/// Walks a proven plan on a modem that the gate let in: switch, upload, configure, ask the chip, erase, program, reset,
/// and prove by AT. A modem in EDL that a journal knows as this very plan's unfinished job is read first, and what
/// stands on it is not sent again.
/// @param admission  of the package that the plan was made for
/// @return the first failure; after the first erase its hint says what state the modem is in and how to go on.
///         Code::not_proven when the data were ACKed but the modem did not show them
Result<FlashReport> flash(usb::Bus& bus, Admission admission, const plan::ProvenPlan& plan, const FlashOptions& options,
                          Events& events, std::stop_token stop);

}  // namespace modemedic::operation
