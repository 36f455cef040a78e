#include "operation/efs_backup.h"

#include "knowledge/shape.h"
#include "operation/run_diag.h"

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration identify_patience = 30s;
constexpr Duration diag_patience = 5s;

/// Beyond what any list of items names; RF items have their place in files.
constexpr std::uint16_t last_item = 9999;

Failure does_not_run(const Found& modem) {
  return fail(Code::refused)
      .rule("mode")
      .what("files and NV items are read from a modem that runs: " + modem.sighting.because)
      .hint("without --efs the chip itself is read, in EDL");
}

/// How far it is: nobody knows how many there will be.
class Counter {
public:
  explicit Counter(Events& events) : events_(events) {}

  void count(const char* what) {
    constexpr std::uint64_t every = 500;
    if (++count_ % every == 0) {
      events_.emit(event::Log{event::Log::Level::info, fmt::format("{} {}", count_, what)});
    }
  }

private:
  Events& events_;
  std::uint64_t count_ = 0;
};

}  // namespace

Result<std::uint8_t> interface_for_files(const Found& modem) {
  if (modem.sighting.state != knowledge::State::running) {
    return does_not_run(modem);
  }
  if (auto interface = knowledge::diag_interface(modem.device.fingerprint)) {
    return *interface;
  }
  return fail(Code::no_modem)
      .what("the modem shows no DIAG interface in this composition")
      .hint("without --efs the chip itself is read, in EDL");
}

Result<EfsArchive::About> copy_efs(usb::Bus& bus, const Found& modem, const Identity& identity, EfsArchive archive,
                                   const std::string& time, Events& events, const std::stop_token& stop) {
  TRY_ASSIGN(auto interface, interface_for_files(modem));
  EfsArchive::About about{.identity = identity, .time = time, .efs = {}, .nv = {}};
  TRY_ASSIGN(auto pipe, bus.open(modem.device, interface));
  TRY(prove_diag(*pipe, bus.clock(), Deadline::in(bus.clock(), diag_patience)));
  events.emit(event::Step{"efs", "read its files", 0, 0, {}});
  Counter entries(events);
  TRY_ASSIGN(about.efs, walk_efs(
                            *pipe, bus.clock(), {},
                            [&](const EfsEntry& entry) {
                              entries.count("entries");
                              return archive.add(entry);
                            },
                            stop));
  events.emit(event::Step{"nv", "read its NV items", 0, 0, {}});
  Counter items(events);
  auto nv = read_nv_items(
      *pipe, bus.clock(), last_item,
      [&](std::uint16_t item, ByteView bytes) {
        items.count("NV items");
        return archive.add(item, bytes);
      },
      stop);
  if (!nv && nv.error().code != Code::device_refused) {
    return fail(std::move(nv.error()));
  }
  if (nv) {
    about.nv = *nv;
  } else {
    warn(events, nv.error().what);
  }
  TRY(archive.close(about));
  return about;
}

Result<EfsArchive::About> backup_efs(usb::Bus& bus, const Found& modem, const std::filesystem::path& out,
                                     const std::string& time, Events& events, const std::stop_token& stop) {
  TRY(interface_for_files(modem));
  TRY_ASSIGN(auto archive, EfsArchive::create(out));
  TRY_ASSIGN(auto reservation, bus.reserve(modem.device, usb::Purpose::question, events));
  events.emit(event::Step{"identify", "ask the modem who it is", 0, 0, {}});
  // One whose AT is silent has files all the same.
  auto told = identify(bus, modem.device, Deadline::in(bus.clock(), identify_patience), events);
  return copy_efs(bus, modem, told.value_or(Identity()), std::move(archive), time, events, stop);
}

}  // namespace modemedic::operation
