#include "operation/flash_events.h"

namespace modemedic::operation {

std::string id_of(plan::Step::Kind kind) {
  using Kind = plan::Step::Kind;
  switch (kind) {
    case Kind::switch_to_edl:
      return "switch";
    case Kind::upload:
      return "upload";
    case Kind::configure:
      return "configure";
    case Kind::ask_chip:
      return "ask-chip";
    case Kind::erase:
      return "erase";
    case Kind::prove_erased:
      return "prove-erased";
    case Kind::program:
      return "program";
    case Kind::reset:
      return "reset";
    case Kind::prove:
      return "prove";
  }
  return "step";
}

}  // namespace modemedic::operation
