#pragma once

#include "base/units.h"
#include "protocol/action.h"

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace modemedic::protocol {

/// Firehose commands, each with all its attributes: a 9x07 programmer keeps those that are left out from an earlier
/// command of any kind (facts: programmer-9x07.md, trap 4).
namespace firehose {

struct Configure {
  std::uint32_t payload = 16384;  ///< bytes a raw transfer to the device
  bool skip_write = false;        ///< programs are received and ACKed without touching the flash; erases are not
};

struct Nop {};

struct GetStorageInfo {};

using Attributes = std::vector<std::pair<std::string, std::string>>;

struct Erase {
  Geometry geometry;
  SectorRange range;
  Attributes verbatim;  ///< attributes of the package's own element that we don't know (vendor, …)
};

struct Program {
  Geometry geometry;
  Sectors start;
  std::uint64_t size = 0;  ///< bytes of the image; the last sector is filled with 0xFF
  std::string filename;    ///< last part only; cut to what the parser takes (63 characters)
};

/// Raw bytes of whole sectors. `keep_positions` (bad_block_at_end="0"): a bad block reads 0xBB in its place; else bad
/// blocks are skipped as program skips them.
struct Read {
  Geometry geometry;
  SectorRange range;
  bool keep_positions = false;
};

struct Power {
  unsigned delay_seconds = 1;
};

using Command = std::variant<Configure, Nop, GetStorageInfo, Erase, Program, Read, Power>;

/// The one document that says so: never a multiple of 512 bytes long, never over 4095 (trap 6).
Buffer document(const Command& command);

/// Attributes of the `<response>` that ended a command.
struct Reply {
  bool ack = false;
  std::map<std::string, std::string> attributes;
  std::vector<std::string> logs;  ///< what the device logged since the command, entities resolved
};

}  // namespace firehose

/// Host side of Firehose: one command after another to a running programmer.
///
/// start(command); then do what next() says until Done (reply() holds ACK or NAK: a NAK is not a failure of the
/// protocol) or Failed. The tolerant reader takes several documents in one transfer and one over many.
class FirehoseHost {
public:
  void start(const firehose::Command& command);

  /// Waits for the greeting without sending anything.
  void start_greeting();

  void feed(ByteView bytes);
  void timed_out();
  void received(std::uint64_t length);  ///< answer to ReceiveRaw

  using Action = std::variant<Send, SendImage, ReceiveRaw, Await, Done, Failed>;
  Action next();

  const firehose::Reply& reply() const;

  /// Log lines that came since the last call, for the events.
  std::vector<std::string> take_logs();

  /// Raw bytes that came in the same transfer as the ACK before them; to be taken before receiving ReceiveRaw's rest.
  Buffer take_raw();

  /// Bytes of a raw transfer to the device, as the last configure agreed.
  std::uint32_t payload() const;

private:
  // the implementer's
};

/// What getstorageinfo's log lines say. Bad blocks ascending; nothing when geometry isn't in them.
struct StorageInfo {
  Geometry geometry;
  std::vector<std::uint64_t> bad_blocks;
  std::string flash_name;
};

std::optional<StorageInfo> parse_storage_info(const std::vector<std::string>& logs);

}  // namespace modemedic::protocol
