#pragma once

#include "knowledge/symptoms.h"
#include "operation/ask_modem.h"
#include "operation/journal_store.h"
#include "operation/modem_records.h"
#include "usb/kernel_log.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::operation {

/// What a doctor found out of one modem, or of the lack of one.
struct Consultation {
  std::optional<Found> found;                ///< nothing: no modem is in sight
  Asked asked;                               ///< what it said of itself
  std::optional<ModemRecords::Known> known;  ///< what was remembered of it before
  knowledge::Facts facts;                    ///< what that comes to
  std::vector<std::string> evidence;         ///< line by line, for a person; hostile texts are printable already
  std::map<std::string, std::string, std::less<>> words;  ///< what the rows' placeholders stand for
  knowledge::Diagnosis diagnosis;
};

/// What is known besides what the modem says, and how long is looked.
struct ConsultOptions {
  std::string selector;                         ///< as find_modem(); empty: all that are in sight
  JournalStore* journals = nullptr;             ///< of flashes that went before
  ModemRecords* records = nullptr;              ///< of what was seen before
  std::filesystem::path backups;                ///< folder of what flashes saved; empty: none is looked for
  usb::KernelLog kernel;                        ///< of this machine's own USB
  std::string time;                             ///< now, UTC, ISO 8601
  Duration patience = std::chrono::seconds(5);  ///< for the answers of a modem
  Duration watch = std::chrono::seconds(20);    ///< how long one that is away, or silent, is watched
};

/// Examines each modem in sight, also those that must be left alone; when none is, waits for one a while. Changes
/// nothing on any of them, and is quick with those that answer.
/// @return at least one consultation; Code::no_modem and Code::several_modems only for a selector; Code::interrupted;
///         errors of the bus itself
Result<std::vector<Consultation>> consult(usb::Bus& bus, const ConsultOptions& options, Events& events,
                                          const std::stop_token& stop);

}  // namespace modemedic::operation
