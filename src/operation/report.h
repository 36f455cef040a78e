#pragma once

#include "operation/ask_modem.h"
#include "operation/journal_store.h"
#include "operation/mask.h"
#include "operation/modem_records.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace modemedic::operation {

/// One file of a report.
struct ReportFile {
  std::string name;  ///< "identity.json"; a path within the report is made of letters, digits, '-', '.' and '/'
  std::string what;  ///< one line on what is in it, for the README
  std::string text;
};

/// What is reported of one modem: who it is, what USB shows of it, and what is remembered of it.
std::vector<ReportFile> report_of(const Found& modem, const Asked& asked,
                                  const std::optional<ModemRecords::Known>& known);

/// The latest journals of jobs, as they stand; those that can't be read are told of.
std::vector<ReportFile> report_of(const JournalStore& journals);

/// What tells whose modem it is, out of all that is known of it.
void hide_identity(const Identity& identity, Mask& mask);

/// Writes one zip to be sent to a vendor or a forum: the files, each masked, and a README.txt that says what is in it
/// and what was masked. It is there as a whole or not at all; a file that exists is not written over.
/// @param made  now, UTC, ISO 8601
/// @return Code::io, Code::permission
Result<void> write_report(const std::filesystem::path& path, const std::vector<ReportFile>& files, const Mask& mask,
                          const std::string& made);

}  // namespace modemedic::operation
