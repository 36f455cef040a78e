#pragma once

#include "operation/flash.h"
#include "operation/gate.h"
#include "rehearsal/memory_journals.h"
#include "rehearsal/mishap.h"
#include "rehearsal/mishap_bus.h"
#include "rehearsal/scene.h"
#include "virtual/in_process_bus.h"
#include "virtual/modem.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace modemedic::rehearsal {

/// What an attempt that ended well has to show.
struct Outcome {
  operation::Identity after;
  std::optional<operation::FlashReport> flash;  ///< nothing: nothing had to be written
};

/// A twin, its bus, and a host that remembers nothing but its journals.
class World {
public:
  /// @param scene  outlives it
  /// @param what_goes_wrong  those that are faults of the modem are there from the start
  World(const Scene& scene, std::uint64_t seed, const std::vector<Mishap>& what_goes_wrong);

  /// Whether the twin could be made.
  const Result<void>& ready() const { return ready_; }

  /// Takes its power first.
  void power_on();

  Result<Outcome> flash();

  /// @param with_package  it is named; else the journal has to know it
  Result<Outcome> rescue(bool with_package);

  twin::VirtualModem& modem() { return *modem_; }

  TimePoint now() const { return clock_.now(); }

private:
  class Silence final : public Events {
  public:
    void emit(const Event& /*event*/) override {}
  };

  operation::GateOptions gate() const;
  operation::FlashOptions options();

  const Scene& scene_;
  twin::Persona persona_;
  std::string serial_;
  twin::SimulatedClock clock_;
  twin::Timers timers_{clock_};
  twin::InProcessBus bus_;
  std::unique_ptr<twin::VirtualModem> modem_;
  Silence events_;
  Result<void> ready_;

public:
  MishapBus mishaps{bus_};
  MemoryJournals journals;
};

}  // namespace modemedic::rehearsal
