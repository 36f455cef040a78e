#include "operation/mode_ways.h"

#include "operation/at_port.h"
#include "operation/run_dload.h"
#include "operation/run_fastboot.h"
#include "operation/run_firehose.h"
#include "operation/run_sahara.h"
#include "operation/switch_mode.h"
#include "operation/upload.h"
#include "protocol/diag.h"

#include <algorithm>
#include <array>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::State;

namespace {

using Departure = Result<std::optional<Found>>;

/// On its way: the arrival is the caller's to see.
Departure on_its_way() {
  return std::optional<Found>();
}

constexpr Duration at_patience = 10s;
constexpr Duration fastboot_patience = 5s;

/// A module boots in 10 to 40 s, the slowest ones in a minute.
constexpr Duration boot_patience = 120s;
/// 1 to 5 s on a 9x07, up to 30 s on later families.
constexpr Duration loader_patience = 30s;

const char* none(const Found& /*modem*/) {
  return nullptr;
}

const char* needs_diag(const Found& modem) {
  return knowledge::diag_interface(modem.device.fingerprint) ? nullptr
                                                             : "it shows no DIAG interface in this USB composition; "
                                                               "AT+QCFG=\"usbcfg\" with diag set to 1 brings it back";
}

const char* needs_at(const Found& modem) {
  return knowledge::at_interface(modem.device.fingerprint)
             ? nullptr
             : "it shows no AT interface in this USB composition; AT+QCFG=\"usbcfg\" with at set to 1, sent by way of "
               "its MBIM or QMI, brings it back";
}

const char* not_a_9x15(const Found& modem) {
  return modem.sighting.family == "9x15" ? "no way leads a 9x15 into EDL; its download mode is what it is flashed from"
                                         : nullptr;
}

Departure download_by_diag(const Setout& from) {
  TRY(request_by_diag(from.bus, from.modem, protocol::diag::download_mode_request(), from.events));
  return on_its_way();
}

Departure fastboot_by_at(const Setout& from) {
  TRY_ASSIGN(auto port, AtPort::open(from.bus, from.modem.device, Deadline::in(from.bus.clock(), at_patience)));
  auto answer = port.tell("AT+QFASTBOOT");
  if (answer && !answer->ok()) {
    return fail(Code::device_refused)
        .what("the modem's firmware refuses AT+QFASTBOOT (" + printable(answer->final) + ")")
        .hint("nothing has changed: it runs on");
  }
  auto silent = !answer && (answer.error().code == Code::timeout || answer.error().code == Code::modem_lost);
  return answer || silent ? on_its_way() : fail(std::move(answer.error()));  // no answer is expected
}

/// What a boot ROM, a boot loader and a crash handler take alike. A programmer that runs already takes Firehose only,
/// and nothing at all while it waits for the rest of an image.
Departure reset_loader(const Setout& from) {
  TRY_ASSIGN(auto pipe, open_edl(from.bus, from.modem.device));
  FirehoseLink link(*pipe, from.bus.clock(), from.events);
  auto programmer = from.asked.by == "Firehose";
  if (programmer) {
    TRY_ASSIGN(programmer, find_programmer(*pipe, from.bus.clock(), link, from.events));
  }
  if (!programmer) {
    auto sent = reset_by_sahara(*pipe, from.bus.clock());
    auto obeyed = sent || sent.error().code == Code::modem_lost;  // gone before it has confirmed
    return obeyed ? on_its_way() : fail(std::move(sent.error()));
  }
  TRY_ASSIGN(auto reply, link.run(protocol::firehose::Power{}));
  if (!reply.ack) {
    return fail(Code::device_refused)
        .what("the programmer refused the reset: " + in_its_words(reply))
        .hint("take all power from the modem for some seconds");
  }
  return on_its_way();
}

Departure reset_download_mode(const Setout& from) {
  using protocol::dload::Listener;
  auto listener = from.asked.by == "streaming loader" ? Listener::streaming : Listener::dload;
  TRY_ASSIGN(auto pipe, open_edl(from.bus, from.modem.device));
  auto sent = reset_download(*pipe, from.bus.clock(), listener);
  auto obeyed = sent || sent.error().code == Code::modem_lost;
  return obeyed ? on_its_way() : fail(std::move(sent.error()));
}

/// Not `continue`: only a reboot clears the flag that brings a modem back into fastboot (facts: fastboot.md, trap 2).
Departure reboot_by_fastboot(const Setout& from) {
  TRY_ASSIGN(auto pipe, open_fastboot(from.bus, from.modem.device));
  auto reply = run_fastboot(*pipe, from.bus.clock(), "reboot", fastboot_patience);
  if (!reply && reply.error().code != Code::modem_lost) {
    return fail(std::move(reply.error()));
  }
  if (reply && !reply->okay) {
    return fail(Code::device_refused)
        .what("the boot loader refused the reboot: " + printable(reply->text))
        .hint("take all power from the modem for some seconds");
  }
  return on_its_way();
}

Departure edl_by_diag(const Setout& from) {
  TRY_ASSIGN(auto arrived, switch_to_edl(from.bus, from.modem, from.events));
  return std::optional(std::move(arrived));
}

constexpr std::array ways = {
    Way{State::running, Target::edl, "DIAG's switch to EDL", not_a_9x15, needs_diag, edl_by_diag, loader_patience},
    Way{State::running, Target::download, "DIAG's switch to download mode", none, needs_diag, download_by_diag,
        loader_patience},
    Way{State::running, Target::fastboot, "AT+QFASTBOOT", none, needs_at, fastboot_by_at, loader_patience},
    Way{State::edl, Target::normal, "a reset", none, none, reset_loader, boot_patience},
    Way{State::boot_mode, Target::normal, "a reset", none, none, reset_loader, boot_patience},
    Way{State::dump, Target::normal, "a reset", none, none, reset_loader, boot_patience},
    Way{State::download, Target::normal, "a reset", none, none, reset_download_mode, boot_patience},
    Way{State::fastboot, Target::normal, "fastboot's reboot", none, none, reboot_by_fastboot, boot_patience},
};

}  // namespace

const Way* find_way(State from, Target to) {
  const auto* way = std::find_if(ways.begin(), ways.end(), [&](const Way& w) { return w.from == from && w.to == to; });
  return way == ways.end() ? nullptr : way;
}

bool is_at(State state, Target target) {
  switch (target) {
    case Target::normal:
      return state == State::running;
    case Target::edl:
      return state == State::edl;
    case Target::fastboot:
      return state == State::fastboot;
    case Target::download:
      return state == State::boot_mode || state == State::download;
  }
  return false;
}

}  // namespace modemedic::operation
