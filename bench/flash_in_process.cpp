// bench_flash PACKAGE PERSONA: flashes the package in-process, once without NAND timing (how fast are we?) and once
// with it on simulated time (how much do we add to the device's own busy time?).

#include "operation/flash.h"
#include "virtual/generator.h"
#include "virtual/in_process_bus.h"
#include "virtual/modem.h"

#include <chrono>

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

struct Run {
  operation::FlashReport report;
  double real_seconds = 0;  ///< of this machine, the whole flash
};

Result<Run> flash(const firmware::Package& package, const twin::Persona& persona, bool real_timing) {
  Silent events;
  TRY_ASSIGN(auto plan, plan::make_plan(package));
  TRY_ASSIGN(auto proven, plan::prove_plan(std::move(plan), package));
  twin::SimulatedClock clock;
  twin::Timers timers(clock);
  auto nand = std::make_unique<twin::Nand>(persona.geometry);
  auto before = firmware::parse_revision(persona.revision);
  TRY(twin::provision(*nand, persona, *before, "1badcafe", twin::Scale::small));
  twin::VirtualModem modem({persona, "1badcafe", real_timing, {}}, std::move(nand), timers);
  twin::InProcessBus bus(clock, timers);
  bus.plug(modem, "1-1");
  modem.power_on();
  TRY(bus.wait_change(Deadline::in(clock, 2min)));
  TRY_ASSIGN(auto found, operation::find_modem(bus, "", events));
  auto start = std::chrono::steady_clock::now();
  Run run;
  TRY_ASSIGN(auto admission, operation::admit(bus, found, package, {}, events));
  TRY_ASSIGN(run.report, operation::flash(bus, std::move(admission), proven, {}, events, {}));
  run.real_seconds = seconds(std::chrono::steady_clock::now() - start);
  return run;
}

/// What the chip alone needs for the package's images.
double busy_seconds(const firmware::Package& package, const twin::Persona& persona) {
  double pages = 0;
  for (const auto& image : package.images) {
    pages += static_cast<double>(package.geometry.sectors_for(package.file(image).size).n);
  }
  return pages * persona.timing.program_page_us / 1e6;
}

Result<void> bench(const std::string& path, const std::string& persona_id) {
  Silent events;
  TRY_ASSIGN(auto persona, twin::find_persona(persona_id));
  auto start = std::chrono::steady_clock::now();
  TRY_ASSIGN(auto package, firmware::read_package(path, {}, events));
  auto verify = seconds(std::chrono::steady_clock::now() - start);
  TRY_ASSIGN(auto fast, flash(package, persona, false));
  auto megabytes = static_cast<double>(fast.report.bytes_programmed) / 1e6;
  fmt::print("in-process, no NAND timing: {:.1f} MB in {:.3f} s = {:.0f} MB/s (verified before that in {:.3f} s)\n",
             megabytes, fast.real_seconds, megabytes / fast.real_seconds, verify);
  TRY_ASSIGN(auto timed, flash(package, persona, true));
  auto busy = busy_seconds(package, persona);
  auto data = seconds(timed.report.data_time);
  fmt::print("real NAND timing: the chip is busy {:.2f} s, the images take {:.2f} s: the host adds {:.2f} %\n", busy,
             data, (data / busy - 1) * 100);
  fmt::print("  the whole flash takes {:.1f} s of the modem's time, {:.2f} s of this machine's\n",
             seconds(timed.report.whole_time), timed.real_seconds);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "bench_flash PACKAGE PERSONA\n");
    return 2;
  }
  auto result = bench(argv[1], argv[2]);
  if (!result) {
    fmt::print(stderr, "{}: {}\n", result.error().during, result.error().what);
    return 1;
  }
  return 0;
}
