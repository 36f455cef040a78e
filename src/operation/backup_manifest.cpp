#include "operation/backup_manifest.h"

#include "base/bytes.h"
#include "plan/ranges.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::operation {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_pieces = 200;
constexpr auto format = "modemedic-backup";

Failure bad(const std::string& what) {
  return fail(Code::package_bad)
      .what("the backup's manifest: " + what)
      .hint("this file can't be trusted with a chip: use another copy of the backup");
}

/// Wraps what the JSON library throws: a field that isn't there or is of another kind.
template <typename T, typename Parse>
Result<T> guarded(std::string_view text, Parse parse) {
  try {
    return parse(Json::parse(text));
  } catch (const Json::exception& error) {
    return bad(printable(error.what()));
  }
}

std::string short_text(const Json& fields, const char* key) {
  constexpr std::size_t longest = 200;
  return printable(fields.at(key).get<std::string>(), longest);
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Json to_json(const BackupPiece& piece) {
  return {{"name", piece.name},
          {"file", piece.file},
          {"start", piece.range.start.n},
          {"sectors", piece.range.count.n},
          {"stored", piece.stored},
          {"erased_tail", piece.range.count.n - piece.stored},
          {"sha256", piece.digest},
          {"unreadable", piece.unreadable},
          {"time", piece.time}};
}

Result<BackupPiece> piece_of(const Json& fields) {
  BackupPiece piece;
  piece.name = short_text(fields, "name");
  piece.file = fields.at("file").get<std::string>();
  piece.range = {{fields.at("start").get<std::uint64_t>()}, {fields.at("sectors").get<std::uint64_t>()}};
  piece.stored = fields.at("stored").get<std::uint64_t>();
  piece.digest = fields.at("sha256").get<std::string>();
  piece.unreadable = fields.at("unreadable").get<std::vector<std::uint64_t>>();
  piece.time = short_text(fields, "time");
  if (!is_hex(piece.digest, 64)) {
    return bad(printable(piece.name) + " has no digest");
  }
  if (piece.stored > piece.range.count.n) {
    return bad(printable(piece.name) + " holds more than its range");
  }
  return piece;
}

Result<void> check_geometry(const Geometry& geometry) {
  auto size = geometry.page_size;
  auto power = size >= 512 && size <= 16384 && (size & (size - 1)) == 0;
  if (!power || geometry.pages_per_block == 0 || geometry.pages_per_block > 1024 || geometry.blocks == 0 ||
      geometry.blocks > 1048576) {
    return bad("no chip has such a geometry");
  }
  return {};
}

/// Each range on the chip, in whole blocks, and none over another.
Result<void> check_ranges(const std::vector<std::pair<std::string, SectorRange>>& ranges, const Geometry& geometry) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto& [name, range] = ranges[i];
    if (!plan::on_chip(range, geometry) || !plan::whole_blocks(range, geometry)) {
      return bad(fmt::format("{} is not on the chip in whole blocks", name));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (ranges[j].first == name || ranges[j].second.overlaps(range)) {
        return bad(fmt::format("{} and {} are in each other's way", ranges[j].first, name));
      }
    }
  }
  return {};
}

bool ascending_below(const std::vector<std::uint64_t>& numbers, std::uint64_t from, std::uint64_t end) {
  return std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) == numbers.end() &&
         (numbers.empty() || (numbers.front() >= from && numbers.back() < end));
}

Result<void> check(const BackupManifest& manifest) {
  TRY(check_geometry(manifest.geometry));
  if (!ascending_below(manifest.bad_blocks, 0, manifest.geometry.blocks)) {
    return bad("its bad blocks are none of such a chip");
  }
  if (manifest.pieces.empty() || manifest.pieces.size() > most_pieces || manifest.table.size() > most_pieces) {
    return bad("it lists nothing, or too much");
  }
  std::vector<std::pair<std::string, SectorRange>> pieces;
  for (std::size_t i = 0; i < manifest.pieces.size(); ++i) {
    const auto& piece = manifest.pieces[i];
    pieces.emplace_back(piece.name, piece.range);
    if (piece.file != piece_file(i, piece.name)) {
      return bad(fmt::format("{} lies in {}, which is not its place", piece.name, printable(piece.file)));
    }
  }
  TRY(check_ranges(pieces, manifest.geometry));
  for (const auto& piece : manifest.pieces) {
    if (!ascending_below(piece.unreadable, piece.range.start.n, piece.range.end().n)) {
      return bad(piece.name + " has unreadable sectors that are not its own");
    }
  }
  std::vector<std::pair<std::string, SectorRange>> table;
  for (const auto& partition : manifest.table) {
    table.emplace_back(partition.name, partition.range);
  }
  return check_ranges(table, manifest.geometry);
}

Result<BackupManifest> manifest_of(const Json& fields) {
  if (fields.at("format").get<std::string>() != format) {
    return bad("it is of something else");
  }
  if (auto version = fields.at("version").get<std::int64_t>(); version != BackupManifest::form) {
    return fail(Code::package_bad)
        .what(fmt::format("the backup has form {}, this modemedic knows form {}", version, BackupManifest::form))
        .hint(fmt::format("it was made by {}: use that, or a later one", short_text(fields, "made_by")));
  }
  BackupManifest manifest;
  manifest.made_by = short_text(fields, "made_by");
  manifest.time = short_text(fields, "time");
  const auto& modem = fields.at("modem");
  manifest.imei = short_text(modem, "imei");
  manifest.model = short_text(modem, "model");
  manifest.revision = short_text(modem, "revision");
  manifest.chip_serial = short_text(modem, "chip_serial");
  manifest.hwid = short_text(modem, "hwid");
  manifest.pk_hash = short_text(modem, "pk_hash");
  const auto& geometry = fields.at("geometry");
  manifest.geometry = {geometry.at("page_size").get<std::uint32_t>(),
                       geometry.at("pages_per_block").get<std::uint32_t>(), geometry.at("blocks").get<std::uint64_t>()};
  auto fill = fields.at("fill").get<unsigned>();
  if (fill != 0xFF && fill != 0xEE) {
    return bad("no programmer shows erased pages so");
  }
  manifest.fill = static_cast<std::uint8_t>(fill);
  manifest.bad_blocks = fields.at("bad_blocks").get<std::vector<std::uint64_t>>();
  for (const auto& row : fields.at("table")) {
    manifest.table.push_back(
        {short_text(row, "name"), {{row.at("start").get<std::uint64_t>()}, {row.at("sectors").get<std::uint64_t>()}}});
  }
  manifest.programmer = short_text(fields.at("programmer"), "name");
  manifest.programmer_digest = short_text(fields.at("programmer"), "sha256");
  for (const auto& row : fields.at("pieces")) {
    TRY_ASSIGN(auto piece, piece_of(row));
    manifest.pieces.push_back(std::move(piece));
  }
  TRY(check(manifest));
  return manifest;
}

}  // namespace

std::string piece_file(std::size_t number, std::string_view partition) {
  std::string safe;
  for (char c : partition.substr(0, 40)) {
    auto plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    safe += plain ? c : '_';
  }
  return fmt::format("data/{:02}-{}.bin", number, safe);
}

std::string piece_text(const BackupPiece& piece) {
  return to_json(piece).dump(1) + "\n";
}

Result<BackupPiece> parse_piece(std::string_view text) {
  return guarded<BackupPiece>(text, piece_of);
}

std::string manifest_text(const BackupManifest& manifest) {
  auto table = Json::array();
  for (const auto& partition : manifest.table) {
    table.push_back(
        {{"name", partition.name}, {"start", partition.range.start.n}, {"sectors", partition.range.count.n}});
  }
  auto pieces = Json::array();
  for (const auto& piece : manifest.pieces) {
    pieces.push_back(to_json(piece));
  }
  Json fields{{"format", format},
              {"version", BackupManifest::form},
              {"made_by", manifest.made_by},
              {"time", manifest.time},
              {"modem",
               {{"imei", printable(manifest.imei)},
                {"model", printable(manifest.model)},
                {"revision", printable(manifest.revision)},
                {"chip_serial", manifest.chip_serial},
                {"hwid", manifest.hwid},
                {"pk_hash", manifest.pk_hash}}},
              {"geometry",
               {{"page_size", manifest.geometry.page_size},
                {"pages_per_block", manifest.geometry.pages_per_block},
                {"blocks", manifest.geometry.blocks}}},
              {"fill", manifest.fill},
              {"bad_blocks", manifest.bad_blocks},
              {"table", table},
              {"programmer", {{"name", printable(manifest.programmer)}, {"sha256", manifest.programmer_digest}}},
              {"pieces", pieces}};
  return fields.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<BackupManifest> parse_manifest(std::string_view text) {
  return guarded<BackupManifest>(text, manifest_of);
}

}  // namespace modemedic::operation
