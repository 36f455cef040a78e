// bench_backup PACKAGE PERSONA FOLDER: backs up the whole chip of a virtual modem on simulated time with NAND timing:
// how much does the host add to what the device itself needs to read?

#include "bench.h"
#include "operation/backup.h"
#include "operation/chip_session.h"

#include <chrono>
#include <filesystem>

#include <fmt/format.h>

namespace {

using namespace modemedic;
using bench::seconds;

Result<void> measure(const std::string& path, const std::string& persona_id, const std::string& folder) {
  bench::Silent events;
  TRY_ASSIGN(auto persona, twin::find_persona(persona_id));
  TRY_ASSIGN(auto package, firmware::read_package(path, {}, events));
  TRY_ASSIGN(auto programmer, operation::programmer_of(package));
  TRY_ASSIGN(auto twin, bench::start_twin(persona, true, twin::Mode::running, twin::Scale::real));
  auto& bus = twin->bus;
  const auto& clock = twin->clock;
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
  return bench::run(argc, argv, 3, "bench_backup PACKAGE PERSONA FOLDER",
                    [](const auto& arguments) { return measure(arguments[0], arguments[1], arguments[2]); });
}
