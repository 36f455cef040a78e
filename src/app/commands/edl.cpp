#include "app/chip_work.h"
#include "app/commands/commands.h"
#include "app/commands/edl_edit.h"
#include "app/sectors_option.h"
#include "base/digest.h"
#include "operation/chip_session.h"
#include "operation/flash_events.h"
#include "operation/journal.h"
#include "operation/read_sectors.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using operation::ChipSession;

Result<Left> info(ChipSession& chip, Output& output) {
  const auto& identity = chip.identity();
  const auto& geometry = chip.geometry();
  auto serial = operation::serial_text(identity.chip);
  auto hwid = identity.chip.hwid ? fmt::format("{:016x}", *identity.chip.hwid) : "";
  output.object("chip", {{"serial", serial},
                         {"hwid", hwid},
                         {"pk_hash", hex_digits(identity.chip.pk_hash)},
                         {"imei", identity.imei},
                         {"revision", identity.revision},
                         {"page_size", geometry.page_size},
                         {"pages_per_block", geometry.pages_per_block},
                         {"blocks", geometry.blocks},
                         {"bad_blocks", chip.storage().bad_blocks},
                         {"programmer", chip.programmer().name},
                         {"table", chip.table().table.has_value()}});
  output.line(
      fmt::format("chip serial {}, HWID {}", serial.empty() ? "not told" : serial, hwid.empty() ? "not told" : hwid));
  output.line(fmt::format("  key hash {}", hex_digits(identity.chip.pk_hash)));
  output.line(fmt::format("  {} blocks of {} pages of {} bytes: {} MiB", geometry.blocks, geometry.pages_per_block,
                          geometry.page_size, geometry.chip_size() / 1_MiB));
  const auto& bad = chip.storage().bad_blocks;
  output.line(bad.empty() ? "  no bad blocks" : fmt::format("  bad blocks: {}", fmt::join(bad, ", ")));
  output.line(chip.table().table ? fmt::format("  {} partitions", chip.table().table->size())
                                 : "  no partitions: " + chip.table().why);
  return Left::by_session;
}

Result<Left> partitions(ChipSession& chip, Output& output) {
  if (!chip.table().table) {
    return fail(chip.explain(fail(Code::device_refused).what("no partitions: " + chip.table().why)));
  }
  output.line(fmt::format("{:<16} {:>8} {:>8} {:>8}", "name", "start", "sectors", "KiB"));
  for (const auto& partition : *chip.table().table) {
    const auto& range = partition.range;
    output.object("partition", {{"name", partition.name}, {"start", range.start.n}, {"sectors", range.count.n}});
    output.line(fmt::format("{:<16} {:>8} {:>8} {:>8}", partition.name, range.start.n, range.count.n,
                            chip.geometry().bytes(range.count) / 1_KiB));
  }
  return Left::by_session;
}

struct ReadOptions {
  ProgrammerOptions programmer;
  std::string out;
  std::string partition;
  std::string sectors;
};

/// A file that is taken away again unless all went well.
class NewFile {
public:
  explicit NewFile(std::string path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wbx")) {
    number_ = file_ == nullptr ? errno : 0;
  }

  ~NewFile() {
    if (file_ != nullptr) {
      std::fclose(file_);
      std::remove(path_.c_str());
    }
  }

  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  Result<void> opened() const {
    if (number_ == EEXIST) {
      return fail(Code::usage)
          .what(printable(path_) + " exists already")
          .hint("name another file, or remove it first; nothing was sent to the modem");
    }
    return number_ == 0 ? Result<void>{} : fail_errno(number_, "write " + printable(path_));
  }

  Result<void> write(ByteView bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
      return fail_errno(errno, "write " + printable(path_));
    }
    return {};
  }

  Result<void> keep() {
    auto* file = std::exchange(file_, nullptr);
    if (std::fclose(file) != 0) {
      auto number = errno;
      std::remove(path_.c_str());
      return fail_errno(number, "write " + printable(path_));
    }
    return {};
  }

private:
  std::string path_;
  std::FILE* file_;
  int number_ = 0;
};

/// What is worth knowing of sectors on their way into a file.
struct Watched {
  std::uint64_t unreadable = 0;
  std::uint64_t blank = 0;
};

Result<Watched> copy(ChipSession& chip, const SectorRange& range, const std::string& what, NewFile& file) {
  const auto& geometry = chip.geometry();
  operation::ProgressMeter meter(chip.events(), geometry.bytes(range.count));
  meter.start(what, geometry.bytes(range.count));
  Watched watched;
  Buffer sector;
  std::uint64_t done = 0;
  auto take = [&](ByteView bytes) -> Result<void> {
    TRY(file.write(bytes));
    done += bytes.size();
    meter.tell(done);
    while (!bytes.empty()) {
      auto part = bytes.first(std::min<std::size_t>(bytes.size(), geometry.page_size - sector.size()));
      sector.insert(sector.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
      if (sector.size() == geometry.page_size) {
        watched.unreadable += operation::shows_unreadable(sector) ? 1U : 0U;
        watched.blank += operation::blank_fill(sector) ? 1U : 0U;
        sector.clear();
      }
    }
    return {};
  };
  TRY(operation::read_sectors(chip.link(), geometry, range, take, chip.stop()));
  return watched;
}

Result<SectorRange> wanted_range(const ChipSession& chip, const ReadOptions& options) {
  if (!options.partition.empty()) {
    TRY_ASSIGN(auto partition, chip.partition(options.partition));
    return partition.range;
  }
  TRY_ASSIGN(auto range, parse_sectors(options.sectors));
  if (range.end() > chip.geometry().chip_sectors()) {
    return fail(Code::usage)
        .what(
            fmt::format("the chip has {} sectors, {} is asked for", chip.geometry().chip_sectors().n, options.sectors));
  }
  return range;
}

Result<Left> read(ChipSession& chip, const ReadOptions& options, NewFile& file, Output& output) {
  auto range = wanted_range(chip, options);
  if (!range) {
    return fail(chip.explain(std::move(range.error())));
  }
  auto what = options.partition.empty() ? options.sectors : options.partition;
  auto watched = copy(chip, *range, what, file);
  if (!watched) {
    return fail(chip.explain(std::move(watched.error())));
  }
  TRY(file.keep());
  if (watched->unreadable > 0) {
    warn(output,
         fmt::format("{} sectors could not be read: they hold DE AD D0 0D DD DD … in the file", watched->unreadable));
  }
  output.verdict_field("start", range->start.n);
  output.verdict_field("sectors", range->count.n);
  output.verdict_field("blank", watched->blank);
  output.verdict_field("unreadable", watched->unreadable);
  output.line(fmt::format("{}: {} sectors from {} as they are on the chip, {} of them blank; bad blocks read 0xBB",
                          printable(options.out), range->count.n, range->start.n, watched->blank));
  return Left::by_session;
}

Result<void> run_read(const GlobalOptions& global, const ReadOptions& options, Output& output,
                      const std::stop_token& stop) {
  if (options.partition.empty() == options.sectors.empty()) {
    return fail(Code::usage).what("what is to be read?").hint("--partition NAME, or --sectors START+COUNT");
  }
  if (!options.sectors.empty()) {
    TRY(parse_sectors(options.sectors));
  }
  NewFile file(options.out);
  TRY(file.opened());
  return with_chip(global, options.programmer, output, stop,
                   [&](ChipSession& chip) { return read(chip, options, file, output); });
}

}  // namespace

void add_edl(Grammar& grammar) {
  auto& group = grammar.group("edl", "the chip itself, by its programmer: look, read, write, erase");
  auto programmer = std::make_shared<ProgrammerOptions>();
  auto& info_command =
      grammar.command(group, "info", "who the chip is, its geometry and its bad blocks",
                      "modemedic edl info --package FW.zip", [&grammar, programmer](Output& output, auto& stop) {
                        return with_chip(grammar.global(), *programmer, output, stop,
                                         [&](ChipSession& chip) { return info(chip, output); });
                      });
  add_programmer_options(info_command, *programmer);
  auto& partitions_command =
      grammar.command(group, "partitions", "the partition table on the chip",
                      "modemedic edl partitions --package FW.zip", [&grammar, programmer](Output& output, auto& stop) {
                        return with_chip(grammar.global(), *programmer, output, stop,
                                         [&](ChipSession& chip) { return partitions(chip, output); });
                      });
  add_programmer_options(partitions_command, *programmer);
  auto options = std::make_shared<ReadOptions>();
  auto& read_command = grammar.command(
      group, "read", "sectors of the chip into a file, as they are",
      "modemedic edl read efs2.bin --partition EFS2 --package FW.zip",
      [&grammar, options](Output& output, auto& stop) { return run_read(grammar.global(), *options, output, stop); });
  read_command.add_option("OUT", options->out, "a new file")->required();
  read_command.add_option("--partition", options->partition, "one of `edl partitions`");
  read_command.add_option("--sectors", options->sectors, "START+COUNT");
  add_programmer_options(read_command, options->programmer);
  add_edl_write_and_erase(grammar, group);
}

}  // namespace modemedic::app
