#pragma once

#include "firmware/package.h"
#include "operation/run_firehose.h"
#include "plan/plan.h"

#include <set>
#include <stop_token>

namespace modemedic::operation {

/// Reads an image back, bad blocks skipped as the programmer skips them, and compares it with the package's bytes.
/// Ends with the first piece that differs. A programmer that tells digests is asked for those instead: when all are the
/// package's, every byte is there. Any other answer proves nothing, and the image is read.
/// @return whether every byte is there, and 0xFF up to the page's end; Code::device_refused when the chip can't be read
Result<bool> reads_back(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip,
                        const firmware::Image& image);

/// Which of these images stand on the chip: they read back, and nothing is behind them in their partitions.
/// @param candidates  indexes into Package::images
/// @return Code::interrupted, Code::modem_lost; an image that can't be read does not stand
Result<plan::Standing> find_standing(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip,
                                     const std::set<std::size_t>& candidates, const std::stop_token& stop);

}  // namespace modemedic::operation
