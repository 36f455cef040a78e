#include "app/flashing_options.h"

#include "app/backup_folder.h"
#include "app/backup_option.h"
#include "app/open_records.h"

#include <map>

#include <CLI/CLI.hpp>

namespace modemedic::app {

namespace {

void add_verify_option(CLI::App& command, operation::Verify& verify) {
  const std::map<std::string, operation::Verify> ways = {{"boot", operation::Verify::boot},
                                                         {"read", operation::Verify::read}};
  command
      .add_option("--verify", verify,
                  "boot: the modem proves it after its reset; read: every image is read back and compared, too")
      ->transform(CLI::CheckedTransformer(ways).description(""))
      ->option_text("boot|read");
}

}  // namespace

void add_flashing_options(CLI::App& command, FlashingOptions& options) {
  command.add_flag("--yes", options.yes, "don't ask before the point of no return");
  command.add_flag("--anew", options.anew, "write everything again, also what an earlier job that was cut has left");
  command.add_flag("--no-backup", options.no_backup, "don't save what is the module's own first");
  add_verify_option(command, options.verify);
  add_method_option(command, options.method);
  add_backup_option(command, options.backup);
  command.add_option("--override", options.overrides, "lift this rule, where it can be lifted (repeatable)");
}

operation::GateOptions gate_options(const FlashingOptions& options, operation::ModemRecords& records) {
  operation::GateOptions gate;
  gate.records = &records;
  gate.backup_at_hand = !options.backup.empty();
  gate.saves_files = !options.no_backup;
  gate.overrides.insert(options.overrides.begin(), options.overrides.end());
  return gate;
}

operation::FlashOptions flash_options(const GlobalOptions& global, const FlashingOptions& options,
                                      operation::JournalStore& journals, Output& output) {
  operation::FlashOptions how;
  how.journals = &journals;
  how.time = utc_now();
  how.anew = options.anew;
  how.backups = backup_folder(global.data, options.no_backup, output);
  how.verify = options.verify;
  return how;
}

}  // namespace modemedic::app
