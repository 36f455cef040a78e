#pragma once

#include "knowledge/rule_facts.h"
#include "knowledge/rules.h"

#include <string>
#include <string_view>
#include <vector>

namespace modemedic::knowledge {

/// What a rule says of this modem and this package, the gravest last.
enum class Answer {
  allow,    ///< the way is known to be good
  later,    ///< what is missing is asked of the chip before the first erase
  warn,     ///< it may go on, and a person should know
  unknown,  ///< a fact is missing: never taken for good
  stop,
  refuse,
};

/// "allow", "unknown", …: as it stands in JSON.
std::string_view name(Answer answer);

/// A rule that spoke. A rule of which all facts are known and good is silent.
struct Spoken {
  const Rule* rule = nullptr;  ///< of an unknown: the row "unknown"
  Answer answer = Answer::allow;
  std::string what;                    ///< of this modem and this package
  std::vector<std::string> undecided;  ///< of an unknown: ids of the rules that could not be decided

  /// It holds the flash up, unless it is lifted.
  bool holds_up() const { return answer >= Answer::unknown; }

  /// An override that names its rule lifts it.
  bool can_be_lifted() const { return holds_up() && answer != Answer::refuse && rule->needs.empty(); }

  /// The same, with what the person has at hand: "backup".
  bool can_be_lifted_with(std::string_view at_hand) const {
    return can_be_lifted() || (holds_up() && answer != Answer::refuse && rule->needs == at_hand);
  }

  bool operator==(const Spoken&) const = default;
};

/// What all rules say together.
struct Judgement {
  std::vector<Spoken> spoken;       ///< the gravest first, else as the rows stand
  std::vector<std::string> silent;  ///< ids of the rules that compared all they had to, and have nothing against it
  std::string from;                 ///< what the modem runs; empty: not known
  std::string allowed;              ///< what it may take: "EC25EFAR06Axx _20.2xx only"; empty: not known

  /// The gravest answer; allow when no rule spoke, or none but those that wait for the chip.
  Answer verdict() const;
};

/// Asks every rule. Nothing is asked of anybody else: the same facts always get the same answers.
/// @param faults  what was found by others, by the ids of rules
Judgement judge(const Rules& rules, const ModemFacts& modem, const PackageFacts& package,
                const std::vector<Fault>& faults = {});

/// The same where no package is: nothing is compared, only what was found speaks.
Judgement judge_found(const Rules& rules, const std::vector<Fault>& faults);

}  // namespace modemedic::knowledge
