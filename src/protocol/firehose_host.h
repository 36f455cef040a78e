#pragma once

#include "base/digest.h"
#include "base/units.h"
#include "protocol/action.h"
#include "protocol/firehose_reader.h"

#include <map>
#include <optional>
#include <set>
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

/// Raw bytes of whole sectors. `keep_positions` (bad_block_at_end="0"): a bad block reads 0xBB in its place; else
/// (bad_block_at_end="1") bad blocks are skipped as program skips them, and the sectors that the range lacks so come
/// as 0xFF at its end. To read back an image, ask for its blocks and the bad ones among them. The third form, without
/// the attribute, can't be had for certain: an earlier command's value would stick.
struct Read {
  Geometry geometry;
  SectorRange range;
  bool keep_positions = false;
};

/// The SHA-256 of what Read with `keep_positions` would send. Programmers of later families have it, the 9x07's
/// hasn't: see FirehoseHost::functions().
struct Digest {
  Geometry geometry;
  SectorRange range;
};

struct Power {
  unsigned delay_seconds = 1;
};

using Command = std::variant<Configure, Nop, GetStorageInfo, Erase, Program, Read, Digest, Power>;

/// Can the programmer's parser take this command, and does it say what was meant?
/// @return Code::package_bad for verbatim attributes that are no XML, too long, or would overrule our own; Code::bug
///         for a range without sectors, past the chip, or past what the programmer counts with
Result<void> check(const Command& command);

/// The one document that says so: never a multiple of 512 bytes long, never over 4095 (trap 6). For commands that
/// check() lets pass.
Buffer document(const Command& command);

/// Attributes of the `<response>` that ended a command.
struct Reply {
  bool ack = false;
  std::map<std::string, std::string> attributes;
  std::vector<std::string> logs;  ///< what the device logged since the command, entities resolved
};

/// The digest that a reply to Digest tells. How it is told is not known of any real programmer, so it is taken wherever
/// it stands: the one word of 64 hex digits in the response's attributes and the logs.
/// @return nothing when there is none, or when there are different ones
std::optional<Sha256> told_digest(const Reply& reply);

}  // namespace firehose

/// Host side of Firehose: one command after another to a running programmer.
///
/// start(command); then do what next() says until Done (reply() holds ACK or NAK: a NAK is not a failure of the
/// protocol) or Failed. The tolerant reader takes several documents in one transfer and one over many.
/// feed() at any time: the device may talk between commands, and in the middle of raw data.
class FirehoseHost {
public:
  /// Forgets what came and belonged to no command. A command that check() refuses fails before anything is sent.
  void start(const firehose::Command& command);

  /// Waits for the greeting without sending anything; Done when it is complete, Failed when nothing came.
  void start_greeting();

  void feed(ByteView bytes);
  void timed_out();
  void received(std::uint64_t length);  ///< answer to ReceiveRaw

  using Action = std::variant<Send, SendImage, ReceiveRaw, Await, Done, Failed>;
  Action next();

  const firehose::Reply& reply() const { return reply_; }

  /// Log lines that came since the last call, for the events.
  std::vector<std::string> take_logs();

  /// Raw bytes that came in the same transfer as the ACK before them; to be taken before receiving ReceiveRaw's rest.
  Buffer take_raw();

  /// The commands that the programmer has said it knows, in its greeting or in answer to a nop; empty while it has said
  /// nothing.
  const std::set<std::string>& functions() const { return functions_; }

  /// Bytes of a raw transfer to the device, as the last configure agreed.
  std::uint32_t payload() const { return payload_; }

private:
  enum class State {
    idle,
    greeting,
    send_document,
    wait_reply,
    send_raw,
    wait_raw_taken,
    receive_raw,
    wait_raw_given,
    done,
    failed,
  };

  void begin(State state);
  void take_document(const std::vector<firehose::Element>& elements);
  void take_log(std::string line);
  void take_functions(std::string_view line);
  void take_response(const firehose::Element& response);
  void take_configured();
  void take_raw_allowed();
  SendImage next_chunk();
  Duration patience() const;
  void fail_with(Error error);

  State state_ = State::idle;
  firehose::Command command_;
  std::string_view doing_ = "nothing";  ///< the command's name, for errors
  firehose::DocumentReader reader_;
  firehose::Reply reply_;
  std::optional<Error> failure_;
  std::vector<std::string> new_logs_;
  std::size_t log_lines_ = 0;
  std::size_t received_bytes_ = 0;  ///< outside raw data, since the command started
  bool reconfigured_ = false;
  std::set<std::string> functions_;
  bool listing_functions_ = false;  ///< one a line, until the list's end
  std::uint32_t payload_ = 8192;    ///< what 9x07 programmers answer when asked nothing
  Buffer raw_;
  std::uint64_t raw_offset_ = 0;  ///< of raw_size_: bytes that have been handed out or received
  std::uint64_t raw_size_ = 0;
};

/// What getstorageinfo's log lines say. Bad blocks ascending.
struct StorageInfo {
  Geometry geometry;
  std::vector<std::uint64_t> bad_blocks;
  std::string flash_name;
};

/// Nothing when geometry or the bad-block list isn't in the lines, is out of all bounds, or when they contradict each
/// other: unknown is never ok.
std::optional<StorageInfo> parse_storage_info(const std::vector<std::string>& logs);

}  // namespace modemedic::protocol
