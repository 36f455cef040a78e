#pragma once

#include "firmware/package.h"
#include "operation/choose_method.h"
#include "operation/flash.h"
#include "operation/gate.h"
#include "operation/run_firehose.h"
#include "operation/upload.h"
#include "support/tool.h"
#include "virtual/generator.h"
#include "virtual/in_process_bus.h"
#include "virtual/modem.h"

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace modemedic::test {

template <typename T>
T must(Result<T> result) {
  return result ? std::move(*result) : throw std::runtime_error(result.error().what);
}

inline void must(const Result<void>& result) {
  if (!result) {
    throw std::runtime_error(result.error().what);
  }
}

inline firmware::Revision revision(const std::string& text) {
  return firmware::parse_revision(text).value();
}

/// Newer firmware than the persona comes with.
inline std::string newer_revision(const std::string& persona) {
  if (persona == "ec20") {
    return "EC20EQAR02A05E2G";
  }
  return persona == "ec25-e" ? "EC25EFAR06A15M4G_01.002.01.002" : "EG25GGBR07A08M2G_30.006.30.006";
}

/// A package of our own making in a folder, read and verified.
class BenchPackage {
public:
  BenchPackage(const twin::Persona& persona, const std::string& revision_name, twin::Scale scale = twin::Scale::small) {
    read(must(twin::generate_package(persona, revision(revision_name), {scale, false})));
  }

  /// One whose vendor broke a file: `spoil` changes its bytes. It has no md5.txt.
  BenchPackage(const std::string& persona, const std::string& file, const std::function<void(Buffer&)>& spoil) {
    auto files = must(twin::generate_package(must(twin::find_persona(persona)), revision(newer_revision(persona)),
                                             {twin::Scale::small, false}));
    std::erase_if(files, [](const auto& made) { return made.path.ends_with("md5.txt"); });
    for (auto& made : files) {
      if (made.path.ends_with(file)) {
        auto bytes = made.bytes();
        spoil(bytes);
        made.size = bytes.size();
        made.write = [bytes](const std::function<bool(ByteView)>& sink) { sink(bytes); };
      }
    }
    read(files);
  }

  std::string path() const { return folder_ / "package"; }

  const firmware::Package& operator*() const { return package_; }

  const firmware::Package* operator->() const { return &package_; }

private:
  void read(const std::vector<twin::GeneratedFile>& files) {
    must(twin::write_package(files, path()));
    EventRecorder events;
    package_ = must(firmware::read_package(path(), {}, events));
  }

  TemporaryDirectory folder_;
  firmware::Package package_;
};

/// The package that most tests flash, made once for each persona.
inline const BenchPackage& newer_package(const std::string& persona) {
  static std::map<std::string, std::unique_ptr<BenchPackage>> made;
  auto& package = made[persona];
  if (!package) {
    package = std::make_unique<BenchPackage>(must(twin::find_persona(persona)), newer_revision(persona));
  }
  return *package;
}

/// Calls back at each event, after keeping it.
class WatchedEvents final : public Events {
public:
  void emit(const Event& event) override {
    recorded.push_back(event);
    if (on_event) {
      on_event(event);
    }
  }

  /// All log lines, one below the other.
  std::string log() const {
    std::string text;
    for (const auto& event : recorded) {
      if (const auto* line = std::get_if<event::Log>(&event)) {
        text += line->text + "\n";
      }
    }
    return text;
  }

  /// The ids of the steps, in their order.
  std::vector<std::string> steps() const {
    std::vector<std::string> ids;
    for (const auto& event : recorded) {
      if (const auto* step = std::get_if<event::Step>(&event)) {
        ids.push_back(step->id);
      }
    }
    return ids;
  }

  std::vector<Event> recorded;
  std::function<void(const Event&)> on_event;
};

/// What a person says on the command line of a flash.
struct FlashChoice : operation::FlashOptions, operation::GateOptions {};

/// A virtual modem with firmware, plugged into an in-process bus at port 1-1, on simulated time.
class TwinBench {
public:
  struct Options {
    std::string persona = "eg25-g";
    std::vector<std::string> faults;
    twin::Mode start = twin::Mode::running;
    bool real_timing = false;
    std::string serial = "49cbd7ef";
    std::vector<std::uint64_t> bad_blocks;
    bool later_programmer = false;  ///< of a later family than the 9x07's
    bool dark_when_torn = false;    ///< a torn TZ, RPM or aboot shows nothing on USB
    bool fused = false;             ///< takes only images that its maker signed
  };

  TwinBench() : TwinBench(Options{}) {}

  explicit TwinBench(Options options) : bus(clock, timers), persona(must(twin::find_persona(options.persona))) {
    std::vector<twin::Fault> faults;
    for (const auto& spec : options.faults) {
      faults.push_back(must(twin::parse_fault(spec)));
    }
    persona.factory_bad_blocks.insert(persona.factory_bad_blocks.end(), options.bad_blocks.begin(),
                                      options.bad_blocks.end());
    persona.programmer.later_family = options.later_programmer;
    persona.dark_when_torn = options.dark_when_torn;
    persona.fused = persona.fused || options.fused;
    modem = make_modem(options.serial, twin::Faults(std::move(faults)), options.real_timing);
    bus.plug(*modem, "1-1");
    power_on(*modem, options.start);
  }

  /// A second modem beside the first.
  std::unique_ptr<twin::VirtualModem> make_modem(const std::string& serial, const twin::Faults& faults,
                                                 bool real_timing = false) {
    auto nand = std::make_unique<twin::Nand>(persona.geometry);
    twin::mark_bad_blocks(*nand, persona, faults);
    must(twin::provision(*nand, persona, revision(persona.revision), serial, twin::Scale::small));
    return std::make_unique<twin::VirtualModem>(twin::VirtualModem::Setup{persona, serial, real_timing, faults},
                                                std::move(nand), timers);
  }

  /// Takes all power away and gives it back.
  void power_cycle(twin::Mode start = twin::Mode::running) {
    modem->power_cut();
    power_on(*modem, start);
  }

  /// Until it shows on the bus, at most a minute.
  void power_on(twin::VirtualModem& which, twin::Mode start = twin::Mode::running) {
    which.power_on(start);
    bus.run_until([&] { return which.function() != nullptr; }, Deadline::in(clock, std::chrono::minutes(1)));
  }

  Result<operation::Found> find() { return operation::find_modem(bus, "", events); }

  /// Plans and proves a package, and flashes it onto whatever is on port 1-1, if the gate lets it.
  Result<operation::FlashReport> flash(const firmware::Package& package, const FlashChoice& choice = {},
                                       std::stop_token stop = {}) {
    return flash_over(bus, package, choice, std::move(stop));
  }

  /// The same over a bus that stands before this one.
  Result<operation::FlashReport> flash_over(usb::Bus& other, const firmware::Package& package,
                                            const FlashChoice& choice = {}, std::stop_token stop = {}) {
    TRY_ASSIGN(auto found, find());
    auto asked = choice.method == plan::Method::firehose ? std::nullopt : std::optional(choice.method);
    const operation::GateOptions& asked_of_gate = choice;
    auto gate = asked_of_gate;
    gate.method = operation::choose_method(found, package, asked).method;
    auto proven = must(plan::prove_plan(must(plan::make_plan(package, {}, gate.method)), package));
    TRY_ASSIGN(auto admission, operation::admit(other, found, package, gate, events));
    return operation::flash(other, std::move(admission), proven, choice, events, std::move(stop));
  }

  std::string fingerprint() { return modem->nand().fingerprint({{0}, persona.geometry.chip_sectors()}); }

  twin::SimulatedClock clock;
  twin::Timers timers{clock};
  twin::InProcessBus bus;
  twin::Persona persona;
  std::unique_ptr<twin::VirtualModem> modem;
  WatchedEvents events;
};

/// The person says that the firmware is this module's.
inline FlashChoice lifting_unknown() {
  FlashChoice choice;
  choice.overrides = {"unknown"};
  return choice;
}

/// A host that hands over the programmer, begins to program SBL's partition, and dies when `sent` raw bytes are out.
inline void die_in_raw_mode(TwinBench& bench, const firmware::Package& package, std::uint64_t sent) {
  auto pipe = must(bench.bus.open(must(bench.find()).device, 0));
  operation::FirehoseLink link(*pipe, bench.clock, bench.events);
  must(operation::upload_programmer(*pipe, bench.clock, link, package, bench.events));
  must(operation::configure(link));
  const auto& geometry = package.geometry;
  protocol::FirehoseHost host;
  constexpr std::uint64_t announced = 256_KiB;
  host.start(protocol::firehose::Program{geometry, package.images.front().range.start, announced, "x"});
  const Buffer data(16384, std::byte{0});
  for (std::uint64_t out = 0; out <= sent;) {
    auto action = host.next();
    auto deadline = Deadline::in(bench.clock, std::chrono::seconds(10));
    if (auto* document = std::get_if<protocol::Send>(&action)) {
      must(pipe->send(document->bytes, document->zlp, deadline));
    } else if (std::holds_alternative<protocol::Await>(action)) {
      Buffer answer(4096);
      auto count = must(pipe->receive(answer, deadline));
      host.feed(ByteView(answer).first(count));
    } else if (auto* part = std::get_if<protocol::SendImage>(&action); part != nullptr && out < sent) {
      must(pipe->send(ByteView(data).first(part->length), part->zlp, deadline));
      out += part->length;
    } else {
      break;
    }
  }
}

}  // namespace modemedic::test
