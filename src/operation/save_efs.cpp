#include "operation/save_efs.h"

#include "firmware/partition_role.h"
#include "operation/journal.h"
#include "operation/piece_writer.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::operation {

namespace fs = std::filesystem;

namespace {

/// What a 9x07 reads in a second, roughly: for a person's patience only.
constexpr std::uint64_t usual_pace = 8_MiB;

Sectors sectors_in(const firmware::PartitionTable& table) {
  return std::accumulate(table.begin(), table.end(), Sectors{},
                         [](Sectors sum, const auto& partition) { return sum + partition.range.count; });
}

/// @return false when it is there already
Result<bool> make_folder(const fs::path& path) {
  std::error_code error;
  auto made = fs::create_directory(path, error);
  if (error && error != std::errc::file_exists) {
    return fail_errno(error.value(), "write into " + printable(path.parent_path().string()));
  }
  return made;
}

/// A disk that is nearly full is not filled by a copy that can't become whole. It takes twice its size on the way.
Result<void> check_room(const fs::path& folder, std::uint64_t size) {
  std::error_code error;
  auto room = fs::space(folder, error);
  constexpr auto beside = 4_MiB;
  if (!error && room.available < 2 * size + beside) {
    return fail(Code::io)
        .what(fmt::format("{} has {} MiB left, a copy of what is the module's own takes {}", printable(folder.string()),
                          room.available / 1_MiB, 2 * size / 1_MiB + 4))
        .hint("make room there, or name another folder with --data");
  }
  return {};
}

}  // namespace

std::size_t SavedEfs::unreadable() const {
  return std::accumulate(manifest.pieces.begin(), manifest.pieces.end(), std::size_t{0},
                         [](std::size_t sum, const BackupPiece& piece) { return sum + piece.unreadable.size(); });
}

std::vector<std::string> SavedEfs::names() const {
  std::vector<std::string> names;
  std::ranges::transform(manifest.pieces, std::back_inserter(names), &BackupPiece::name);
  return names;
}

firmware::PartitionTable own_partitions(const firmware::PartitionTable& table) {
  firmware::PartitionTable own;
  std::ranges::copy_if(table, std::back_inserter(own), [](const firmware::Partition& partition) {
    return firmware::role_of(partition.name) == firmware::Role::calibrated;
  });
  std::ranges::sort(own, {}, [](const auto& partition) { return partition.range.start; });
  return own;
}

std::string told_to_save(const firmware::PartitionTable& table, const Geometry& geometry) {
  auto own = own_partitions(table);
  if (own.empty()) {
    return {};
  }
  std::string names;
  for (std::size_t i = 0; i < own.size(); ++i) {
    names += fmt::format("{}{}", i == 0 ? "" : i + 1 == own.size() ? " and " : ", ", printable(own[i].name));
  }
  auto bytes = geometry.bytes(sectors_in(own));
  return fmt::format("{}, {} MiB, about {} s", names, (bytes + 1_MiB - 1) / 1_MiB,
                     (bytes + usual_pace - 1) / usual_pace);
}

Result<SavedEfs> save_efs(const ReadableChip& chip, const SavePlace& place, const std::vector<std::string>& also,
                          const Clock& clock, Events& events, const std::stop_token& stop) {
  auto wanted = own_partitions(chip.table);
  std::ranges::copy_if(chip.table, std::back_inserter(wanted), [&](const firmware::Partition& partition) {
    return std::ranges::find(also, partition.name) != also.end();
  });
  if (wanted.empty()) {
    return fail(Code::refused).rule("efs").what("no table tells where what is the module's own stands");
  }
  auto started = clock.now();
  TRY(prepare(place));
  TRY(check_room(place.folder, chip.storage.geometry.bytes(sectors_in(wanted))));
  BackupOptions options{.out = {}, .partitions = {}, .time = place.time};
  std::ranges::transform(wanted, std::back_inserter(options.partitions), &firmware::Partition::name);
  // Making the folder is what claims the name.
  TRY_ASSIGN(options.out, claim_copy(place, serial_text(chip.identity.chip), ".zip", make_folder));
  auto made = make_backup(chip, options, events, stop);
  if (!made) {
    std::error_code error;
    fs::remove_all(partial(options.out), error);  // the next flash reads it anew anyway
    return fail(std::move(made.error()));
  }
  SavedEfs saved{.file = options.out, .manifest = std::move(made->manifest), .bytes = made->bytes, .time = {}};
  saved.time = clock.now() - started;
  return saved;
}

Result<bool> still_the_same(const SavedEfs& saved, const BackupPiece& piece, FirehoseLink& link,
                            const std::stop_token& stop) {
  const auto& geometry = saved.manifest.geometry;
  PieceWriter reader({}, piece.range, geometry);
  TRY(read_sectors(
      link, geometry, piece.range, [&](ByteView bytes) { return reader.take(bytes); }, stop));
  auto now = piece;
  TRY(reader.finish(now));
  return now == piece;
}

}  // namespace modemedic::operation
