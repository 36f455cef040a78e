#include "operation/ask_modem.h"

#include "operation/run_dload.h"
#include "operation/run_fastboot.h"
#include "operation/run_sahara.h"
#include "operation/upload.h"

#include <algorithm>
#include <charconv>
#include <list>
#include <string_view>
#include <thread>

namespace modemedic::operation {

using namespace std::chrono_literals;
using knowledge::State;

namespace {

/// DIAG answers within milliseconds; so much is kept of the deadline for it.
constexpr Duration diag_patience = 600ms;

constexpr Duration fastboot_patience = 1s;

void ask_running(usb::Bus& bus, const Found& modem, Deadline deadline, Events& events, Asked& asked) {
  auto has_diag = knowledge::diag_interface(modem.device.fingerprint).has_value();
  auto at_deadline = has_diag ? Deadline{deadline.at - diag_patience} : deadline;
  auto by_at = identify(bus, modem.device, at_deadline, events);
  if (by_at) {
    asked.identity = std::move(*by_at);
    asked.by = "AT";
    return;
  }
  asked.silence = std::move(by_at.error());
  auto gone = asked.silence->code == Code::modem_lost || asked.silence->code == Code::permission;
  if (!has_diag || gone) {
    return;
  }
  auto diag_deadline = std::max(deadline.at, Deadline::in(bus.clock(), diag_patience).at);
  if (auto by_diag = identify_by_diag(bus, modem.device, {diag_deadline}, events)) {
    asked.identity = std::move(*by_diag);
    asked.by = "DIAG";
  }
}

Result<void> ask_boot_loader(usb::Bus& bus, const Found& modem, Deadline deadline, Asked& asked) {
  TRY_ASSIGN(auto pipe, open_edl(bus, modem.device));
  TRY_ASSIGN(auto end, ask_sahara(*pipe, bus.clock(), deadline));
  asked.by = end.programmer_running ? "Firehose" : "Sahara";
  asked.identity.chip = std::move(end.chip);
  asked.crashed = end.memory_debug;
  return {};
}

/// "49cbd7ef", without leading zeros: the chip's serial. An EC20 says MDM9615, which is none.
std::optional<std::uint32_t> chip_serial_in(std::string_view text) {
  std::uint32_t serial = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), serial, 16);
  auto whole = !text.empty() && error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional(serial) : std::nullopt;
}

Result<void> ask_fastboot(usb::Bus& bus, const Found& modem, Asked& asked) {
  TRY_ASSIGN(auto pipe, open_fastboot(bus, modem.device));
  auto ask = [&](const std::string& variable) {
    return run_fastboot(*pipe, bus.clock(), "getvar:" + variable, fastboot_patience);
  };
  TRY_ASSIGN(auto version, ask("version"));
  asked.by = "fastboot";
  TRY_ASSIGN(auto serial, ask("serialno"));
  asked.identity.chip.serial = serial.okay ? chip_serial_in(serial.text) : std::nullopt;
  TRY_ASSIGN(auto secure, ask("secure"));
  if (secure.okay && (secure.text == "yes" || secure.text == "no")) {
    asked.identity.fused = secure.text == "yes";
  }
  return {};
}

/// A 9x15 in download mode tells no more than who listens.
Result<void> ask_download(usb::Bus& bus, const Found& modem, Deadline deadline, Asked& asked) {
  TRY_ASSIGN(auto pipe, open_edl(bus, modem.device));
  TRY_ASSIGN(auto listener, ask_dload(*pipe, bus.clock(), deadline));
  asked.by = listener == protocol::dload::Listener::streaming ? "streaming loader" : "DLOAD";
  return {};
}

Result<void> ask_by_state(usb::Bus& bus, const Found& modem, Deadline deadline, Events& events, Asked& asked) {
  switch (modem.sighting.state) {
    case State::running:
      ask_running(bus, modem, deadline, events, asked);
      return {};
    case State::edl:
    case State::boot_mode:
    case State::dump:
      return ask_boot_loader(bus, modem, deadline, asked);
    case State::fastboot:
      return ask_fastboot(bus, modem, asked);
    case State::download:
      return ask_download(bus, modem, deadline, asked);
    default:
      return {};
  }
}

/// One modem that is asked on a thread of its own, and what is kept for who waits.
struct Inquiry {
  usb::Branch branch;
  Found modem;
  EventRecorder events;
  Asked asked;
  std::thread thread;
};

}  // namespace

Asked ask_modem(usb::Bus& bus, const Found& modem, Deadline deadline, Events& events) {
  auto reservation = bus.reserve(modem.device, usb::Purpose::question, events);
  if (!reservation) {
    Asked asked;
    asked.silence = std::move(reservation.error());
    return asked;
  }
  return ask_reserved(bus, modem, deadline, events);
}

Asked ask_reserved(usb::Bus& bus, const Found& modem, Deadline deadline, Events& events) {
  Asked asked;
  if (auto done = ask_by_state(bus, modem, deadline, events, asked); !done) {
    asked.silence = std::move(done.error());
  }
  return asked;
}

std::vector<Asked> ask_modems(usb::Bus& bus, const std::vector<Found>& modems, Duration patience, Events& events) {
  std::list<Inquiry> inquiries;
  for (const auto& modem : modems) {
    auto& inquiry = inquiries.emplace_back();
    inquiry.modem = modem;
    auto branch = bus.branch(modem.device);
    if (!branch) {
      inquiry.asked.silence = std::move(branch.error());
      continue;
    }
    inquiry.branch = std::move(*branch);
    if (inquiry.branch.bus == nullptr) {
      inquiry.asked = ask_modem(bus, modem, Deadline::in(bus.clock(), patience), inquiry.events);
      continue;
    }
    inquiry.modem.device = inquiry.branch.device;
    inquiry.thread = std::thread([&inquiry, patience] {
      auto& own = *inquiry.branch.bus;
      inquiry.asked = ask_modem(own, inquiry.modem, Deadline::in(own.clock(), patience), inquiry.events);
    });
  }
  std::vector<Asked> all;
  for (auto& inquiry : inquiries) {
    if (inquiry.thread.joinable()) {
      inquiry.thread.join();
    }
    for (const auto& event : inquiry.events.events) {
      events.emit(event);
    }
    all.push_back(std::move(inquiry.asked));
  }
  return all;
}

}  // namespace modemedic::operation
