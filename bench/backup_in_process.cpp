// bench_backup PACKAGE PERSONA FOLDER: backs up the whole chip of a virtual modem on simulated time with NAND timing:
// how much does the host add to what the device itself needs to read?

#include "operation/backup.h"
#include "operation/chip_session.h"
#include "virtual/generator.h"
#include "virtual/in_process_bus.h"
#include "virtual/modem.h"

#include <chrono>
#include <filesystem>

#include <fmt/format.h>

namespace {

using namespace modemedic;
using namespace std::chrono_literals;

class Silent final : public Events {
public:
  void emit(const Event& /*event*/) override {}
};

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Result<void> bench(const std::string& path, const std::string& persona_id, const std::string& folder) {
  Silent events;
  TRY_ASSIGN(auto persona, twin::find_persona(persona_id));
  TRY_ASSIGN(auto package, firmware::read_package(path, {}, events));
  TRY_ASSIGN(auto programmer, operation::programmer_of(package));
  twin::SimulatedClock clock;
  twin::Timers timers(clock);
  auto nand = std::make_unique<twin::Nand>(persona.geometry);
  auto before = firmware::parse_revision(persona.revision);
  TRY(twin::provision(*nand, persona, *before, "1badcafe", twin::Scale::real));
  twin::VirtualModem modem({persona, "1badcafe", true, {}}, std::move(nand), timers);
  twin::InProcessBus bus(clock, timers);
  bus.plug(modem, "1-1");
  modem.power_on();
  TRY(bus.wait_change(Deadline::in(clock, 2min)));
  TRY_ASSIGN(auto found, operation::find_modem(bus, "", events));
  TRY_ASSIGN(auto chip, operation::ChipSession::open({bus, found, programmer, nullptr, "", events, {}}));
  auto table = chip->table().table.value_or(firmware::PartitionTable{});
  operation::ReadableChip readable{chip->link(), chip->identity(), chip->storage(),
                                   table,        programmer.name,  programmer.digest};
  auto out = std::filesystem::path(folder) / "bench-backup.zip";
  auto on_modem = clock.now();
  auto here = std::chrono::steady_clock::now();
  TRY_ASSIGN(auto made, operation::make_backup(readable, {out, {}, ""}, events, {}));
  auto took = seconds(clock.now() - on_modem);
  auto real = seconds(std::chrono::steady_clock::now() - here);
  std::filesystem::remove(out);
  auto busy = static_cast<double>(persona.geometry.chip_sectors().n) * persona.timing.read_page_us / 1e6;
  auto megabytes = static_cast<double>(made.bytes) / 1e6;
  fmt::print(
      "backup of {:.0f} MB: the chip is busy {:.2f} s, it takes {:.2f} s of the modem's time: the host adds {:.2f} %\n",
      megabytes, busy, took, (took / busy - 1) * 100);
  fmt::print("  in {:.2f} s of this machine's, verified: {:.0f} MB/s\n", real, megabytes / real);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "bench_backup PACKAGE PERSONA FOLDER\n");
    return 2;
  }
  auto result = bench(argv[1], argv[2], argv[3]);
  if (!result) {
    fmt::print(stderr, "{}: {}\n", result.error().during, result.error().what);
    return 1;
  }
  return 0;
}
