#pragma once

#include "operation/save_efs.h"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::operation {

/// What a flash does for what is the module's own: it saves that before the first erase, and compares it before the
/// reset. Writes nothing to the chip.
class EfsGuard {
public:
  struct Setup {
    SavePlace place;  ///< without a folder nothing is saved: the person said so
    const Clock& clock;
    Events& events;
    const std::stop_token& stop;
    std::string programmer;              ///< its name,
    std::string programmer_digest;       ///< SHA-256 in hex digits,
    std::string programmer_option;       ///< and how a command names it: "--package fw.zip"
    std::vector<std::string> also = {};  ///< partitions that are saved besides
  };

  explicit EfsGuard(Setup setup) : setup_(std::move(setup)) {}

  /// The chip, once its programmer runs.
  /// @param table   its own
  /// @param writes  what is about to be erased or written
  void meet(FirehoseLink& link, Identity identity, plan::ChipReport storage, firmware::PartitionTable table,
            std::vector<SectorRange> writes);

  /// What sectors that can't be read make of a copy.
  enum class Holes { make_it_none, are_told };

  /// Saves it: what it needs that would destroy it.
  /// @param why  "what is the module's own would be destroyed"
  /// @return Code::refused with rule efs and why it could not be done
  Result<void> save_for_certain(const std::string& why, Holes holes = Holes::make_it_none);

  /// Saves it, if that has not been done. What keeps it from that is told, and keeps no flash that leaves it alone from
  /// going on.
  /// @return only what ends the flash as well
  Result<void> save();

  /// Before the reset: is it as it was saved?
  Result<void> compare();

  const std::optional<SavedEfs>& saved() const { return saved_; }

  bool compared() const { return compared_; }

  /// Partitions that are not as they were saved, and that this package has nothing to do with.
  const std::vector<std::string>& changed() const { return changed_; }

  /// Those that the package itself writes over: an old `sec` that a new table gives to another partition, and what the
  /// person gave up by lifting rule efs.
  const std::vector<std::string>& written_over() const { return written_over_; }

  /// How a person gets it back; empty when nothing was saved.
  std::string way_back() const;

private:
  struct Chip {
    FirehoseLink& link;
    Identity identity;
    plan::ChipReport storage;
    firmware::PartitionTable table;
    std::vector<SectorRange> writes;
  };

  Result<void> make_copy();
  Result<void> compare_pieces();

  Setup setup_;
  std::optional<Chip> chip_;
  std::optional<SavedEfs> saved_;
  std::vector<std::string> changed_;
  std::vector<std::string> written_over_;
  bool compared_ = false;
};

}  // namespace modemedic::operation
