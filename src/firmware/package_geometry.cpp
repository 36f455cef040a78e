#include "firmware/package_geometry.h"

#include "firmware/bad_file.h"
#include "firmware/number_text.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::uint64_t rest_of_chip = 0xFFFFFFFF;  // as the programmer takes it
constexpr std::uint32_t smallest_page = 512;
constexpr std::uint32_t largest_page = 16384;
constexpr std::uint32_t most_pages_per_block = 512;

/// KiB after `mark` in "rawprogram_nand_p2k_b128k_update.xml"; nothing when the name has none.
std::optional<std::uint64_t> suffix_of(std::string_view name, std::string_view mark) {
  for (auto at = name.find(mark); at != std::string_view::npos; at = name.find(mark, at + 1)) {
    auto digits = name.substr(at + mark.size());
    digits = digits.substr(0, digits.find('k'));
    if (auto kib = digits.size() <= 4 ? number_of(digits) : std::nullopt) {
      return kib;
    }
  }
  return std::nullopt;
}

Result<void> agree(std::optional<std::uint64_t> said, std::uint64_t is, std::string_view who, std::string_view unit,
                   const std::string& file) {
  if (!said || *said == is) {
    return {};
  }
  return bad_file(file, fmt::format("its commands are for {}s of {} bytes, {} says {}", unit, is, who, *said));
}

Result<void> check_cells(const std::vector<RawCommand>& commands, const std::string& file) {
  const auto& first = commands.front();
  if (first.page_size < smallest_page || first.page_size > largest_page || !std::has_single_bit(first.page_size) ||
      first.pages_per_block > most_pages_per_block || !std::has_single_bit(first.pages_per_block)) {
    return bad_file(file,
                    fmt::format("no NAND has pages of {} bytes, {} a block", first.page_size, first.pages_per_block));
  }
  for (std::size_t i = 1; i < commands.size(); ++i) {
    if (commands[i].page_size != first.page_size || commands[i].pages_per_block != first.pages_per_block) {
      return bad_file(file, fmt::format("{} is for pages of {} bytes, {} a block, but the first command for {} and {}",
                                        describe(commands[i], i), commands[i].page_size, commands[i].pages_per_block,
                                        first.page_size, first.pages_per_block));
    }
  }
  return {};
}

std::uint64_t blocks_that_hold(const std::vector<RawCommand>& commands, std::uint32_t pages_per_block) {
  std::uint64_t end = 1;
  for (const auto& command : commands) {
    if (command.range.count.n != rest_of_chip) {
      end = std::max(end, command.range.end().n);
    }
  }
  return std::bit_ceil(end / pages_per_block + (end % pages_per_block != 0 ? 1 : 0));
}

}  // namespace

std::string describe(const RawCommand& command, std::size_t index) {
  return fmt::format("command {} ({})", index + 1,
                     command.kind == RawCommand::Kind::erase ? "erase" : printable(command.filename));
}

std::string describe(const SectorRange& range) {
  return fmt::format("sectors {} to {}", range.start.n, range.end().n - 1);
}

Result<Geometry> geometry_of(const std::vector<RawCommand>& commands, const RawHeader& header,
                             const std::string& file) {
  TRY(check_cells(commands, file));
  Geometry geometry;
  geometry.page_size = commands.front().page_size;
  geometry.pages_per_block = commands.front().pages_per_block;

  auto name = fold_case(last_part(file));
  auto in_bytes = [](std::optional<std::uint64_t> kib) { return kib ? std::optional(*kib * 1024) : std::nullopt; };
  TRY(agree(in_bytes(suffix_of(name, "_p")), geometry.page_size, "its name", "page", file));
  TRY(agree(in_bytes(suffix_of(name, "_b")), geometry.block_size(), "its name", "block", file));
  TRY(agree(header.page_size, geometry.page_size, "its comment", "page", file));
  TRY(agree(header.block_size, geometry.block_size(), "its comment", "block", file));

  if (!header.chip_sectors) {
    geometry.blocks = blocks_that_hold(commands, geometry.pages_per_block);
    return geometry;
  }
  if (*header.chip_sectors == 0 || *header.chip_sectors % geometry.pages_per_block != 0) {
    return bad_file(file, fmt::format("a chip of {} sectors has no whole number of blocks", *header.chip_sectors));
  }
  geometry.blocks = *header.chip_sectors / geometry.pages_per_block;
  return geometry;
}

bool erases_whole_chip(const RawCommand& command, const Geometry& geometry) {
  bool all = command.range.start.n == 0 && command.range.count >= geometry.chip_sectors();
  return command.kind == RawCommand::Kind::erase && (all || command.range.count.n == rest_of_chip);
}

Result<void> check_ranges(const std::vector<RawCommand>& commands, const Geometry& geometry, const std::string& file) {
  std::vector<std::size_t> programs;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const auto& range = commands[i].range;
    if (erases_whole_chip(commands[i], geometry)) {
      continue;
    }
    if (range.end() > geometry.chip_sectors()) {
      return bad_file(file, fmt::format("{}: {} reach past the chip, which has {}", describe(commands[i], i),
                                        describe(range), geometry.chip_sectors().n));
    }
    if (range.start.n % geometry.pages_per_block != 0 || range.count.n % geometry.pages_per_block != 0) {
      return bad_file(file, fmt::format("{}: {} are not whole blocks of {}", describe(commands[i], i), describe(range),
                                        geometry.pages_per_block));
    }
    if (commands[i].kind == RawCommand::Kind::program) {
      programs.push_back(i);
    }
  }
  std::sort(programs.begin(), programs.end(),
            [&](std::size_t a, std::size_t b) { return commands[a].range.start < commands[b].range.start; });
  for (std::size_t i = 1; i < programs.size(); ++i) {
    const auto& before = commands[programs[i - 1]];
    const auto& after = commands[programs[i]];
    if (before.range.overlaps(after.range)) {
      return bad_file(file, fmt::format("{} and {} overlap: {} and {}", describe(before, programs[i - 1]),
                                        describe(after, programs[i]), describe(before.range), describe(after.range)));
    }
  }
  return {};
}

}  // namespace modemedic::firmware
