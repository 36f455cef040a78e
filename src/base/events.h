#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace modemedic {

/// What an operation tells while it works. Only app/ turns it into lines, a bar, or NDJSON.
namespace event {

/// A modem was seen, or is now in another state.
struct Modem {
  std::string port;    ///< "1-1.4"
  std::string state;   ///< the state's id: "running", "edl"
  std::string detail;  ///< "2c7c:0125 EG25-G"
};

/// The work enters a step: "switch to EDL", "program system".
struct Step {
  std::string id;    ///< stable, for scripts: "switch", "upload", "erase", "program", "prove"
  std::string what;  ///< for a person
  std::uint64_t number = 0;
  std::uint64_t of = 0;
  std::string abort_leaves;  ///< past the point of no return: what stopping now leaves, and how to go on from there
};

/// How far the bytes of a long step are; rates are the listener's business.
struct Progress {
  std::string what;            ///< the image or file
  std::uint64_t done = 0;      ///< bytes of it
  std::uint64_t size = 0;      ///< bytes it has
  std::uint64_t all_done = 0;  ///< bytes of the whole job
  std::uint64_t all_size = 0;
};

/// A rule spoke of a modem and a package (data/rules.toml).
struct Rule {
  std::string id;       ///< "baseline"
  std::string answer;   ///< "allow", "later", "warn", "unknown", "stop", "refuse"
  std::string what;     ///< of this modem and this package
  bool lifted = false;  ///< the person named it, and it no longer holds the job up
  std::string because;
  std::string allowed;  ///< what this modem may take instead; empty: not known
  std::string evidence;
  std::string source;
  std::vector<std::string> undecided;  ///< rules that lack the fact that is unknown
};

/// A line that the modem logged, or that explains what we do.
struct Log {
  enum class Level { debug, info, warning };
  Level level = Level::info;
  std::string text;
};

}  // namespace event

using Event = std::variant<event::Modem, event::Step, event::Progress, event::Log, event::Rule>;

/// Where events go.
class Events {
public:
  Events() = default;
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  virtual ~Events() = default;

  virtual void emit(const Event& event) = 0;
};

/// Something a person should know although the work goes on.
void warn(Events& events, std::string text);

/// Keeps what was told; for tests, and for who does not want to listen.
class EventRecorder final : public Events {
public:
  void emit(const Event& event) override;

  std::vector<Event> events;
};

}  // namespace modemedic
