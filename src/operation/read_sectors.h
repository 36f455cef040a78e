#pragma once

#include "operation/run_firehose.h"
#include "plan/plan.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

/// The chip as it is, sector by sector, with every position kept.
namespace modemedic::operation {

/// Reads a range with bad_block_at_end="0": a bad block reads 0xBB in its place.
/// @param sink  gets whole sectors in pieces of any size, in order
/// @return Code::device_refused when the programmer can't read it; the sink's failure; Code::interrupted
Result<void> read_sectors(FirehoseLink& link, const Geometry& geometry, const SectorRange& range,
                          const FirehoseLink::Sink& sink, const std::stop_token& stop);

/// Does this sector read as the programmer shows a page it could not read: DE AD D0 0D, then DD to the end?
bool shows_unreadable(ByteView sector);

/// The value of all bytes of a sector, when it is one of those that erased pages read as: 0xFF, on some programmers
/// 0xEE.
std::optional<std::byte> blank_fill(ByteView sector);

}  // namespace modemedic::operation
