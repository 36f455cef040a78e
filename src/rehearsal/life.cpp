#include "rehearsal/life.h"

#include "firmware/partition_role.h"
#include "operation/flash.h"
#include "operation/gate.h"
#include "rehearsal/memory_journals.h"
#include "rehearsal/mishap_bus.h"
#include "virtual/generator.h"
#include "virtual/in_process_bus.h"
#include "virtual/modem.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

namespace modemedic::rehearsal {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_attempts = 8;
constexpr Duration boot_patience = 2min;
constexpr Duration longest_attempt = 30min;

/// What no flash may change: fingerprints of the sectors outside the plan's ranges, and of those that are the module's
/// own.
std::string untouchable(const twin::Nand& nand, const Scene& scene) {
  std::vector<SectorRange> touched;
  for (const auto& step : scene.plan.plan().steps) {
    if (step.range.count.n > 0) {
      touched.push_back(step.range);
    }
  }
  for (const auto& image : scene.package.images) {
    touched.push_back(image.range);
  }
  std::sort(touched.begin(), touched.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
  std::string prints;
  Sectors at{0};
  auto add_up_to = [&](Sectors end) {
    if (at < end) {
      prints += nand.fingerprint({at, end - at});
    }
  };
  for (const auto& range : touched) {
    add_up_to(range.start);
    at = std::max(at, range.end());
  }
  add_up_to(scene.persona.geometry.chip_sectors());
  return prints;
}

/// A twin, its bus, and a host that remembers nothing but its journals.
class World {
public:
  World(const Scene& scene, std::uint64_t seed, const std::vector<Mishap>& what_goes_wrong)
      : scene_(scene), serial_(fmt::format("{:08x}", static_cast<std::uint32_t>(seed))), bus_(clock_, timers_) {
    std::vector<twin::Fault> faults;
    for (const auto& mishap : what_goes_wrong) {
      if (auto fault = twin::parse_fault(mishap.fault()); !mishap.fault().empty() && fault) {
        faults.push_back(*fault);
      }
    }
    auto nand = std::make_unique<twin::Nand>(scene.persona.geometry);
    twin::mark_bad_blocks(*nand, scene.persona, {});
    ready_ = twin::provision(*nand, scene.persona, scene.before, serial_, twin::Scale::small);
    modem_ = std::make_unique<twin::VirtualModem>(
        twin::VirtualModem::Setup{scene.persona, serial_, true, twin::Faults(std::move(faults))}, std::move(nand),
        timers_);
    bus_.plug(*modem_, "1-1");
    power_on();
  }

  const Result<void>& ready() const { return ready_; }

  void power_on() {
    modem_->power_cut();
    modem_->power_on();
    bus_.run_until([&] { return modem_->function() != nullptr; }, Deadline::in(clock_, boot_patience));
  }

  /// What a person types: the same each time.
  Result<operation::FlashReport> flash() {
    operation::FlashOptions options;
    options.journals = &journals;
    options.time = fmt::format("2026-01-01T00:00:{:02}Z", journals.files.size());
    TRY_ASSIGN(auto found, operation::find_modem(mishaps, "", events_));
    TRY_ASSIGN(auto admission, operation::admit(mishaps, found, scene_.package, {{"unknown"}}, events_));
    return operation::flash(mishaps, std::move(admission), scene_.plan, options, events_, {});
  }

  twin::VirtualModem& modem() { return *modem_; }

  TimePoint now() const { return clock_.now(); }

private:
  class Silence final : public Events {
  public:
    void emit(const Event& /*event*/) override {}
  };

  const Scene& scene_;
  std::string serial_;
  twin::SimulatedClock clock_;
  twin::Timers timers_{clock_};
  twin::InProcessBus bus_;
  std::unique_ptr<twin::VirtualModem> modem_;
  Silence events_;
  Result<void> ready_;

public:
  MishapBus mishaps{bus_};
  MemoryJournals journals;
};

/// A life, attempt by attempt.
class Living {
public:
  Living(const Scene& scene, std::uint64_t seed, const std::vector<Mishap>& mishaps)
      : scene_(scene), mishaps_(mishaps), random_(seed), world_(scene, seed, mishaps) {
    life_.seed = seed;
  }

  Life run() {
    if (!world_.ready()) {
      broken("the twin could not be made: " + world_.ready().error().what);
      return std::move(life_);
    }
    auto imei = world_.modem().imei();
    auto kept = untouchable(world_.modem().nand(), scene_);
    auto done = false;
    while (!done && life_.attempts.size() < most_attempts) {
      done = attempt();
    }
    if (!done) {
      broken(fmt::format("not done after {} attempts", most_attempts));
    }
    if (world_.modem().imei() != imei) {
      broken("the IMEI is another one");
    }
    if (untouchable(world_.modem().nand(), scene_) != kept) {
      broken("sectors outside the plan have changed");
    }
    return std::move(life_);
  }

private:
  bool attempt() {
    auto number = life_.attempts.size();
    const auto* mishap = number < mishaps_.size() ? &mishaps_[number] : nullptr;
    arm(mishap);
    auto chip = world_.modem().nand().fingerprint(whole_chip());
    auto begun = world_.now();
    auto result = world_.flash();
    auto took = world_.now() - begun;
    world_.mishaps.disarm();
    auto died = std::exchange(host_died_, false);
    if (died) {
      world_.mishaps.live();
      world_.journals.tear(random_() % 200);
    }
    life_.attempts.push_back({what_goes_wrong(number), result ? std::string(done_and_proven) : result.error().what,
                              world_.modem().state(), took});
    if (took > longest_attempt) {
      broken("an attempt took longer than half an hour");
    }
    if (!died && !after_death_) {  // a programmer that was left in raw mode was fed before it could be asked
      check_truth(result, world_.modem().nand().fingerprint(whole_chip()) != chip);
    }
    if (result) {
      life_.bytes_resent += number == 0 ? 0 : result->bytes_programmed;
      return true;
    }
    after_death_ = after_death_ || died;
    if (world_.modem().function() == nullptr || random_() % 2 == 0) {
      world_.power_on();
      after_death_ = false;
    }
    return false;
  }

  /// The faults of the modem are there from its first attempt on; what comes from outside has its own.
  std::string what_goes_wrong(std::size_t number) const {
    std::string text;
    for (std::size_t i = 0; i < mishaps_.size(); ++i) {
      if (mishaps_[i].fault().empty() ? i == number : number == 0) {
        text += (text.empty() ? "" : ", ") + mishaps_[i].text();
      }
    }
    return text;
  }

  void arm(const Mishap* mishap) {
    world_.journals.room.reset();
    power_failed_ = false;
    if (mishap == nullptr) {
      return;
    }
    if (mishap->kind == Mishap::Kind::power_cut) {
      world_.mishaps.strike_at(mishap->at, mishap->within, [this] {
        power_failed_ = true;
        world_.modem().power_cut();
      });
    } else if (mishap->kind == Mishap::Kind::host_death) {
      world_.mishaps.strike_at(mishap->at, mishap->within, [this] {
        host_died_ = true;
        world_.mishaps.die();
      });
    } else if (mishap->kind == Mishap::Kind::full_disk) {
      world_.journals.room = mishap->at;
    }
  }

  /// Success is what the modem runs; a failure names what it left; none is our own bug.
  void check_truth(const Result<operation::FlashReport>& result, bool changed) {
    if (result) {
      if (!world_.modem().state().starts_with("running") && !power_failed_) {
        broken("said to be done, but it is: " + world_.modem().state());
      }
      if (scene_.package.revision && result->after.revision != scene_.package.revision->text) {
        broken("said to be done, but it runs " + result->after.revision);
      }
      return;
    }
    const auto& error = result.error();
    if (error.code == Code::bug || error.code == Code::plan_unproven || error.code == Code::usage) {
      broken("ended with: " + error.what);
    }
    if (error.hint.empty()) {
      broken("ended without a word on what to do: " + error.what);
    }
    auto says = [&](const char* words) { return (error.what + error.hint).find(words) != std::string::npos; };
    if (changed && !says("What the modem has now") && !says("all data were taken") && !says("all data are written")) {
      broken("the chip has changed, and the error doesn't say so: " + error.what + " / " + error.hint);
    }
  }

  SectorRange whole_chip() const { return {{0}, scene_.persona.geometry.chip_sectors()}; }

  void broken(std::string promise) { life_.broken.push_back(std::move(promise)); }

  const Scene& scene_;
  const std::vector<Mishap>& mishaps_;
  std::mt19937_64 random_;
  World world_;
  Life life_;
  bool host_died_ = false;
  bool after_death_ = false;   ///< the modem has been left alone since, with power
  bool power_failed_ = false;  ///< in this attempt
};

}  // namespace

Result<std::uint64_t> count_messages(const Scene& scene) {
  World world(scene, 0, {});
  TRY(world.ready());
  TRY(world.flash());
  return world.mishaps.messages();
}

Life live(const Scene& scene, std::uint64_t seed, const std::vector<Mishap>& mishaps) {
  return Living(scene, seed, mishaps).run();
}

Life live(const Scene& scene, std::uint64_t seed, std::uint64_t messages) {
  std::mt19937_64 random(seed);
  std::uint64_t pages = 0;
  for (const auto& image : scene.package.images) {
    pages = std::max(pages, image.range.end().n);
  }
  return live(scene, seed, draw_mishaps(random, messages, std::max<std::uint64_t>(pages, 1)));
}

}  // namespace modemedic::rehearsal
