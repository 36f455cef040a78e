#include "operation/backup.h"

#include "app/chip_work.h"
#include "app/commands/commands.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "operation/backup_file.h"
#include "operation/efs_backup.h"

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using operation::ChipSession;

struct BackupCommandOptions {
  ProgrammerOptions programmer;
  std::string out;
  std::vector<std::string> partitions;
  bool verify = false;
  bool efs = false;
};

void show(const operation::BackupManifest& manifest, Output& output) {
  std::uint64_t stored = 0;
  std::size_t unreadable = 0;
  for (const auto& piece : manifest.pieces) {
    output.object("piece", {{"name", piece.name},
                            {"start", piece.range.start.n},
                            {"sectors", piece.range.count.n},
                            {"stored", piece.stored},
                            {"unreadable", piece.unreadable.size()}});
    stored += piece.stored;
    unreadable += piece.unreadable.size();
  }
  output.verdict_field("imei", manifest.imei);
  output.verdict_field("chip_serial", manifest.chip_serial);
  output.verdict_field("pieces", manifest.pieces.size());
  output.verdict_field("unreadable", unreadable);
  output.line(fmt::format("  of {}, IMEI {}, chip serial {}, {}", manifest.model.empty() ? "a modem" : manifest.model,
                          manifest.imei.empty() ? "not known" : manifest.imei,
                          manifest.chip_serial.empty() ? "not known" : manifest.chip_serial,
                          manifest.revision.empty() ? "revision not known" : manifest.revision));
  output.line(fmt::format("  {} pieces, {} MiB stored, {} bad blocks, {} sectors that could not be read",
                          manifest.pieces.size(), stored * manifest.geometry.page_size / 1_MiB,
                          manifest.bad_blocks.size(), unreadable));
}

Result<Left> make(ChipSession& chip, const BackupCommandOptions& options, Output& output) {
  operation::BackupOptions how{.out = options.out, .partitions = {}, .time = chip.time()};
  for (const auto& name : options.partitions) {
    auto partition = chip.partition(name);
    if (!partition) {
      return fail(chip.explain(std::move(partition.error())));
    }
    how.partitions.push_back(partition->name);
  }
  auto table = chip.table().table.value_or(firmware::PartitionTable{});
  operation::ReadableChip readable{chip.link(), chip.identity(),        chip.storage(),
                                   table,       chip.programmer().name, chip.programmer().digest};
  auto made = operation::make_backup(readable, how, output, chip.stop());
  if (!made) {
    if (made.error().code != Code::usage) {
      made.error().hint += (made.error().hint.empty() ? "" : ". ") +
                           std::string("What was read so far is kept: the same command goes on from there");
    }
    return fail(chip.explain(std::move(made.error())));
  }
  output.verdict_field("resumed", made->resumed);
  output.line(fmt::format("{} is made and verified", printable(options.out)));
  show(made->manifest, output);
  return Left::by_session;
}

/// A 9x15 has no way into EDL.
bool chip_can_be_read(const operation::Found& modem) {
  return modem.sighting.family != "9x15";
}

/// A copy of the modem's files and NV items, made while it runs.
Result<void> files(const GlobalOptions& global, const BackupCommandOptions& options, Output& output,
                   const std::stop_token& stop) {
  if (!options.partitions.empty() || !options.programmer.package.empty() || !options.programmer.file.empty()) {
    return fail(Code::usage)
        .what("--efs asks the modem that runs")
        .hint("leave out --partition, --package and --programmer");
  }
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  TRY_ASSIGN(auto about, operation::backup_efs(*bus, modem, options.out, utc_now(), output, stop));
  auto whole = operation::verify_efs_archive(options.out, stop);
  TRY(whole);
  output.verdict_field("imei", about.identity.imei);
  output.verdict_field("entries", about.efs.entries);
  output.verdict_field("bytes", about.efs.bytes);
  output.verdict_field("troubles", about.efs.troubles);
  output.verdict_field("items", whole->items);
  output.line(fmt::format("{} is made and verified", printable(options.out)));
  output.line(fmt::format("  {} entries, {} bytes in files, {} NV items; {} entries are not all there",
                          about.efs.entries, about.efs.bytes, whole->items, about.efs.troubles));
  output.line("  it shows what the modem has, and a service tool may make use of it; modemedic can't write it back");
  output.line(chip_can_be_read(modem) ? "  what it can bring back is a backup of the chip: modemedic backup OUT"
                                      : "  this modem's chip can't be read: there is no other copy of it");
  return {};
}

Result<void> verify_files(const std::string& path, Output& output, const std::stop_token& stop) {
  TRY_ASSIGN(auto whole, operation::verify_efs_archive(path, stop));
  output.verdict_field("imei", whole.imei);
  output.verdict_field("troubles", whole.troubles);
  output.verdict_field("items", whole.items);
  output.line(fmt::format("{} is whole", printable(path)));
  output.line(fmt::format("  of {}, IMEI {}: {} files, {} NV items; {} entries are not all there",
                          whole.model.empty() ? "a modem" : whole.model, whole.imei.empty() ? "not known" : whole.imei,
                          whole.files, whole.items, whole.troubles));
  return {};
}

Result<void> backup(const GlobalOptions& global, const BackupCommandOptions& options, Output& output,
                    const std::stop_token& stop) {
  if (options.verify && operation::is_efs_archive(options.out)) {
    return verify_files(options.out, output, stop);
  }
  if (options.efs && !options.verify) {
    return files(global, options, output, stop);
  }
  if (options.verify) {
    TRY_ASSIGN(auto file, operation::BackupFile::open(options.out));
    TRY(file.verify(stop));
    output.line(fmt::format("{} is whole", printable(options.out)));
    show(file.manifest(), output);
    return {};
  }
  std::error_code error;
  if (std::filesystem::exists(options.out, error)) {  // before the modem is sent into EDL for it
    return fail(Code::usage)
        .what(printable(options.out) + " exists already")
        .hint("name another file, or remove it first; nothing was sent to the modem");
  }
  return with_chip(global, options.programmer, output, stop,
                   [&](ChipSession& chip) { return make(chip, options, output); });
}

}  // namespace

void add_backup(Grammar& grammar) {
  auto options = std::make_shared<BackupCommandOptions>();
  auto& command = grammar.command(
      "backup", "the chip, with IMEI and calibration, as one file that can be restored",
      "modemedic backup mine.zip --package FW.zip",
      [&grammar, options](Output& output, auto& stop) { return backup(grammar.global(), *options, output, stop); });
  command.add_option("FILE", options->out, "a new file; with --verify the one to look at")->required();
  command.add_option("--partition", options->partitions, "only this one (repeatable)");
  command.add_flag("--efs", options->efs, "files and NV items of the modem that runs, over DIAG, as a .tar");
  command.add_flag("--verify", options->verify, "make none: see whether FILE, of either kind, is whole");
  add_programmer_options(command, options->programmer);
}

}  // namespace modemedic::app
