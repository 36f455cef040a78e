#pragma once

#include "app/grammar.h"
#include "knowledge/rule_facts.h"

#include <string>
#include <vector>

namespace modemedic::app {

/// Which modem is meant: the one in sight, or one that the person describes.
struct PatientOptions {
  std::string revision;  ///< of a modem that is not there; empty: the one in sight
  std::string geometry;
};

/// What the rules may know of it.
struct Patient {
  knowledge::ModemFacts facts;
  std::vector<knowledge::Fault> faults;
};

/// Adds --revision and --geometry to a command.
void add_patient_options(CLI::App& command, PatientOptions& options);

/// Asks the modem in sight who it is, or takes the person's word. Says which one it is.
/// @return Code::usage; what keeps a modem from being found or asked
Result<Patient> look_at_patient(const GlobalOptions& global, const PatientOptions& options, Output& output);

}  // namespace modemedic::app
