#pragma once

#include "protocol/action.h"
#include "protocol/dload_wire.h"
#include "protocol/hdlc.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace modemedic::protocol {

/// Host side of DLOAD: finds out who listens on the port, hands the streaming loader to a boot loader in download mode
/// and starts it.
///
/// One frame at a time: each waits for its answer. Memory is written, never flash: a cut at any moment leaves the modem
/// in download mode, or in what a power cycle starts.
class DloadHost {
public:
  /// A run of the loader's bytes; they must outlive the host.
  struct Part {
    std::uint32_t address = 0;
    ByteView bytes;
  };

  struct Loader {
    std::string name;  ///< for errors: "NPRG9x15.hex"
    std::vector<Part> parts;
    std::uint32_t start = 0;
  };

  /// @param loaders  tried in this order: the next when the modem says that the one before may not be written there.
  ///                 Empty: only asks who listens
  explicit DloadHost(std::vector<Loader> loaders);

  void feed(ByteView bytes);
  void timed_out();

  using Action = std::variant<Send, Await, Done, Failed>;

  /// Done when the loader was started, or none was given, or when a streaming loader runs already: listener() says it.
  /// A running modem (DIAG) that should take a loader is a failure.
  Action next();

  std::optional<dload::Listener> listener() const { return listener_; }

  const std::optional<dload::Parameters>& parameters() const { return parameters_; }

  /// GO was sent: from now on the device may leave the bus, and come back as another.
  bool loader_started() const { return state_ == State::wait_start || started_; }

private:
  enum class State { probe, wait_probe, wait_parameters, wait_write, wait_start, done, failed };

  void take_frame(ByteView body);
  void take_probe_answer(ByteView body);
  void take_parameters_answer(ByteView body);
  void take_write_answer(ByteView body);
  void write_next();
  void refused(dload::Nak reason);
  void send(ByteView body);
  void talks_without_end();
  void fail_with(Error error);
  Duration patience() const;

  std::vector<Loader> loaders_;
  HdlcReader reader_;
  State state_ = State::probe;
  std::optional<Send> send_;
  std::optional<Error> failure_;
  std::optional<dload::Listener> listener_;
  std::optional<dload::Parameters> parameters_;
  bool started_ = false;
  unsigned probes_ = 0;
  unsigned strays_ = 0;
  std::size_t unframed_ = 0;  ///< bytes since the last frame
  unsigned repeats_ = 0;      ///< of the frame that is out
  std::size_t loader_ = 0;
  std::size_t part_ = 0;
  std::size_t offset_ = 0;  ///< in the part
  std::size_t length_ = 0;  ///< of the write that is out
};

}  // namespace modemedic::protocol
