// The tables of data/ and personas, as a person may have edited them. The first byte says which.

#include "fuzz_target.h"
#include "knowledge/at_advice.h"
#include "knowledge/chips.h"
#include "knowledge/models.h"
#include "knowledge/rules.h"
#include "knowledge/state_rows.h"
#include "virtual/faults.h"
#include "virtual/persona.h"

using namespace modemedic;

namespace {

void judge(const auto& read) {
  if (!read) {
    fuzz::must_be_told(read.error());
  }
}

}  // namespace

MODEMEDIC_FUZZ(tables) {
  if (bytes.empty()) {
    return;
  }
  auto text = as_text(bytes.subspan(1));
  switch (std::to_integer<unsigned>(bytes[0]) % 8) {
    case 0:
      return judge(knowledge::parse_rules(text));
    case 1:
      return judge(knowledge::parse_models(text));
    case 3:
      return judge(knowledge::parse_states(text));
    case 4:
      return judge(knowledge::parse_chips(text));
    case 5:
      return judge(knowledge::parse_at_advice(text));
    case 6:
      return judge(twin::parse_fault(std::string(text)));
    default:
      return judge(twin::parse_persona("persona.toml", text));
  }
}
