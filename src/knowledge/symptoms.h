#pragma once

#include "base/error.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modemedic::knowledge {

/// What was found out of a modem, or of the lack of one, each as one word: {"state", "running"}, {"at", "silent"}.
/// Which facts there are and which words they take is a closed list (fact_words()); a fact that is missing was not
/// found out.
using Facts = std::map<std::string, std::string, std::less<>>;

/// Every fact with the words that it may take.
const std::map<std::string, std::vector<std::string>, std::less<>>& fact_words();

enum class SymptomSeverity {
  healthy,  ///< nothing has to be done
  act,      ///< something has to be done
  unclear,  ///< nobody can tell from here
};

/// A row of data/symptoms.toml: what facts mean, and what a person does about it. The texts hold placeholders in
/// braces ({port}, {package}, …), which say what the facts were about.
struct Symptom {
  std::string id;
  SymptomSeverity severity = SymptomSeverity::act;
  std::map<std::string, std::vector<std::string>, std::less<>> when;  ///< for each fact the words it may have
  bool beside = false;     ///< is told beside the verdict, too, when an earlier row speaks
  std::string instead_of;  ///< the row that is silent when this one speaks; empty: none
  std::string verdict;
  std::string why;
  std::vector<std::string> todo;
  std::vector<std::string> dont;
};

/// The verdict, and what is wrong besides.
struct Diagnosis {
  const Symptom* verdict = nullptr;
  std::vector<const Symptom*> besides;
};

/// The rows that are built in, in their order.
const std::vector<Symptom>& symptoms();

/// The first row that fits is the verdict; there is always one.
Diagnosis diagnose(const Facts& facts);

/// @return Code::bug naming the row and key that is wrong: an unknown fact or word, a row that can never speak because
///         an earlier one fits whenever it does
Result<std::vector<Symptom>> parse_symptoms(std::string_view toml);

/// Replaces {name} by its word. A name that isn't known becomes "?".
std::string fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& words);

}  // namespace modemedic::knowledge
