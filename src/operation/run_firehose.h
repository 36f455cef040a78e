#pragma once

#include "base/events.h"
#include "firmware/image_reader.h"
#include "protocol/firehose_host.h"
#include "usb/pipe.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace modemedic::operation {

/// The programmer that runs on a modem, at the other end of a pipe: one command after another. The only place where
/// Firehose meets a pipe. A NAK is an answer, not an error.
class FirehoseLink {
public:
  FirehoseLink(usb::Pipe& pipe, const Clock& clock, Events& events) : pipe_(pipe), clock_(clock), events_(events) {}

  /// Takes in what the programmer said before this link existed, and what it says unasked after its start.
  Result<void> greet(ByteView pending);

  /// A command without raw data.
  Result<protocol::firehose::Reply> run(const protocol::firehose::Command& command);

  /// Programs an image straight from its reader. When it can't go on (the reader fails, or `stop`), the rest is sent
  /// as 0xFF: a programmer that has announced raw data takes nothing else, and would be deaf until a power cycle.
  /// @param sent  told the bytes sent so far, at most once a MiB and at the end
  /// @return Code::interrupted; the reader's failure; a timeout with what the modem logged last
  Result<protocol::firehose::Reply> program(const protocol::firehose::Program& command, firmware::ImageReader& image,
                                            const std::function<void(std::uint64_t)>& sent,
                                            const std::stop_token& stop);

  /// The same with bytes in memory.
  Result<protocol::firehose::Reply> program(const protocol::firehose::Program& command, ByteView bytes);

  /// Raw bytes of whole sectors go to `sink` as they come. One that fails is not called again; the rest is read and
  /// dropped.
  using Sink = std::function<Result<void>(ByteView)>;
  Result<protocol::firehose::Reply> read(const protocol::firehose::Read& command, const Sink& sink);

  /// The programmer knows getsha256digest, and nothing that it told with it was wrong.
  bool tells_digests() const { return digests_trusted_ && host_.functions().contains("getsha256digest"); }

  /// What it tells is not the digest of what stands there, or it is deaf afterwards: it is not asked again.
  void distrust_digests() { digests_trusted_ = false; }

  /// Gives a programmer that still waits for raw data of a host that died what it waits for.
  /// @param page  bytes
  /// @param most  bytes after which it is given up
  Result<void> leave_raw_mode(std::uint32_t page, std::uint64_t most);

  /// After a failure of the protocol: forgets what came before, so that a reset can still be tried.
  void start_over();

  Events& events() const { return events_; }

  /// What it logged last, safe to print; empty since start_over().
  const std::string& last_log() const { return last_log_; }

private:
  struct Outgoing;
  struct Incoming;

  Result<protocol::firehose::Reply> talk(Outgoing* outgoing, Incoming* incoming);
  Result<void> send(ByteView bytes, usb::Zlp zlp);
  Result<void> send_part(const protocol::SendImage& part, Outgoing& outgoing);
  Result<void> receive_raw(std::uint64_t length, Incoming& incoming);
  Result<bool> receive_and_feed(Duration patience);
  Failure with_last_words(Error error) const;
  void tell_logs();

  usb::Pipe& pipe_;
  const Clock& clock_;
  Events& events_;
  protocol::FirehoseHost host_;
  Buffer buffer_;
  std::string last_log_;
  bool digests_trusted_ = true;
};

/// The log that holds this text, or nullptr.
const std::string* find_log(const std::vector<std::string>& logs, std::string_view text);

/// What the programmer said, on one line, for an error.
std::string in_its_words(const protocol::firehose::Reply& reply);

}  // namespace modemedic::operation
