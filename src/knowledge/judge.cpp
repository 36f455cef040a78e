#include "knowledge/judge.h"

#include "knowledge/rule_test.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::knowledge {

using firmware::Revision;
using Speaks = Outcome::Speaks;

namespace {

Answer answer_of(Severity severity) {
  switch (severity) {
    case Severity::allow:
      return Answer::allow;
    case Severity::warn:
      return Answer::warn;
    case Severity::stop:
      return Answer::stop;
    case Severity::refuse:
      break;
  }
  return Answer::refuse;
}

void put(std::string& text, std::string_view key, const std::string& value) {
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size())) {
    text.replace(at, key.size(), value);
  }
}

/// One walk over all rules.
class Judge {
public:
  Judge(const Rules& rules, const ModemFacts& modem, const PackageFacts& package)
      : rules_(rules), modem_(modem), package_(package) {}

  Judgement judge(const std::vector<Fault>& faults) {
    for (const auto& rule : rules_.rows) {
      take(rule, test(rule, rules_, modem_, package_));
    }
    return found(faults);
  }

  Judgement found(const std::vector<Fault>& faults) {
    for (const auto& fault : faults) {
      take(fault);
    }
    obey_allowances();
    auto graver = [](const Spoken& a, const Spoken& b) { return a.answer > b.answer; };
    std::ranges::stable_sort(spoken_, graver);
    std::erase_if(silent_, [&](const std::string& id) { return did_speak(id); });
    return {std::move(spoken_), std::move(silent_), modem_.revision ? modem_.revision->text : "", allowed()};
  }

private:
  void take(const Rule& rule, const Outcome& outcome) {
    if (outcome.speaks == Speaks::yes) {
      auto what = rule.says;
      put(what, "{modem}", outcome.modem);
      put(what, "{package}", outcome.package);
      spoken_.push_back({&rule, answer_of(rule.severity), std::move(what), {}});
    } else if (outcome.speaks == Speaks::unknown && rule.severity != Severity::allow) {
      take_unknown(rule, outcome.missing);
    } else if (rule.kind != Rule::Kind::found && rule.severity != Severity::allow &&
               std::ranges::find(silent_, rule.id) == silent_.end()) {
      silent_.push_back(rule.id);
    }
  }

  /// It has another row that spoke, or that could not be decided.
  bool did_speak(const std::string& id) const {
    return std::ranges::any_of(spoken_, [&](const Spoken& spoken) {
      return spoken.rule->id == id || std::ranges::find(spoken.undecided, id) != spoken.undecided.end();
    });
  }

  void take_unknown(const Rule& rule, const std::vector<Missing>& missing) {
    auto chip_tells = std::ranges::all_of(missing, &Missing::of_chip);
    auto answer = rule.ask_chip && chip_tells && !modem_.chip_asked ? Answer::later
                  : rule.severity == Severity::warn                 ? Answer::warn
                                                                    : Answer::unknown;
    for (const auto& fact : missing) {
      if (answer == Answer::unknown) {
        undecided(fact.what, rule.id);
      } else {
        auto then = answer == Answer::later ? ": the chip is asked before the first erase" : "";
        spoken_.push_back({&rule, answer, fact.what + then, {}});
      }
    }
  }

  /// What is missing is told once, with all the rules that it leaves undecided.
  void undecided(const std::string& what, const std::string& id) {
    auto same = [&](const Spoken& spoken) { return spoken.answer == Answer::unknown && spoken.what == what; };
    auto told = std::ranges::find_if(spoken_, same);
    if (told == spoken_.end()) {
      spoken_.push_back({find_rule(rules_, "unknown"), Answer::unknown, what, {id}});
    } else if (std::ranges::find(told->undecided, id) == told->undecided.end()) {
      told->undecided.push_back(id);
    }
  }

  /// Who looked closer named a rule. One that no row has is still no reason to go on.
  void take(const Fault& fault) {
    const auto* rule = find_rule(rules_, fault.rule);
    if (rule == nullptr) {
      spoken_.push_back({find_rule(rules_, "unknown"), Answer::refuse, fault.what, {}});
    } else {
      auto unknown = rule->id == "unknown";
      spoken_.push_back({rule, unknown ? Answer::unknown : answer_of(rule->severity), fault.what, {}});
    }
  }

  void obey_allowances() {
    std::vector<std::string> silent;
    for (const auto& spoken : spoken_) {
      if (spoken.answer == Answer::allow) {
        silent.insert(silent.end(), spoken.rule->lifts.begin(), spoken.rule->lifts.end());
      }
    }
    std::erase_if(spoken_, [&](const Spoken& spoken) {
      return spoken.answer == Answer::stop && std::ranges::find(silent, spoken.rule->id) != silent.end();
    });
  }

  /// What this modem may take: by a rule that knows it, else what no rule speaks against.
  std::string allowed() const {
    if (!modem_.revision) {
      return {};
    }
    const auto& revision = *modem_.revision;
    auto knows = [&](const Rule& rule) { return !rule.allowed.empty() && is_from(rule, revision); };
    auto rule = std::ranges::find_if(rules_.rows, knows);
    return rule != rules_.rows.end() ? rule->allowed : usual(revision);
  }

  std::string usual(const Revision& revision) const {
    auto channel = channel_of(revision, rules_);
    auto sub_version = !channel ? " of the same channel" : channel->empty() ? "" : fmt::format(" _{}.xxx", *channel);
    auto cells = modem_.geometry ? " for " + cells_name(*modem_.geometry) : "";
    return fmt::format("{}R{:02}Axx{}{}{}{} only", revision.order_code, revision.baseline, revision.memory,
                       revision.suffix, sub_version, cells);
  }

  const Rules& rules_;
  const ModemFacts& modem_;
  const PackageFacts& package_;
  std::vector<Spoken> spoken_;
  std::vector<std::string> silent_;
};

}  // namespace

std::string_view name(Answer answer) {
  static constexpr std::array<std::pair<Answer, std::string_view>, 6> names = {{{Answer::allow, "allow"},
                                                                                {Answer::later, "later"},
                                                                                {Answer::warn, "warn"},
                                                                                {Answer::unknown, "unknown"},
                                                                                {Answer::stop, "stop"},
                                                                                {Answer::refuse, "refuse"}}};
  return std::ranges::find(names, answer, &std::pair<Answer, std::string_view>::first)->second;
}

Answer Judgement::verdict() const {
  auto verdict = Answer::allow;
  for (const auto& one : spoken) {
    verdict = one.answer == Answer::later ? verdict : std::max(verdict, one.answer);
  }
  return verdict;
}

Judgement judge_found(const Rules& rules, const std::vector<Fault>& faults) {
  const ModemFacts nobody;
  const PackageFacts nothing;
  return Judge(rules, nobody, nothing).found(faults);
}

Judgement judge(const Rules& rules, const ModemFacts& modem, const PackageFacts& package,
                const std::vector<Fault>& faults) {
  return Judge(rules, modem, package).judge(faults);
}

}  // namespace modemedic::knowledge
