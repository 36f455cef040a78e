#pragma once

#include "app/output.h"
#include "firmware/package.h"
#include "plan/plan.h"

/// How a package and a plan are shown, as text and as JSON.
namespace modemedic::app {

/// What it is, for which modem, and what it would write, erase and leave.
void show_package(const firmware::Package& package, Output& output);

/// The steps, each with what a cut in it leaves.
void show_steps(const plan::Plan& plan, const firmware::Package& package, Output& output);

/// "2 KiB pages, 128 KiB blocks, 2048 blocks"
std::string describe(const Geometry& geometry);

}  // namespace modemedic::app
