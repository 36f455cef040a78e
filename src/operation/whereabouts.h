#pragma once

#include "base/events.h"
#include "operation/change_mode.h"
#include "operation/find_modem.h"
#include "usb/bus.h"

#include <functional>
#include <stop_token>

namespace modemedic::operation {

/// A modem that is followed from state to state by its port, while one job works on it.
class Whereabouts {
public:
  Whereabouts(usb::Bus& bus, Found modem, Events& events, std::stop_token stop)
      : bus_(bus), modem_(std::move(modem)), events_(events), stop_(std::move(stop)) {}

  /// As it was last seen.
  const Found& modem() const { return modem_; }

  knowledge::State state() const { return modem_.sighting.state; }

  /// Sends it on its way to `target`, and follows it there. It is there already: nothing is done.
  /// @return Code::device_refused when no way leads there, or it took another; Code::modem_lost; Code::interrupted
  Result<void> go(Target target, Duration patience);

  /// Waits until it has come up anew in one of these states; others are passed through.
  /// @param target  for the error's words
  Result<void> arrive(Target target, const std::function<bool(knowledge::State)>& good, Duration patience);

  /// Takes what is in the modem's place now, if it comes within the time.
  Result<void> look(Duration patience);

  Failure did_not_arrive(Target target);

private:
  usb::Bus& bus_;
  Found modem_;
  Events& events_;
  std::stop_token stop_;
};

}  // namespace modemedic::operation
