#pragma once

#include "knowledge/rule_facts.h"
#include "knowledge/rules.h"

#include <string>
#include <vector>

namespace modemedic::knowledge {

/// Something that could not be found out.
struct Missing {
  std::string what;      ///< a sentence: "the modem did not tell its revision"
  bool of_chip = false;  ///< the chip itself can be asked for it
};

/// Does a rule speak? Yes, no, or that cannot be said.
struct Outcome {
  enum class Speaks { no, yes, unknown };
  Speaks speaks = Speaks::no;
  std::string modem;             ///< what it says of the modem: "EC25EFA", "R06", "p2K_b128K"
  std::string package;           ///< and of the package
  std::vector<Missing> missing;  ///< why it is unknown

  static Outcome no() { return {}; }

  static Outcome unknown(std::vector<Missing> missing) { return {Speaks::unknown, {}, {}, std::move(missing)}; }
};

/// Looks at what this rule compares. Rule::Kind::found never speaks here.
Outcome test(const Rule& rule, const Rules& rules, const ModemFacts& modem, const PackageFacts& package);

/// Is it a modem that this pattern is for? Only a certain yes counts.
bool is_from(const Rule& rule, const firmware::Revision& modem);

/// The first field of a sub-version: "20"; empty when this name is known to have none.
/// @return nothing when it was told without its sub-version
std::optional<std::string> channel_of(const firmware::Revision& revision, const Rules& rules);

}  // namespace modemedic::knowledge
