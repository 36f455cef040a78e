#pragma once

#include "base/bytes.h"
#include "protocol/sahara_wire.h"

#include <cstdint>
#include <optional>

namespace modemedic::protocol {

/// What the boot ROM tells of itself in Sahara's command mode.
struct ChipIdentity {
  std::optional<std::uint32_t> serial;
  std::optional<std::uint64_t> hwid;
  Buffer pk_hash;  ///< 32 bytes, or empty
};

/// What a chip is asked in command mode, one client command after the other, and what it answered.
class SaharaQuestions {
public:
  /// None when all have been asked.
  std::optional<sahara::ClientCommand> current() const;

  /// The raw answer to current(); one that is too short tells nothing. On to the next.
  void take_answer(ByteView answer);

  /// It has no answer. On to the next.
  void skip() { ++asked_; }

  const ChipIdentity& identity() const { return identity_; }

private:
  std::size_t asked_ = 0;
  ChipIdentity identity_;
};

}  // namespace modemedic::protocol
