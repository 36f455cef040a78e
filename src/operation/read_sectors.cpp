#include "operation/read_sectors.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

/// A command's own talk costs as much as some pages; what is read at once can't be stopped half-way.
constexpr std::uint64_t read_at_once = 8_MiB;

}  // namespace

Result<void> read_sectors(FirehoseLink& link, const Geometry& geometry, const SectorRange& range,
                          const FirehoseLink::Sink& sink, const std::stop_token& stop) {
  Sectors step{std::max<std::uint64_t>(1, read_at_once / geometry.page_size)};
  for (auto at = range.start; at < range.end(); at += step) {
    if (stop.stop_requested()) {
      return fail(Code::interrupted).what("stopped by the person");
    }
    SectorRange piece{at, std::min(step, range.end() - at)};
    std::uint64_t came = 0;
    TRY_ASSIGN(auto reply, link.read({geometry, piece, true}, [&](ByteView bytes) {
      came += bytes.size();
      return sink(bytes);
    }));
    if (!reply.ack || came != geometry.bytes(piece.count)) {
      return fail(Code::device_refused)
          .what(fmt::format("sectors {} to {} could not be read: {}", piece.start.n, piece.end().n - 1,
                            in_its_words(reply)))
          .hint("take all power from the modem for some seconds and start again");
    }
  }
  return {};
}

bool shows_unreadable(ByteView sector) {
  constexpr std::byte mark[] = {std::byte{0xDE}, std::byte{0xAD}, std::byte{0xD0}, std::byte{0x0D}};
  return sector.size() > std::size(mark) && std::equal(std::begin(mark), std::end(mark), sector.begin()) &&
         std::all_of(sector.begin() + std::size(mark), sector.end(), [](std::byte b) { return b == std::byte{0xDD}; });
}

std::optional<std::byte> blank_fill(ByteView sector) {
  if (sector.empty() || (sector.front() != std::byte{0xFF} && sector.front() != std::byte{0xEE})) {
    return std::nullopt;
  }
  // Equal to itself moved on by one: all bytes are the first.
  auto same = std::equal(sector.begin(), sector.end() - 1, sector.begin() + 1);
  return same ? std::optional(sector.front()) : std::nullopt;
}

}  // namespace modemedic::operation
