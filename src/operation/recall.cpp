#include "operation/recall.h"

#include "operation/emit_log.h"
#include "operation/run_sahara.h"
#include "operation/upload.h"

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration patience = 5s;

/// What Sahara's command mode tells; empty where it doesn't.
Identity ask_chip_alone(usb::Bus& bus, const Found& modem, Events& events) {
  Identity identity;
  auto pipe = open_edl(bus, modem.device);
  auto end = pipe ? ask_sahara(**pipe, bus.clock(), Deadline::in(bus.clock(), patience)) : fail(pipe.error());
  if (end) {
    identity.chip = std::move(end->chip);
  } else {
    emit_debug(events, "the chip did not tell who it is: " + end.error().what);
  }
  return identity;
}

std::string shown(const std::string& text) {
  return text.empty() ? "an unknown revision" : printable(text);
}

}  // namespace

Recalled recall(usb::Bus& bus, const Found& modem, ModemRecords& records, Events& events) {
  auto told = ask_chip_alone(bus, modem, events);
  auto known = records.known_before(modem.device, told);
  if (!known) {
    return {};
  }
  const auto& record = known->record;
  if (known->certain && !record.revision.empty()) {
    emit_info(events, fmt::format("known by its chip's serial {:08x}: it ran {} on {}", told.chip.serial.value_or(0),
                                  shown(record.revision), record.ran));
    known->record.learn(told, record.ran);
    return {.identity = known->record.identity(), .guess = {}};
  }
  if (record.revision.empty()) {
    return {};
  }
  return {.identity = {},
          .guess = fmt::format("on this port a modem with {} was seen last, on {}; that proves nothing: another may "
                               "sit there now",
                               shown(record.revision), record.last_seen())};
}

}  // namespace modemedic::operation
