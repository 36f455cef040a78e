#include "operation/restore.h"

#include "app/chip_work.h"
#include "app/commands/commands.h"
#include "app/consent.h"
#include "app/data_directory.h"
#include "firmware/partition_role.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using operation::ChipSession;

struct RestoreCommandOptions {
  ProgrammerOptions programmer;
  std::string file;
  std::vector<std::string> partitions;
  bool yes = false;
};

/// The modem runs again with the IMEI that the backup was made of.
Result<void> prove(ChipSession& chip, const operation::BackupManifest& manifest, Output& output) {
  TRY_ASSIGN(auto after, chip.restart());
  output.verdict_field("imei", after.imei);
  output.verdict_field("revision", after.revision);
  if (!manifest.imei.empty() && after.imei != manifest.imei) {
    return fail(Code::not_proven)
        .what(fmt::format("the modem runs with IMEI {}, the backup is of {}",
                          after.imei.empty() ? "unreadable" : printable(after.imei), manifest.imei))
        .hint("the data were read back and are right; look at it with modemedic doctor");
  }
  output.line(fmt::format("  it runs {}, IMEI {}", printable(after.revision),
                          after.imei.empty() ? "not told" : printable(after.imei)));
  return {};
}

Result<Left> work(ChipSession& chip, operation::BackupFile& backup, const RestoreCommandOptions& options,
                  const std::string& data, Output& output) {
  operation::RestoreTarget target{chip.link(), chip.identity(), chip.storage(), chip.table()};
  auto admitted = operation::admit_restore(target, backup, options.partitions, chip.stop());
  auto agreed =
      admitted
          ? ask_consent(options.yes,
                        fmt::format("write {} of its backup back onto the modem at port {}?",
                                    admitted->pieces().size() == 1 ? "a piece" : "pieces", chip.modem().device.port),
                        chip.stop())
          : fail(std::move(admitted.error()));
  if (!agreed) {
    return fail(chip.explain(std::move(agreed.error())));
  }
  operation::FolderJournals journals(data_directory(data) / "journal");
  TRY(operation::restore(target, *admitted, backup, &journals, chip.time(), chip.modem().device.port, options.file,
                         chip.clock(), output, chip.stop()));
  std::vector<std::string> names;
  auto boots = chip.table().table.has_value();
  for (const auto& piece : admitted->plan().job().pieces) {
    names.push_back(piece.name);
    boots = boots || firmware::role_of(piece.name) == firmware::Role::sbl;
  }
  output.verdict_field("restored", names);
  output.line(fmt::format("restored and read back: {} of the backup's {} pieces", names.size(),
                          backup.manifest().pieces.size()));
  if (!chip.ran() && !boots) {
    TRY(chip.reset());
    output.line("  the modem was in EDL and is left there: it has no whole firmware");
    return Left::by_work;
  }
  TRY(prove(chip, backup.manifest(), output));
  return Left::by_work;
}

Result<void> restore(const GlobalOptions& global, const RestoreCommandOptions& options, Output& output,
                     const std::stop_token& stop) {
  TRY_ASSIGN(auto backup, operation::BackupFile::open(options.file));
  TRY(check_consent(options.yes));
  return with_chip(global, options.programmer, output, stop,
                   [&](ChipSession& chip) { return work(chip, backup, options, global.data, output); });
}

}  // namespace

void add_restore(Grammar& grammar) {
  auto options = std::make_shared<RestoreCommandOptions>();
  auto& command = grammar.command(
      "restore", "put a backup back onto the very module it was made of", "modemedic restore mine.zip --package FW.zip",
      [&grammar, options](Output& output, auto& stop) { return restore(grammar.global(), *options, output, stop); });
  command.add_option("FILE", options->file, "a backup of this module")->required();
  command.add_option("--partition", options->partitions, "only this one (repeatable)");
  command.add_flag("--yes", options->yes, "don't ask before anything is erased");
  add_programmer_options(command, options->programmer);
}

}  // namespace modemedic::app
