#pragma once

#include "virtual/generator.h"
#include "virtual/in_process_bus.h"
#include "virtual/modem.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

/// What the benchmarks in-process have in common.
namespace modemedic::bench {

inline double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Nobody listens, and nothing is kept.
class Silent final : public Events {
public:
  void emit(const Event& /*event*/) override {}
};

/// A virtual modem on simulated time, with its persona's firmware on it.
struct Twin {
  twin::SimulatedClock clock;
  twin::Timers timers{clock};
  std::unique_ptr<twin::VirtualModem> modem;
  twin::InProcessBus bus{clock, timers};
};

/// Makes one, switches it on, and waits until it is on its bus.
/// @param real_timing  whether its NAND takes the time of a real one
inline Result<std::unique_ptr<Twin>> start_twin(const twin::Persona& persona, bool real_timing,
                                                twin::Mode mode = twin::Mode::running,
                                                twin::Scale scale = twin::Scale::small) {
  constexpr auto serial = "1badcafe";
  auto twin = std::make_unique<Twin>();
  auto nand = std::make_unique<twin::Nand>(persona.geometry);
  auto before = firmware::parse_revision(persona.revision);
  TRY(twin::provision(*nand, persona, *before, serial, scale));
  twin->modem = std::make_unique<twin::VirtualModem>(
      twin::VirtualModem::Setup{.persona = persona, .serial = serial, .real_timing = real_timing, .faults = {}},
      std::move(nand), twin->timers);
  twin->bus.plug(*twin->modem, "1-1");
  twin->modem->power_on(mode);
  TRY(twin->bus.wait_change(Deadline::in(twin->clock, std::chrono::minutes(2))));
  return twin;
}

/// The whole of main(): as many arguments as `usage` names, and an error in words.
template <class Bench>
int run(int argc, char** argv, std::size_t wanted, const char* usage, Bench bench) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() != wanted) {
    fmt::print(stderr, "{}\n", usage);
    return 2;
  }
  auto result = bench(arguments);
  if (!result) {
    fmt::print(stderr, "{}: {}\n", result.error().during, result.error().what);
    return 1;
  }
  return 0;
}

}  // namespace modemedic::bench
