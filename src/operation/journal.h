#pragma once

#include "base/clock.h"
#include "base/events.h"
#include "operation/identify.h"
#include "operation/journal_store.h"
#include "plan/plan.h"
#include "protocol/sahara_host.h"

#include <filesystem>
#include <memory>
#include <string>

namespace modemedic::operation {

/// A chip's serial as journals write it: eight hex digits, empty when it was not told.
std::string serial_text(const protocol::ChipIdentity& chip);

/// What is known of a job before it begins.
struct JobStart {
  std::string command;      ///< "flash", "rescue"
  std::string time;         ///< UTC, ISO 8601: "2026-11-21T09:30:00Z"; journals are named by it
  std::string port;         ///< the modem's
  std::string package;      ///< its path, absolute
  std::string target = {};  ///< the revision that the package makes of a modem; empty when it doesn't say
  std::string plan;         ///< plan::digest_of()
};

/// The journal of one job: JSON lines in a file that only grows, each of them safe on disk before the work goes on. A
/// job that was cut is found by it, and it says where to look on the chip; it never proves what is there.
///
/// What can't be written stops no flash: that is said once, and the job is without a journal from there on.
class Journal {
public:
  /// @param store  nullptr: nothing is kept, and nothing is said of it
  Journal(JournalStore* store, const JobStart& start, const Clock& clock, Events& events);

  /// Who the modem said it is, before the flash.
  void identity(const Identity& identity);

  /// What the boot ROM told of the chip.
  void chip(const protocol::ChipIdentity& chip);

  /// A rule that the person lifted.
  void lifted(const std::string& rule);

  /// Where the copy lies that was made of what is the module's own.
  void saved(const std::filesystem::path& file);

  void begun(const plan::Step& step);
  void done(const plan::Step& step);

  /// Images that were read back and compared.
  void read_back(const std::vector<std::string>& partitions);

  /// How the job ended; the last line. A job without one was cut.
  void verdict(const Result<void>& result);

private:
  void write_step(const char* event, const plan::Step& step);
  void write(const std::string& line);

  const Clock& clock_;
  Events& events_;
  TimePoint started_;
  std::unique_ptr<JournalFile> file_;
};

}  // namespace modemedic::operation
