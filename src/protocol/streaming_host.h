#pragma once

#include "protocol/action.h"
#include "protocol/hdlc.h"
#include "protocol/streaming_wire.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace modemedic::protocol {

/// Host side of streaming download: one command after another to a running loader.
///
/// This protocol can wipe a modem's identity in one frame (facts: dload-streaming.md). So the machine keeps the order
/// that the loader insists on, sends one frame at a time and the next only after its answer, never opens without data,
/// never overrides a table, and sends the table at all only to whoever said what it may cost.
class StreamingHost {
public:
  /// What sending the table may erase on this chip: the caller has to know. There is no default but to refuse.
  enum class TableRisk {
    unknown,
    cannot_erase,   ///< a 9x07 with a valid table; a 9x15 with just this table on its chip
    loss_accepted,  ///< the person overrode the rule `efs`, with a backup at hand
  };

  /// Hello, security mode, partition table.
  struct Session {
    Buffer table;  ///< partition.mbn
    TableRisk risk = TableRisk::unknown;
    /// The loader ran already when it was found: another host may have left an image open, which is closed.
    bool was_running = false;
  };

  /// Opens a partition (which erases all of it), writes, closes.
  struct Image {
    std::string partition;  ///< "SBL1"; "0:" is put before it
    std::uint64_t size = 0;
  };

  /// Hello alone: changes nothing.
  struct Greeting {};

  /// Leaves the loader: the modem starts anew. Nothing may be open.
  struct Reset {};

  using Command = std::variant<Greeting, Session, Image, Reset>;

  /// Out of order, or an image without a byte: fails before anything is sent. After a failure only Greeting and Reset
  /// are left, and after them a new Session: a partition may be open and half written.
  void start(Command command);

  void feed(ByteView bytes);
  void timed_out();

  /// Send these bytes of the image in one write: streaming::write_frame(offset, bytes). They go from the file to the
  /// pipe without passing here.
  struct WriteImage {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };

  using Action = std::variant<Send, WriteImage, Await, Done, Failed>;
  Action next();

  /// What the loader said of itself; nothing before its first hello.
  const std::optional<streaming::Target>& target() const { return target_; }

  /// How it liked the table: `differs` is a failure, and nothing was erased.
  std::optional<streaming::TableAnswer> table_answer() const { return table_answer_; }

  /// What the loader logged since the last call, for the events.
  std::vector<std::string> take_logs();

private:
  enum class State {
    idle,
    wait_hello,
    wait_security,
    wait_table,
    wait_left_over,  ///< close of what another host left open; that nothing was is fine
    wait_open,
    wait_written,
    wait_closed,
    wait_reset,
    done,
    failed,
  };

  void begin(const Greeting& greeting);
  void begin(const Session& session);
  void begin(const Image& image);
  void begin(const Reset& reset);
  void take_frame(ByteView body);
  void take_error(const streaming::LoaderError& error);
  void take_hello(ByteView body);
  void take_security();
  void take_table(ByteView body);
  void take_opened(ByteView body);
  void take_written(ByteView body);
  void write_next();
  void send(ByteView body, State next, std::string_view doing);
  void finish();
  void fail_with(Error error);
  void unexpected(ByteView body);
  Duration patience() const;
  std::string at_byte() const;

  State state_ = State::idle;
  Command command_;
  HdlcReader reader_;
  std::variant<std::monostate, Send, WriteImage> out_;
  std::string doing_;
  std::optional<Error> failure_;
  std::optional<streaming::Target> target_;
  std::optional<streaming::TableAnswer> table_answer_;
  std::vector<std::string> logs_;
  std::size_t log_lines_ = 0;
  unsigned strays_ = 0;
  std::size_t unframed_ = 0;  ///< bytes since the last frame
  bool table_accepted_ = false;
  std::uint64_t offset_ = 0;  ///< of the write that is out
};

}  // namespace modemedic::protocol
