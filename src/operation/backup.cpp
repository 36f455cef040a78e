#include "operation/backup.h"

#include "base/digest.h"
#include "base/durable_file.h"
#include "base/version.h"
#include "firmware/archive_writer.h"
#include "firmware/partition_role.h"
#include "operation/backup_file.h"
#include "operation/flash_events.h"
#include "operation/journal.h"
#include "operation/piece_writer.h"

#include <algorithm>
#include <fstream>
#include <numeric>

#include <fmt/format.h>

namespace modemedic::operation {

namespace fs = std::filesystem;

namespace {

/// The whole chip in order of its sectors: its partitions, and what lies between them.
std::vector<BackupPiece> pieces_of(const firmware::PartitionTable& table, const Geometry& geometry) {
  auto sorted = table;
  std::ranges::sort(sorted, {}, [](const auto& partition) { return partition.range.start; });
  std::vector<BackupPiece> pieces;
  Sectors at;
  auto gap_up_to = [&](Sectors end) {
    if (at < end) {
      pieces.push_back({.name = fmt::format("sectors-{}", at.n), .range = {at, end - at}});
    }
  };
  for (const auto& partition : sorted) {
    gap_up_to(partition.range.start);
    pieces.push_back({.name = partition.name, .range = partition.range});
    at = partition.range.end();
  }
  gap_up_to(geometry.chip_sectors());
  return pieces;
}

/// What a modem that runs writes to: between two days it is not the same, and half of each would be neither.
bool changes_while_running(const std::string& name) {
  auto role = firmware::role_of(name);
  return role == firmware::Role::calibrated || role == firmware::Role::kept;
}

/// A backup on its way, piece by piece.
class Backup {
public:
  Backup(const ReadableChip& chip, const BackupOptions& options, Events& events, const std::stop_token& stop)
      : chip_(chip), options_(options), events_(events), stop_(stop), partial_(options.out.string() + ".partial") {}

  Result<BackupReport> run() {
    std::error_code error;
    if (fs::exists(fs::symlink_status(options_.out, error))) {
      return fail(Code::usage)
          .what(printable(options_.out.string()) + " exists already")
          .hint("name another file, or remove it first");
    }
    TRY(begin());
    TRY(read_pieces());
    TRY(pack());
    fs::remove_all(partial_, error);
    return std::move(report_);
  }

private:
  BackupManifest& manifest() { return report_.manifest; }

  Result<void> begin() {
    const auto& identity = chip_.identity;
    manifest() = {.made_by = "modemedic " + std::string(version()),
                  .time = options_.time,
                  .imei = identity.imei,
                  .model = identity.model,
                  .revision = identity.revision,
                  .chip_serial = serial_text(identity.chip),
                  .hwid = identity.chip.hwid ? fmt::format("{:016x}", *identity.chip.hwid) : "",
                  .pk_hash = hex_digits(identity.chip.pk_hash),
                  .geometry = chip_.storage.geometry,
                  .bad_blocks = chip_.storage.bad_blocks,
                  .table = chip_.table,
                  .programmer = chip_.programmer,
                  .programmer_digest = chip_.programmer_digest,
                  .pieces = pieces_of(chip_.table, chip_.storage.geometry)};
    if (!options_.partitions.empty()) {
      std::erase_if(manifest().pieces, [&](const BackupPiece& piece) {
        return std::ranges::find(options_.partitions, piece.name) == options_.partitions.end();
      });
    }
    if (manifest().pieces.empty()) {
      return fail(Code::usage).what("no such partition is on the chip");
    }
    for (std::size_t i = 0; i < manifest().pieces.size(); ++i) {
      manifest().pieces[i].file = piece_file(i, manifest().pieces[i].name);
    }
    return open_partial();
  }

  /// What must be the same for a backup to go on from what an earlier one read.
  std::string chip_text() const {
    auto same = report_.manifest;
    same.time.clear();
    same.made_by.clear();
    same.imei.clear();
    same.model.clear();
    same.revision.clear();
    return manifest_text(same);
  }

  Result<void> open_partial() {
    auto marker = partial_ / "chip.json";
    std::error_code error;
    if (fs::exists(marker, error)) {
      TRY_ASSIGN(auto text, read_beginning(marker, longest_manifest));
      if (text != chip_text() || manifest().chip_serial.empty()) {
        return fail(Code::usage)
            .what(printable(partial_.string()) + " is left from a backup of another chip, or of other partitions")
            .hint("remove it, or name another file");
      }
      resumes_ = true;
      return {};
    }
    fs::create_directories(partial_ / "data", error);
    return error ? fail_errno(error.value(), "make " + printable(partial_.string()))
                 : replace_file(marker, chip_text());
  }

  Result<void> read_pieces() {
    const auto& geometry = manifest().geometry;
    auto all = std::accumulate(
        manifest().pieces.begin(), manifest().pieces.end(), std::uint64_t{0},
        [&](std::uint64_t sum, const BackupPiece& piece) { return sum + geometry.bytes(piece.range.count); });
    ProgressMeter meter(events_, all);
    std::size_t ee = 0;
    std::size_t ff = 0;
    for (auto& piece : manifest().pieces) {
      meter.start(piece.name, geometry.bytes(piece.range.count));
      if (!taken_over(piece)) {
        TRY_ASSIGN(auto fill, read(piece, meter));
        ee += fill == std::byte{0xEE} ? 1U : 0U;
        ff += fill == std::byte{0xFF} ? 1U : 0U;
      }
      if (!piece.unreadable.empty()) {
        warn(events_, fmt::format("{}: {} sectors could not be read, the first is {}; they are marked in the backup",
                                  piece.name, piece.unreadable.size(), piece.unreadable.front()));
      }
      meter.finish();
    }
    manifest().fill = ee > ff ? 0xEE : 0xFF;
    return {};
  }

  bool taken_over(BackupPiece& piece) {
    if (!resumes_ || changes_while_running(piece.name)) {
      return false;
    }
    auto text = read_beginning(partial_ / (piece.file + ".json"), longest_manifest);
    auto left = text ? parse_piece(*text) : fail(text.error());
    std::error_code error;
    auto size = fs::file_size(partial_ / piece.file, error);
    if (!left || error || left->name != piece.name || left->range != piece.range || left->file != piece.file ||
        size != left->stored * manifest().geometry.page_size) {
      return false;
    }
    piece = *left;  // its digest is looked at when all is packed and verified
    ++report_.resumed;
    return true;
  }

  Result<std::optional<std::byte>> read(BackupPiece& piece, ProgressMeter& meter) {
    PieceWriter writer(partial_ / piece.file, piece.range, manifest().geometry);
    TRY(writer.open());
    std::uint64_t done = 0;
    std::uint64_t told = 0;
    auto take = [&](ByteView bytes) {
      done += bytes.size();
      if (done - told >= 1_MiB) {
        told = done;
        meter.tell(done);
      }
      return writer.take(bytes);
    };
    TRY(read_sectors(chip_.link, manifest().geometry, piece.range, take, stop_));
    TRY(writer.finish(piece));
    piece.time = options_.time;
    report_.bytes += done;
    TRY(replace_file(partial_ / (piece.file + ".json"), piece_text(piece)));
    return writer.fill();
  }

  /// Makes the one file out of the pieces, and sees that it can be read.
  Result<void> pack() {
    auto draft = partial_ / "whole.zip";
    std::error_code error;
    fs::remove(draft, error);
    TRY_ASSIGN(auto zip, firmware::ArchiveWriter::create(draft));
    auto text = manifest_text(manifest());
    auto sums = fmt::format("{}  manifest.json\n", hex_digits(digest<Sha256>(as_bytes(text))));
    for (const auto& piece : manifest().pieces) {
      sums += fmt::format("{}  {}\n", piece.digest, piece.file);
    }
    TRY(zip->add("manifest.json", as_bytes(text)));
    TRY(zip->add("SHA256SUMS", as_bytes(sums)));
    for (const auto& piece : manifest().pieces) {
      std::ifstream in(partial_ / piece.file, std::ios::binary);
      Buffer buffer(256_KiB);
      TRY(zip->add(piece.file, piece.stored * manifest().geometry.page_size, [&]() -> Result<ByteView> {
        in.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(buffer.size()));
        return ByteView(buffer).first(static_cast<std::size_t>(in.gcount()));
      }));
    }
    TRY(zip->close());
    TRY_ASSIGN(auto made, BackupFile::open(draft.string()));
    TRY(made.verify(stop_));
    // Not over a file that somebody made meanwhile.
    fs::create_hard_link(draft, options_.out, error);
    if (error) {
      fs::rename(draft, options_.out, error);  // a file system without links
    }
    if (error) {
      return fail_errno(error.value(), "write " + printable(options_.out.string()));
    }
    sync_folder(options_.out.parent_path().empty() ? "." : options_.out.parent_path());
    return {};
  }

  const ReadableChip& chip_;
  const BackupOptions& options_;
  Events& events_;
  const std::stop_token& stop_;
  fs::path partial_;
  bool resumes_ = false;
  BackupReport report_;
};

}  // namespace

Result<BackupReport> make_backup(const ReadableChip& chip, const BackupOptions& options, Events& events,
                                 const std::stop_token& stop) {
  return Backup(chip, options, events, stop).run();
}

}  // namespace modemedic::operation
