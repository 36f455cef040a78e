#pragma once

#include "app/grammar.h"

/// One function a command: it adds the command's grammar, options and what they run. A command prints its result
/// through Output and returns its failure for the verdict.
namespace modemedic::app {

void add_list(Grammar& grammar);
void add_mode(Grammar& grammar);
void add_at(Grammar& grammar);
void add_gps(Grammar& grammar);
void add_doctor(Grammar& grammar);
void add_inspect(Grammar& grammar);
void add_check(Grammar& grammar);
void add_plan(Grammar& grammar);
void add_fastboot(Grammar& grammar);
void add_flash(Grammar& grammar);
void add_rescue(Grammar& grammar);
void add_rehearse(Grammar& grammar);
void add_catalog(Grammar& grammar);
void add_edl(Grammar& grammar);
void add_backup(Grammar& grammar);
void add_restore(Grammar& grammar);
void add_virtual_serve(Grammar& grammar, CLI::App& group);
void add_virtual_package(Grammar& grammar, CLI::App& group);
void add_virtual_personas(Grammar& grammar, CLI::App& group);

}  // namespace modemedic::app
