#pragma once

#include "catalog/entry.h"
#include "knowledge/judge.h"

#include <vector>

namespace modemedic::catalog {

/// A package of the catalogue, and what the rules say of it for a certain modem.
struct Judged {
  const Entry* entry = nullptr;
  knowledge::Judgement judgement;

  /// Nothing holds it up.
  bool allowed() const;
};

/// Lets the rules speak of each package for a modem, without opening one. Those that may go on it come first; among
/// them, and among the others, the newer firmware.
/// @param entries  must outlive what is returned
/// @param faults   what was found against the modem
std::vector<Judged> judge_entries(const std::vector<Entry>& entries, const knowledge::ModemFacts& modem,
                                  const std::vector<knowledge::Fault>& faults, const knowledge::Rules& rules);

/// Is this firmware newer than that one, of the same order code? By baseline, then release, then the numbers of the
/// sub-version, from the left. Nothing is newer than what can't be compared with it.
bool is_newer(const firmware::Revision& revision, const firmware::Revision& than);

}  // namespace modemedic::catalog
