// bench_flash PACKAGE PERSONA: flashes the package in-process, once without NAND timing (how fast are we?) and once
// with it on simulated time (how much do we add to the device's own busy time?).

#include "bench.h"
#include "operation/flash.h"

#include <chrono>

#include <fmt/format.h>

namespace {

using namespace modemedic;
using bench::seconds;

struct Run {
  operation::FlashReport report;
  double real_seconds = 0;  ///< of this machine, the whole flash
};

Result<Run> flash(const firmware::Package& package, const twin::Persona& persona, bool real_timing) {
  bench::Silent events;
  TRY_ASSIGN(auto plan, plan::make_plan(package));
  TRY_ASSIGN(auto proven, plan::prove_plan(std::move(plan), package));
  TRY_ASSIGN(auto twin, bench::start_twin(persona, real_timing));
  auto& bus = twin->bus;
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

Result<void> measure(const std::string& path, const std::string& persona_id) {
  bench::Silent events;
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
  return bench::run(argc, argv, 2, "bench_flash PACKAGE PERSONA",
                    [](const auto& arguments) { return measure(arguments[0], arguments[1]); });
}
