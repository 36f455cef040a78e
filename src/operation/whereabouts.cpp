#include "operation/whereabouts.h"

#include "operation/follow_port.h"
#include "operation/mode_ways.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::State;

namespace {

/// A stop is seen after this long.
constexpr Duration slice = 1s;

}  // namespace

Result<void> Whereabouts::go(Target target, Duration patience) {
  if (is_at(state(), target)) {
    return {};
  }
  const auto* way = find_way(state(), target);
  if (way == nullptr) {
    return fail(Code::device_refused)
        .what(fmt::format("no way leads from {} to {}", knowledge::name(state()), name(target)))
        .hint(modem_.sighting.next);
  }
  TRY(way->go({bus_, modem_, {}, events_}));
  return arrive(
      target, [target](State state) { return is_at(state, target); }, patience);
}

Result<void> Whereabouts::arrive(Target target, const std::function<bool(State)>& good, Duration patience) {
  auto deadline = Deadline::in(bus_.clock(), patience);
  while (!stop_.stop_requested()) {
    auto until = std::min(deadline.at, Deadline::in(bus_.clock(), slice).at);
    TRY_ASSIGN(auto next, wait_for_next(bus_, modem_.device, 0s, {until}));
    if (next) {
      modem_ = {*next, knowledge::conclude(next->fingerprint)};
      emit_modem(events_, modem_.device, modem_.sighting);
      if (good(state())) {
        return {};
      }
    } else if (deadline.passed(bus_.clock())) {
      return did_not_arrive(target);
    }
  }
  return fail(Code::interrupted).what("stopped by the person");
}

Result<void> Whereabouts::look(Duration patience) {
  TRY_ASSIGN(auto next, wait_for_next(bus_, modem_.device, 0s, Deadline::in(bus_.clock(), patience)));
  if (next) {
    modem_ = {*next, knowledge::conclude(next->fingerprint)};
  }
  return {};
}

Failure Whereabouts::did_not_arrive(Target target) {
  auto there = device_after(bus_, modem_.device);
  if (!there) {
    return fail(std::move(there.error()));
  }
  return fail(*there ? Code::device_refused : Code::modem_lost)
      .what(*there ? fmt::format("the modem is not in {} but {}", name(target), knowledge::name(state()))
                   : fmt::format("the modem left for {} and did not come back", name(target)))
      .hint("take all power from the modem for some seconds, and look again with modemedic list");
}

}  // namespace modemedic::operation
