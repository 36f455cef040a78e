#pragma once

#include "operation/run_firehose.h"
#include "plan/plan.h"

#include <string>

namespace modemedic::operation {

/// Erases a range. A programmer acknowledges the erase of a block that failed (`Skipping erase failure`), so such a
/// log has the range read back. A NAK that asks for another attempt is given it.
/// @param name  the partition, for the error
/// @return whether there was no reason for doubt: false when it had to be read back, and was blank.
/// Code::device_refused with the programmer's own words when it refuses, or when the range is not blank
Result<bool> erase_range(FirehoseLink& link, const protocol::firehose::Erase& command, const plan::ChipReport& chip,
                         const std::string& name);

/// Reads a range: every block of it that is not bad must be blank (0xFF, on some programmers 0xEE).
/// @return Code::device_refused naming the first sector that is not
Result<void> prove_blank(FirehoseLink& link, const SectorRange& range, const plan::ChipReport& chip,
                         const std::string& name);

/// The same as a question.
/// @return Code::device_refused when the range can't be read
Result<bool> is_blank(FirehoseLink& link, const SectorRange& range, const plan::ChipReport& chip,
                      const std::string& name);

}  // namespace modemedic::operation
