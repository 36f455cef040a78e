#pragma once

#include "firmware/package.h"
#include "firmware/revision.h"
#include "plan/plan.h"
#include "virtual/generator.h"
#include "virtual/persona.h"

namespace modemedic::rehearsal {

/// A flash that is to be rehearsed: this package on a twin like this, which runs that revision before.
struct Scene {
  const twin::Persona& persona;
  const firmware::Package& package;
  const plan::ProvenPlan& plan;
  firmware::Revision before;
  twin::Scale scale = twin::Scale::small;  ///< of what the twin holds before
};

}  // namespace modemedic::rehearsal
