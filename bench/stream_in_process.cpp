// bench_stream PACKAGE PERSONA: writes the boot loader of a modem in download mode by its streaming loader, in-process.
// One frame is out at a time, so every moment between an answer and the next frame is lost: how near to the device's
// own pace do we come?

#include "bench.h"
#include "operation/flash.h"

#include <chrono>

#include <fmt/format.h>

namespace {

using namespace modemedic;
using bench::seconds;
using plan::Step;
using Wall = std::chrono::steady_clock;

/// When the first image is streamed, and when the loader is left; in the modem's time, and in this machine's.
class Stopwatch final : public Events {
public:
  explicit Stopwatch(const Clock& clock) : clock_(clock) {}

  void emit(const Event& event) override {
    const auto* step = std::get_if<event::Step>(&event);
    if (step == nullptr) {
      return;
    }
    if (step->id == id_of(Step::Kind::stream) && !begun_) {
      begun_ = true;
      modem_ = clock_.now();
      wall_ = Wall::now();
    } else if (step->id == id_of(Step::Kind::leave_loader)) {
      modem_seconds = seconds(clock_.now() - modem_);
      wall_seconds = seconds(Wall::now() - wall_);
    }
  }

  double modem_seconds = 0;
  double wall_seconds = 0;

private:
  const Clock& clock_;
  bool begun_ = false;
  TimePoint modem_;
  Wall::time_point wall_;
};

struct Times {
  double modem = 0;
  double machine = 0;
};

Result<Times> stream(const firmware::Package& package, const twin::Persona& persona, bool real_timing) {
  TRY_ASSIGN(auto plan, plan::make_plan(package, {}, plan::Method::download));
  TRY_ASSIGN(auto proven, plan::prove_plan(std::move(plan), package));
  TRY_ASSIGN(auto twin, bench::start_twin(persona, real_timing, twin::Mode::download));
  auto& bus = twin->bus;
  Stopwatch watch(twin->clock);
  TRY_ASSIGN(auto found, operation::find_modem(bus, "", watch));
  operation::GateOptions gate{.overrides = {"unknown", "efs"}, .backup_at_hand = true};
  gate.method = plan::Method::download;
  TRY_ASSIGN(auto admission, operation::admit(bus, found, package, gate, watch));
  TRY(operation::flash(bus, std::move(admission), proven, {}, watch, {}));
  return Times{watch.modem_seconds, watch.wall_seconds};
}

struct Work {
  std::uint64_t bytes = 0;
  double seconds = 0;  ///< what the chip alone needs
};

Work work_of(const plan::Plan& plan, const firmware::Package& package, const twin::Persona& persona) {
  Work work;
  for (const auto& step : plan.steps) {
    if (step.kind != Step::Kind::stream) {
      continue;
    }
    auto size = package.file(package.images[step.image]).size;
    const auto* partition = firmware::find_partition(persona.table, step.name);
    auto blocks = partition == nullptr ? 0 : partition->range.count.n / persona.geometry.pages_per_block;
    work.bytes += size;
    work.seconds += static_cast<double>(persona.geometry.sectors_for(size).n) * persona.timing.program_page_us / 1e6;
    work.seconds += static_cast<double>(blocks) * persona.timing.erase_block_us / 1e6;
  }
  return work;
}

Result<void> measure(const std::string& path, const std::string& persona_id) {
  EventRecorder events;
  TRY_ASSIGN(auto persona, twin::find_persona(persona_id));
  TRY_ASSIGN(auto package, firmware::read_package(path, {}, events));
  TRY_ASSIGN(auto plan, plan::make_plan(package, {}, plan::Method::download));
  auto work = work_of(plan, package, persona);
  TRY_ASSIGN(auto timed, stream(package, persona, true));
  TRY_ASSIGN(auto untimed, stream(package, persona, false));
  // What this machine spends is for both sides; all of it is counted as lost.
  auto whole = timed.modem + untimed.machine;
  fmt::print("streaming download: {:.0f} kB of boot loader in {:.3f} s, of which the chip is busy {:.3f} s\n",
             static_cast<double>(work.bytes) / 1e3, whole, work.seconds);
  fmt::print("  {:.1f} % of the device's own pace (this machine spends {:.3f} s for both sides)\n",
             work.seconds / whole * 100, untimed.machine);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, 2, "bench_stream PACKAGE PERSONA",
                    [](const auto& arguments) { return measure(arguments[0], arguments[1]); });
}
