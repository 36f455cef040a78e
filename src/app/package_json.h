#pragma once

#include "app/output.h"
#include "firmware/package.h"

namespace modemedic::app {

/// A package as the fields of the JSON object "package" (docs/command-line.md).
Json package_json(const firmware::Package& package);

}  // namespace modemedic::app
