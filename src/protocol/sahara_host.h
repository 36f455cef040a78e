#pragma once

#include "protocol/action.h"
#include "protocol/sahara_wire.h"

#include <map>
#include <optional>
#include <string>
#include <variant>

namespace modemedic::protocol {

/// What the boot ROM tells of itself in Sahara's command mode.
struct ChipIdentity {
  std::optional<std::uint32_t> serial;
  std::optional<std::uint64_t> hwid;
  Buffer pk_hash;  ///< 32 bytes, or empty
};

/// Host side of Sahara: hands a programmer to a modem that waits in EDL, after asking who it is.
///
/// HELLO is sent once per enumeration; when it doesn't come, the host sends HELLO_RESPONSE unasked, then
/// RESET_STATE_MACHINE, before it gives up (facts: sahara-firehose.md). Packets: docs/protocols/sahara.md.
class SaharaHost {
public:
  struct Options {
    std::map<std::uint64_t, std::uint64_t> images;  ///< image id -> bytes on offer
    bool ask_identity = true;                       ///< command mode first; a modem that refuses it goes on without
  };

  explicit SaharaHost(Options options);

  void feed(ByteView bytes);  ///< any split: half a packet, three at once
  void timed_out();           ///< the device kept silent as long as Await allowed

  using Action = std::variant<Send, SendImage, Await, Done, Failed>;
  Action next();

  const ChipIdentity& identity() const;

  /// The first bytes were `<?xml`: a programmer is running already; next() is Done, feed these bytes to Firehose.
  bool programmer_running() const;

private:
  // the implementer's
};

}  // namespace modemedic::protocol
