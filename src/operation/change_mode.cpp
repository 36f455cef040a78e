#include "operation/change_mode.h"

#include "operation/emit_log.h"
#include "operation/follow_port.h"
#include "operation/mode_ways.h"
#include "operation/modem_records.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::State;

namespace {

/// A modem may boot right now: it is given time to say who it is before it goes where it can't.
constexpr Duration identity_patience = 15s;
/// Where it arrived, the slowest is AT: up to a minute after the modem is on the bus.
constexpr Duration proof_patience = 60s;
/// What it comes back as counts only when it stays: a modem may show another mode in passing.
constexpr Duration settle = 5s;
constexpr Duration stop_slice = 1s;

constexpr std::array names = {std::pair{Target::normal, std::string_view("normal")},
                              std::pair{Target::edl, std::string_view("edl")},
                              std::pair{Target::fastboot, std::string_view("fastboot")},
                              std::pair{Target::download, std::string_view("download")}};

Failure no_way(const Found& modem, Target target, const std::string& reason) {
  return fail(Code::refused)
      .rule("mode")
      .what(
          fmt::format("there is no way from {} to {}: {}", knowledge::name(modem.sighting.state), name(target), reason))
      .hint(modem.sighting.next + "; nothing was sent");
}

class Change {
public:
  Change(usb::Bus& bus, Found modem, Target target, const ModeOptions& options, Events& events,
         const std::stop_token& stop)
      : bus_(bus), modem_(std::move(modem)), target_(target), options_(options), events_(events), stop_(stop) {}

  Result<ModeChange> run() {
    TRY_ASSIGN(auto ways, plan());
    TRY_ASSIGN(auto reservation, bus_.reserve(modem_.device, usb::Purpose::job, events_));
    before_ = ask_here(ways.empty() ? proof_patience : identity_patience);
    learn(before_);
    auto asked = before_;
    for (std::size_t i = 0; i < ways.size(); ++i) {
      auto arrived = take(*ways[i], asked, i + 1, ways.size());
      if (!arrived) {
        note(std::string(modemedic::name(arrived.error().code)), arrived.error().what);
        return fail(std::move(arrived.error()));
      }
      asked = std::move(*arrived);
    }
    if (ways.empty()) {
      TRY(asked.proven() ? Result<void>{} : does_not_answer(asked));
    } else {
      note("ok", fmt::format("by {}", ways.back()->how));
    }
    return ModeChange{modem_, before_, std::move(asked), !ways.empty()};
  }

private:
  /// The ways to take; none when it is there already.
  Result<std::vector<const Way*>> plan() const {
    auto state = modem_.sighting.state;
    std::vector<const Way*> ways;
    if (is_at(state, target_)) {
      return ways;
    }
    const auto* direct = find_way(state, target_);
    if (direct == nullptr) {
      const auto* home = find_way(state, Target::normal);
      const auto* out = find_way(State::running, target_);
      if (home == nullptr || out == nullptr) {
        return no_way(modem_, target_, "nothing that it takes in this state leads there")
            .hint(modem_.sighting.next + "; nothing was sent");
      }
      ways = {home, out};
    } else {
      ways = {direct};
    }
    const auto* never = ways.back()->never(modem_);
    if (const auto* obstacle = never != nullptr ? never : ways.front()->obstacle(modem_)) {
      return no_way(modem_, target_, obstacle).hint(modem_.sighting.next + "; nothing was sent");
    }
    return ways;
  }

  Result<Asked> take(const Way& way, const Asked& asked, std::size_t number, std::size_t of) {
    events_.emit(
        event::Step{"switch",
                    fmt::format("{} to {} by {}", knowledge::name(modem_.sighting.state), name(way.to), way.how),
                    number,
                    of,
                    {}});
    if (const auto* obstacle = way.obstacle(modem_)) {
      return no_way(modem_, way.to, obstacle).hint("it was brought to normal mode, and stays there");
    }
    if (stop_.stop_requested()) {
      return interrupted();
    }
    TRY_ASSIGN(auto arrived, way.go({bus_, modem_, asked, events_}));
    if (!arrived) {
      TRY_ASSIGN(arrived, arrive(way));
    }
    modem_ = std::move(*arrived);
    auto there = ask_here(proof_patience);
    learn(there);
    return there.proven() ? Result<Asked>(std::move(there)) : does_not_answer(there);
  }

  /// Waits until the modem is on the bus as what it shall be.
  Result<Found> arrive(const Way& way) {
    auto until = Deadline::in(bus_.clock(), way.patience);
    auto last = modem_.device;
    std::optional<Found> other;
    while (!stop_.stop_requested()) {
      auto slice = std::min(until.at, Deadline::in(bus_.clock(), stop_slice).at);
      TRY_ASSIGN(auto next, wait_for_next(bus_, last, 0s, {slice}));
      if (next) {
        Found found{*next, knowledge::conclude(next->fingerprint)};
        emit_modem(events_, found.device, found.sighting);
        if (is_at(found.sighting.state, way.to)) {
          return found;
        }
        last = *next;
        other = std::move(found);
        until = Deadline::in(bus_.clock(), settle);
      } else if (until.passed(bus_.clock())) {
        return other ? came_as(*other, way) : did_not_arrive(way);
      }
    }
    return interrupted();
  }

  static Failure came_as(const Found& other, const Way& way) {
    if (other.sighting.state == State::running) {
      return fail(Code::device_refused)
          .what(fmt::format("the modem restarted after {} and runs as before", way.how))
          .hint(fmt::format("this firmware does not go to {} so", name(way.to)));
    }
    return fail(Code::device_refused)
        .what(fmt::format("after {} the modem is not in {} but {}: {}", way.how, name(way.to),
                          knowledge::name(other.sighting.state), other.sighting.because))
        .hint(other.sighting.next);
  }

  Failure did_not_arrive(const Way& way) {
    auto there = device_after(bus_, modem_.device);
    if (!there) {
      return fail(std::move(there.error()));
    }
    if (*there) {
      return fail(Code::timeout)
          .what(fmt::format("the modem stayed as it is after {}", way.how))
          .hint("take all power from the modem for some seconds, and look again with modemedic list");
    }
    return fail(Code::modem_lost)
        .what(fmt::format("after {} the modem left and did not come back within {} s", way.how,
                          std::chrono::duration_cast<std::chrono::seconds>(way.patience).count()))
        .hint("take all power from the modem for some seconds; if it stays away, see its power, cable and boot pin");
  }

  static Failure does_not_answer(const Asked& asked) {
    if (asked.silence && (asked.silence->code == Code::permission || asked.silence->code == Code::busy)) {
      return fail(*asked.silence);
    }
    auto left = asked.silence && asked.silence->code == Code::modem_lost;
    return fail(Code::not_proven)
        .what(left ? "the modem came, and left again while it was asked"
                   : "the modem is there by its shape on USB, but does not answer" +
                         (asked.silence ? ": " + asked.silence->what : ""))
        .hint(left ? "it may be in a boot loop: modemedic doctor watches it"
                   : "take all power from the modem for some seconds, and look again with modemedic list");
  }

  static Failure interrupted() {
    return fail(Code::interrupted)
        .what("stopped before the modem had arrived")
        .hint("look with modemedic list in what state it is");
  }

  Asked ask_here(Duration patience) {
    return ask_reserved(bus_, modem_, Deadline::in(bus_.clock(), patience), events_);
  }

  /// What it has said in all its modes: it was followed from one to the other, so it is one modem's.
  void learn(const Asked& asked) {
    gathered_.learn(asked.identity, options_.time);
    if (options_.records != nullptr) {
      auto identity = gathered_.identity();
      options_.records->saw(
          {modem_.device, std::string(knowledge::name(modem_.sighting.state)), identity, options_.time});
    }
  }

  void note(const std::string& result, const std::string& what) {
    if (options_.records == nullptr) {
      return;
    }
    auto identity = gathered_.identity();
    options_.records->did(
        {modem_.device, std::string(knowledge::name(modem_.sighting.state)), identity, options_.time},
        {.time = options_.time, .command = fmt::format("mode {}", name(target_)), .result = result, .what = what});
  }

  usb::Bus& bus_;
  Found modem_;
  Target target_;
  const ModeOptions& options_;
  Events& events_;
  const std::stop_token& stop_;
  Asked before_;
  ModemRecord gathered_;
};

}  // namespace

std::string_view name(Target target) {
  return std::ranges::find(names, target, &std::pair<Target, std::string_view>::first)->second;
}

std::optional<Target> parse_target(std::string_view text) {
  const auto* found = std::ranges::find(names, text, &std::pair<Target, std::string_view>::second);
  return found == names.end() ? std::nullopt : std::optional(found->first);
}

Result<ModeChange> change_mode(usb::Bus& bus, const Found& modem, Target target, const ModeOptions& options,
                               Events& events, const std::stop_token& stop) {
  return Change(bus, modem, target, options, events, stop).run();
}

}  // namespace modemedic::operation
