#include "catalog/choose.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace modemedic::catalog {

namespace {

std::vector<unsigned> numbers(std::string_view sub_version) {
  std::vector<unsigned> parts;
  while (!sub_version.empty()) {
    auto part = sub_version.substr(0, sub_version.find('.'));
    sub_version.remove_prefix(std::min(part.size() + 1, sub_version.size()));
    unsigned number = 0;
    std::from_chars(part.data(), part.data() + part.size(), number);
    parts.push_back(number);
  }
  return parts;
}

auto age(const firmware::Revision& revision) {
  return std::tuple(revision.baseline, revision.release, numbers(revision.sub_version));
}

}  // namespace

bool Judged::allowed() const {
  return judgement.verdict() < knowledge::Answer::unknown;
}

bool is_newer(const firmware::Revision& revision, const firmware::Revision& than) {
  return revision.order_code == than.order_code && age(revision) > age(than);
}

std::vector<Judged> judge_entries(const std::vector<Entry>& entries, const knowledge::ModemFacts& modem,
                                  const std::vector<knowledge::Fault>& faults, const knowledge::Rules& rules) {
  std::vector<Judged> judged;
  judged.reserve(entries.size());
  for (const auto& entry : entries) {
    auto all = faults;
    all.insert(all.end(), entry.faults.begin(), entry.faults.end());
    judged.push_back({&entry, knowledge::judge(rules, modem, entry.facts, all)});
  }
  // A total order, also of what can't be compared: first by order code, then by age.
  auto key = [](const Judged& one) {
    const auto& revision = one.entry->facts.revision;
    return std::tuple(one.allowed(), revision.has_value(), revision ? revision->order_code : std::string(),
                      revision ? age(*revision) : decltype(age(*revision)){});
  };
  std::ranges::stable_sort(judged, [&](const auto& a, const auto& b) { return key(a) > key(b); });
  return judged;
}

}  // namespace modemedic::catalog
