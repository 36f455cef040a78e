// data/symptoms.toml, as a person may have edited it.

#include "knowledge/symptoms.h"

#include "base/bytes.h"
#include "fuzz_target.h"

using namespace modemedic;

MODEMEDIC_FUZZ(symptoms) {
  auto rows = knowledge::parse_symptoms(as_text(bytes));
  if (!rows) {
    fuzz::must_be_told(rows.error());
    return;
  }
  for (const auto& row : *rows) {
    knowledge::fill(row.verdict, {{"port", "1-1"}});
  }
}
