#include "app/commands/edl_edit.h"

#include "app/backup_folder.h"
#include "app/chip_work.h"
#include "app/consent.h"
#include "app/data_directory.h"
#include "app/sectors_option.h"
#include "base/shell.h"
#include "firmware/partition_role.h"
#include "operation/edit_chip.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using operation::ChipEdit;
using operation::ChipSession;

struct EditOptions {
  ProgrammerOptions programmer;
  std::string first;   ///< NAME; with --sectors what is left of NAME and FILE
  std::string second;  ///< FILE
  std::string sectors;
  std::string confirm;
  std::vector<std::string> overrides;
  bool writes = false;
  bool yes = false;
};

/// NAME and FILE as they were meant.
struct Meant {
  std::string name;
  std::string file;
};

Result<Meant> meant(const EditOptions& options) {
  const auto* form = options.writes
                         ? "edl write NAME FILE, or edl write FILE --sectors START+COUNT --confirm START+COUNT"
                         : "edl erase NAME, or edl erase --sectors START+COUNT --confirm START+COUNT";
  auto by_range = !options.sectors.empty();
  auto wanted = (by_range ? 0U : 1U) + (options.writes ? 1U : 0U);
  auto given = (options.first.empty() ? 0U : 1U) + (options.second.empty() ? 0U : 1U);
  if (given != wanted) {
    return fail(Code::usage).what("it is not clear what is meant").hint(form);
  }
  if (by_range) {
    TRY_ASSIGN(auto range, parse_sectors(options.sectors));
    auto again = parse_sectors(options.confirm);
    if (!again || *again != range) {
      return fail(Code::usage)
          .what("a range of sectors is only touched when it is named twice")
          .hint(fmt::format("repeat it with --confirm {}, when it is what you mean; nothing was sent to the modem",
                            printable(options.sectors)));
    }
  } else if (!options.confirm.empty()) {
    return fail(Code::usage).what("--confirm without --sectors").hint(form);
  }
  auto file = by_range ? options.first : options.second;
  // Nothing touches the modem before its file is known to be there.
  std::error_code error;
  if (options.writes && !std::filesystem::is_regular_file(file, error)) {
    return fail(Code::io).what(printable(file) + " is no file that can be read").hint("nothing was sent to the modem");
  }
  return Meant{by_range ? "" : options.first, options.writes ? file : ""};
}

Result<ChipEdit> edit_for(const ChipSession& chip, const EditOptions& options, const Meant& what) {
  ChipEdit edit;
  if (what.name.empty()) {
    TRY_ASSIGN(edit.range, parse_sectors(options.sectors));
  } else {
    TRY_ASSIGN(auto partition, chip.partition(what.name));
    edit.name = partition.name;
    edit.range = partition.range;
  }
  if (options.writes) {
    edit.file = what.file;
  }
  return edit;
}

operation::EfsGuard guard_of(ChipSession& chip, const EditOptions& options, const GlobalOptions& global) {
  const auto& programmer = options.programmer;
  operation::EfsGuard::Setup setup{
      .place = {backup_folder(global.data, false, chip.events()), chip.modem().device.port, chip.time()},
      .clock = chip.clock(),
      .events = chip.events(),
      .stop = chip.stop(),
      .programmer = chip.programmer().name,
      .programmer_digest = chip.programmer().digest,
      .programmer_option = programmer.file.empty() ? "--package " + shell_word(programmer.package)
                                                   : "--programmer " + shell_word(programmer.file)};
  for (const auto& partition : chip.table().table.value_or(firmware::PartitionTable{})) {
    if (firmware::role_of(partition.name) == firmware::Role::sbl) {
      setup.also.push_back(partition.name);
    }
  }
  return operation::EfsGuard(std::move(setup));
}

/// Whether the modem needs what stands there to start.
bool boots_by(const firmware::PartitionTable& table, const SectorRange& range) {
  return std::ranges::any_of(table, [&](const firmware::Partition& partition) {
    auto role = firmware::role_of(partition.name);
    auto needed = role != firmware::Role::kept && role != firmware::Role::calibrated;
    return needed && partition.range.overlaps(range);
  });
}

/// A modem that ran runs again, as who it was.
Result<void> prove(ChipSession& chip, const std::string& imei_before, Output& output) {
  TRY_ASSIGN(auto after, chip.restart());
  output.verdict_field("imei", after.imei);
  output.verdict_field("revision", after.revision);
  if (!imei_before.empty() && after.imei != imei_before) {
    return fail(Code::not_proven)
        .what(fmt::format("the modem runs with IMEI {}, and had {}",
                          after.imei.empty() ? "unreadable" : printable(after.imei), printable(imei_before)))
        .hint("look at it with modemedic doctor");
  }
  output.line(fmt::format("  it runs {}, IMEI {}", printable(after.revision),
                          after.imei.empty() ? "not told" : printable(after.imei)));
  return {};
}

Result<Left> work(ChipSession& chip, const EditOptions& options, const GlobalOptions& global, const Meant& what,
                  Output& output) {
  operation::RestoreTarget target{chip.link(), chip.identity(), chip.storage(), chip.table()};
  auto guard = guard_of(chip, options, global);
  auto edit = edit_for(chip, options, what);
  operation::GateOptions gate;
  gate.records = chip.records();
  gate.overrides.insert(options.overrides.begin(), options.overrides.end());
  auto admitted =
      edit ? operation::admit_edit(target, *edit, gate, guard, output, chip.stop()) : fail(std::move(edit.error()));
  auto where = options.sectors.empty() ? printable(what.name) : "sectors " + printable(options.sectors);
  auto agreed = admitted
                    ? ask_consent(options.yes,
                                  fmt::format("{} {} of the modem at port {}?", options.writes ? "write over" : "erase",
                                              where, chip.modem().device.port),
                                  chip.stop())
                    : fail(std::move(admitted.error()));
  if (!agreed) {
    return fail(chip.explain(std::move(agreed.error())));
  }
  auto imei_before = admitted->lifted().contains("efs") ? "" : chip.identity().imei;
  operation::FolderJournals journals(data_directory(global.data) / "journal");
  TRY(operation::edit_chip(target, *admitted, *edit, guard,
                           {&journals, chip.time(), chip.modem().device.port, chip.clock()}, output, chip.stop()));
  output.verdict_field("start", edit->range.start.n);
  output.verdict_field("sectors", edit->range.count.n);
  if (const auto& saved = guard.saved()) {
    output.verdict_field("saved", printable(saved->file.string(), 1000));
    output.line(fmt::format("  saved before: {}", printable(saved->file.string(), 1000)));
  }
  output.line(fmt::format("{} is {} and read back", where, options.writes ? "written" : "erased"));
  auto boots = boots_by(*chip.table().table, edit->range);
  if (!chip.ran() || (boots && !options.writes)) {
    TRY(chip.reset());
    output.line(boots && !options.writes
                    ? "  the modem was reset; without that partition it may not start: modemedic list"
                    : "  the modem was reset: modemedic list shows how it comes up");
    return Left::by_work;
  }
  TRY(prove(chip, imei_before, output));
  return Left::by_work;
}

Result<void> run(const GlobalOptions& global, const EditOptions& options, Output& output, const std::stop_token& stop) {
  TRY_ASSIGN(auto what, meant(options));
  TRY(check_consent(options.yes));
  return with_chip(global, options.programmer, output, stop,
                   [&](ChipSession& chip) { return work(chip, options, global, what, output); });
}

void add(Grammar& grammar, CLI::App& group, bool writes) {
  auto options = std::make_shared<EditOptions>();
  options->writes = writes;
  auto& command = grammar.command(
      group, writes ? "write" : "erase",
      writes ? "an image into a partition, proven and read back" : "a partition, proven to be blank",
      writes ? "modemedic edl write recovery recovery.img --package FW.zip"
             : "modemedic edl erase misc --package FW.zip",
      [&grammar, options](Output& output, auto& stop) { return run(grammar.global(), *options, output, stop); });
  command.add_option("NAME", options->first, "a partition of `edl partitions`");
  if (writes) {
    command.add_option("FILE", options->second, "its image");
  }
  command.add_option("--sectors", options->sectors, "START+COUNT instead of a name");
  command.add_option("--confirm", options->confirm, "START+COUNT once more");
  command.add_option("--override", options->overrides, "lift this rule, where it can be lifted (repeatable)");
  command.add_flag("--yes", options->yes, "don't ask before anything is erased");
  add_programmer_options(command, options->programmer);
}

}  // namespace

void add_edl_write_and_erase(Grammar& grammar, CLI::App& group) {
  add(grammar, group, true);
  add(grammar, group, false);
}

}  // namespace modemedic::app
