#include "operation/chip_session.h"

#include "operation/back_out.h"
#include "operation/modem_records.h"
#include "operation/prove_flash.h"
#include "operation/run_sahara.h"
#include "operation/switch_mode.h"
#include "operation/upload.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::State;

namespace {

constexpr Duration identify_patience = 30s;
constexpr Duration question_patience = 5s;
constexpr Duration boot_patience = 120s;
constexpr Duration at_patience = 60s;

}  // namespace

Result<std::unique_ptr<ChipSession>> ChipSession::open(const Setup& setup) {
  std::unique_ptr<ChipSession> session(new ChipSession(setup));
  if (auto entered = session->enter(); !entered) {
    return fail(session->explain(std::move(entered.error())));
  }
  return session;
}

void ChipSession::step(std::string id, std::string what) {
  during_ = what;
  setup_.events.emit(event::Step{std::move(id), std::move(what), 0, 0, {}});
}

Result<void> ChipSession::enter() {
  TRY_ASSIGN(reservation_, setup_.bus.reserve(modem_.device, usb::Purpose::job, setup_.events));
  auto state = modem_.sighting.state;
  if (state == State::running) {
    step("identify", "ask the modem who it is");
    // One that does not answer may be in need of just this.
    auto told = identify(setup_.bus, modem_.device, Deadline::in(setup_.bus.clock(), identify_patience), setup_.events);
    if (told) {
      identity_ = std::move(*told);
      before_ = identity_;
    }
    told_ = true;
    step("switch", "switch the modem to EDL");
    TRY_ASSIGN(modem_, switch_to_edl(setup_.bus, modem_, setup_.events));
  } else if (!knowledge::takes_programmer(state)) {
    return fail(Code::refused)
        .rule("mode")
        .what(fmt::format("the modem neither runs nor takes a programmer: {}", modem_.sighting.because))
        .hint(modem_.sighting.next);
  }
  if (setup_.stop.stop_requested()) {
    return fail(Code::interrupted).what("stopped by the person");
  }
  step("upload", "hand over the programmer");
  TRY(ask_boot_rom());
  TRY_ASSIGN(pipe_, open_edl(setup_.bus, modem_.device));
  link_.emplace(*pipe_, setup_.bus.clock(), setup_.events);
  TRY(upload());
  remember();
  step("ask-chip", "ask the chip for geometry, bad blocks and partitions");
  TRY(configure(*link_));
  TRY_ASSIGN(storage_, ask_chip(*link_));
  TRY_ASSIGN(table_, find_chip_table(*link_, storage_));
  return {};
}

Result<void> ChipSession::ask_boot_rom() {
  TRY_ASSIGN(auto pipe, open_edl(setup_.bus, modem_.device));  // what asks says its last word on its pipe
  TRY_ASSIGN(auto end, ask_sahara(*pipe, setup_.bus.clock(), Deadline::in(setup_.bus.clock(), question_patience)));
  identity_.chip = end.chip;
  programmer_ran_ = end.programmer_running;
  if (end.programmer_running) {
    said_ = std::move(end.pending);
    return {};
  }
  return check_programmer(setup_.programmer, end.chip, modem_.sighting.family);
}

Result<void> ChipSession::upload() {
  if (programmer_ran_) {
    programmer_runs_ = true;
    constexpr std::uint32_t page = 4096;  // whole pages of a chip with 2 KiB too
    return take_over(*link_, said_, page, 1024_MiB, setup_.events);
  }
  const auto& bytes = setup_.programmer.bytes;
  TRY_ASSIGN(auto end,
             run_sahara(*pipe_, setup_.bus.clock(),
                        {{protocol::sahara::programmer_image, bytes}, {protocol::sahara::nprg_image, bytes}}));
  TRY(link_->greet(end.pending));
  programmer_runs_ = true;
  if (end.chip.serial || end.chip.hwid) {
    identity_.chip = end.chip;
  }
  return {};
}

/// A modem that was switched by us has told its IMEI and its chip's serial; one that was found in EDL is known by the
/// latter, if it was ever seen with it.
void ChipSession::remember() {
  if (setup_.records == nullptr) {
    return;
  }
  if (!before_) {
    auto known = setup_.records->known_before(modem_.device, identity_);
    if (known && known->certain) {
      auto chip = identity_.chip;
      identity_ = known->record.identity();
      identity_.chip = chip;
    }
  }
  setup_.records->saw({modem_.device, std::string(name(modem_.sighting.state)), identity_, setup_.time});
}

Result<firmware::Partition> ChipSession::partition(const std::string& name) const {
  if (!table_.table) {
    return fail(Code::usage)
        .what(fmt::format("there is no partition {}: {}", printable(name), table_.why))
        .hint("name a range of sectors instead");
  }
  const auto* exact = firmware::find_partition(*table_.table, name);
  const auto* found = exact != nullptr ? exact : firmware::find_partition_any_case(*table_.table, name);
  if (found == nullptr) {
    std::vector<std::string> names;
    std::transform(table_.table->begin(), table_.table->end(), std::back_inserter(names),
                   [](const auto& partition) { return partition.name; });
    return fail(Code::usage)
        .what(fmt::format("there is no partition {} on this chip", printable(name)))
        .hint(fmt::format("it has {}", fmt::join(names, ", ")));
  }
  return *found;
}

std::string ChipSession::leave() {
  Given given{.modem = modem_.device,
              .in_edl = knowledge::takes_programmer(modem_.sighting.state),
              .pipe = pipe_.get(),
              .link = programmer_runs_ && link_ ? &*link_ : nullptr,
              .hang_up =
                  [this] {
                    link_.reset();
                    pipe_.reset();
                  },
              .before = before_ ? &*before_ : nullptr};
  return back_out(setup_.bus, given, setup_.events);
}

Error ChipSession::explain(Error error) {
  if (error.code != Code::usage && error.code != Code::refused) {  // those are nothing that befell that step
    error.during = error.during.empty() ? during_ : error.during;
  }
  error.device = "port " + modem_.device.port;
  auto left = leave();
  constexpr std::string_view already_said = "; nothing was written";
  if (left.starts_with("nothing was written") && error.hint.ends_with(already_said)) {
    error.hint.erase(error.hint.size() - already_said.size());
  }
  if (!error.hint.empty() && !left.empty()) {
    error.hint += ". ";
    left.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(left.front())));
  }
  error.hint += left;
  return error;
}

Result<void> ChipSession::reset() {
  TRY(reset_by_firehose(*link_));
  link_.reset();
  pipe_.reset();
  return {};
}

Result<Identity> ChipSession::restart() {
  TRY(reset());
  TRY_ASSIGN(auto device, wait_until_running(setup_.bus, modem_.device, Deadline::in(setup_.bus.clock(), boot_patience),
                                             setup_.events, setup_.stop));
  return identify(setup_.bus, device, Deadline::in(setup_.bus.clock(), at_patience), setup_.events);
}

}  // namespace modemedic::operation
