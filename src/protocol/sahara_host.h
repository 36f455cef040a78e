#pragma once

#include "protocol/action.h"
#include "protocol/sahara_offer.h"
#include "protocol/sahara_questions.h"
#include "protocol/sahara_wake_up.h"
#include "protocol/sahara_wire.h"

#include <map>
#include <optional>
#include <string>
#include <variant>

namespace modemedic::protocol {

/// Host side of Sahara: hands a programmer to a modem that waits in EDL, after asking who it is.
///
/// HELLO is sent once per enumeration; when it doesn't come, the host sends HELLO_RESPONSE unasked, then
/// RESET_STATE_MACHINE, then a Firehose nop, before it gives up (facts: sahara-firehose.md).
/// Packets: docs/protocols/sahara.md.
class SaharaHost {
public:
  struct Options {
    std::map<std::uint64_t, std::uint64_t> images;  ///< image id -> bytes on offer
    bool ask_identity = true;                       ///< command mode first; a modem that refuses it goes on without
    /// Asks who it is and nothing else: no image is handed over, and a crashed modem that offers its memory is asked
    /// too. Done then means: send farewell() last.
    bool identity_only = false;
    Duration hello_patience = std::chrono::seconds(2);  ///< HELLO comes within milliseconds, or was read by another
  };

  explicit SaharaHost(Options options);

  void feed(ByteView bytes);  ///< any split: half a packet, three at once
  void timed_out();           ///< the device kept silent as long as Await allowed

  using Action = std::variant<Send, SendImage, Await, Done, Failed>;
  Action next();

  const ChipIdentity& identity() const { return questions_.identity(); }

  /// What came was `<?xml`: a programmer is running already. next() is Done once it is silent.
  bool programmer_running() const { return programmer_running_; }

  /// HELLO said that the modem crashed and offers its memory.
  bool memory_debug() const { return hello_mode_ == sahara::Mode::memory_debug; }

  /// What makes the modem say HELLO again, so that the next host finds it as we did. Empty where a programmer runs.
  Buffer farewell() const;

  /// Bytes that came behind the last packet, to be fed to Firehose: a greeting, or, from a programmer that was running
  /// already, its answer to what we sent to wake up Sahara. Valid after Done.
  Buffer take_pending();

private:
  enum class State {
    wait_hello,
    wait_command_ready,
    wait_answer,       ///< EXECUTE sent, EXECUTE_RESPONSE to come
    wait_answer_data,  ///< EXECUTE_DATA sent, raw bytes to come
    transfer,
    wait_done_response,
    drain,  ///< a programmer talks: until it is silent
    done,
    failed,
  };

  bool step();
  void take_packet(const sahara::Packet& packet);
  void take_hello(ByteView body);
  void take_answer(ByteView body);
  void take_answer_data();
  void take_read(std::uint64_t image, std::uint64_t offset, std::uint64_t length);
  void take_end_of_image(ByteView body);
  void take_done_response(ByteView body);
  void take_stray(sahara::Command command);

  void ask_next_question();
  void leave_command_mode();
  void climb();
  void reset_state_machine();
  void send(Buffer bytes);
  void fail_with(Error error);
  Duration patience() const;

  Options options_;
  sahara::PacketReader reader_;
  State state_ = State::wait_hello;
  std::optional<Action> action_;  ///< to be done before anything else is read
  std::optional<Error> failure_;
  SaharaQuestions questions_;
  SaharaOffer offer_;
  SaharaWakeUp wake_up_;
  bool programmer_running_ = false;
  bool in_command_mode_ = false;
  std::optional<sahara::Mode> hello_mode_;
  std::size_t answer_size_ = 0;
  unsigned hellos_ = 0;
  unsigned strays_ = 0;
};

}  // namespace modemedic::protocol
