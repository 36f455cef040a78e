#include "app/latest.h"

#include "app/open_catalog.h"
#include "app/patient.h"
#include "base/bytes.h"
#include "catalog/choose.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::app {

namespace {

using catalog::Judged;
using firmware::Revision;

/// Newer firmware for the same module that is not the one that is chosen, and why.
void show_newer(const std::vector<Judged>& all, const Revision& than, Output& output) {
  for (const auto& judged : all) {
    const auto& revision = judged.entry->facts.revision;
    if (!judged.allowed() && revision && catalog::is_newer(*revision, than)) {
      const auto& gravest = judged.judgement.spoken.front();
      output.line(fmt::format("not      {} ({}): {}: {}", printable(revision->text), judged.entry->id(),
                              gravest.rule->id, printable(gravest.what, 400)));
    }
  }
}

}  // namespace

Result<std::optional<firmware::Package>> read_latest(const GlobalOptions& global, Output& output,
                                                     const std::stop_token& stop) {
  TRY_ASSIGN(auto catalog, open_catalog(global, output));
  TRY_ASSIGN(auto entries, catalog.entries());
  TRY_ASSIGN(auto patient, look_at_patient(global, {}, output));
  const auto& rules = knowledge::rules();
  TRY(rules);
  auto judged = catalog::judge_entries(entries, patient.facts, patient.faults, *rules);
  auto known = [](const Judged& one) { return one.allowed() && one.entry->facts.revision.has_value(); };
  auto chosen = std::ranges::find_if(judged, known);
  if (chosen == judged.end()) {
    return fail(Code::refused)
        .what(fmt::format("the modem may take none of the {} packages of the catalogue", entries.size()))
        .hint("modemedic catalog find says what is against each; modemedic catalog add PACKAGE adds another");
  }
  const auto& revision = *chosen->entry->facts.revision;
  show_newer(judged, revision, output);
  const auto& now = patient.facts.revision;
  if (now && !catalog::is_newer(revision, *now)) {
    output.line(fmt::format("nothing to do: it runs {}; the newest it may take is {} ({})", printable(now->text),
                            printable(revision.text), chosen->entry->id()));
    return std::nullopt;
  }
  output.line(fmt::format("latest   {} ({}): the newest of {} that this modem may take", printable(revision.text),
                          chosen->entry->id(), entries.size()));
  TRY_ASSIGN(auto package, catalog.read(*chosen->entry, output, stop));
  return package;
}

}  // namespace modemedic::app
