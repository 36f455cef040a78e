#include "app/judgement_view.h"

#include "base/bytes.h"
#include "operation/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

using knowledge::Answer;
using knowledge::Judgement;
using knowledge::Spoken;

namespace {

void show(const Spoken& spoken, Output& output) {
  output.line(fmt::format("{:<8} {:<16} {}", name(spoken.answer), spoken.rule->id, printable(spoken.what, 1000)));
  auto detail = [&](std::string_view key, const std::string& text) {
    output.line(fmt::format("{:<26}{}: {}", "", key, text));
  };
  if (!spoken.undecided.empty()) {
    detail("so nobody can say", fmt::format("{}", fmt::join(spoken.undecided, ", ")));
  }
  if (spoken.answer != Answer::later) {
    detail("why", spoken.rule->because);
    detail("evidence", fmt::format("{} ({})", spoken.rule->evidence, spoken.rule->source));
  }
  if (spoken.can_be_lifted()) {
    detail("lifted by", "--override " + spoken.rule->id);
  } else if (spoken.holds_up()) {
    detail("lifted by", spoken.rule->needs.empty() ? "nothing" : "nothing, without a " + spoken.rule->needs);
  }
}

}  // namespace

void show_judgement(const Judgement& judgement, Output& output) {
  for (const auto& spoken : judgement.spoken) {
    if (output.json()) {
      output.emit(operation::told(spoken, judgement, false));
    } else {
      show(spoken, output);
    }
  }
  if (!judgement.silent.empty()) {
    output.line(fmt::format("{:<8} {}", "fine", fmt::join(judgement.silent, ", ")));
  }
  if (!judgement.allowed.empty()) {
    output.line(fmt::format("\nfrom {}: {}", printable(judgement.from), printable(judgement.allowed)));
  }
  output.verdict_field("answer", name(judgement.verdict()));
  output.verdict_field("fine", judgement.silent);
  output.verdict_field("from", judgement.from);
  output.verdict_field("allowed", judgement.allowed);
}

}  // namespace modemedic::app
