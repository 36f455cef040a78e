#pragma once

#include "operation/journal.h"
#include "operation/run_firehose.h"
#include "plan/restore.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

namespace modemedic::operation {

/// What is to stand in a piece of the chip, sector by sector from its start.
class PieceContent {
public:
  virtual ~PieceContent() = default;

  /// The next sector, whole; one that is to be erased is 0xFF throughout. Holds until the next call.
  virtual Result<ByteView> next() = 0;
};

/// A proven plan, and all that it takes to walk it.
struct PieceWork {
  FirehoseLink& link;
  const plan::ChipReport& storage;
  const plan::ProvenRestore& plan;
  std::function<Result<std::unique_ptr<PieceContent>>(std::size_t piece)> content;
  std::vector<std::uint64_t> no_matter;  ///< blocks, ascending, whose content says nothing; those that are bad besides
  Journal& journal;
  Events& events;
  const std::stop_token& stop;
};

/// Walks it: erases, programs, and reads every piece back; one that reads back wrong is written once more.
/// @return the first failure; its hint says what the modem has now and how to go on
Result<void> write_pieces(const PieceWork& work);

}  // namespace modemedic::operation
