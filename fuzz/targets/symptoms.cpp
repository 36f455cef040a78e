// data/symptoms.toml, as a person may have edited it.

#include "knowledge/symptoms.h"

#include "base/bytes.h"
#include "fuzz_target.h"

using namespace modemedic;

MODEMEDIC_FUZZ(symptoms) {
  auto rows = knowledge::parse_symptoms(as_text(bytes));
  if (!rows) {
    fuzz::must(printable(rows.error().what, 100'000) == rows.error().what, "an error can be printed");
    return;
  }
  for (const auto& row : *rows) {
    knowledge::fill(row.verdict, {{"port", "1-1"}});
  }
}
