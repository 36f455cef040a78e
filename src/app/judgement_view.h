#pragma once

#include "app/output.h"
#include "knowledge/judge.h"

namespace modemedic::app {

/// What all rules say, each with why and by whose word, and what would be allowed instead.
void show_judgement(const knowledge::Judgement& judgement, Output& output);

}  // namespace modemedic::app
