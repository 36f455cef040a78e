#include "rehearsal/life.h"

#include "rehearsal/untouched.h"
#include "rehearsal/world.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include <fmt/format.h>

namespace modemedic::rehearsal {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_attempts = 12;
constexpr Duration longest_attempt = 30min;

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
    while (life_.end.empty() && life_.attempts.size() < most_attempts) {
      attempt();
    }
    if (life_.end.empty()) {
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
  enum class Command { flash, rescue, rescue_with_package };

  void attempt() {
    auto number = life_.attempts.size();
    arm(number < mishaps_.size() ? &mishaps_[number] : nullptr);
    auto command = choose();
    auto before = all_but_flag(world_.modem().nand(), scene_);
    auto begun = world_.now();
    auto result = command == Command::flash ? world_.flash() : world_.rescue(command == Command::rescue_with_package);
    auto took = world_.now() - begun;
    world_.mishaps.disarm();
    auto died = std::exchange(host_died_, false);
    auto changed = all_but_flag(world_.modem().nand(), scene_) != before;
    life_.attempts.push_back({name(command), what_goes_wrong(number),
                              result ? std::string(is_new(*result) ? done_and_proven : as_before) : result.error().what,
                              world_.modem().state(), took});
    if (took > longest_attempt) {
      broken("an attempt took longer than half an hour");
    }
    if (!died && !left_alone_) {  // a programmer that was left in raw mode was fed before it could be asked
      check_truth(result, changed);
    }
    if (died) {
      world_.mishaps.live();
      world_.journals.tear(random_());
    }
    if (result) {
      end_well(*result, number);
      return;
    }
    needs_package_ = needs_package_ || result.error().rule == "package";
    if (is_worn_out(result.error())) {
      life_.end = worn_out;
      return;
    }
    look_after(died);
  }

  static std::string name(Command command) {
    return command == Command::flash ? "flash" : command == Command::rescue ? "rescue" : "rescue PACKAGE";
  }

  /// A flash first; then what the person of this seed knows to do.
  Command choose() {
    if (life_.attempts.empty() || wants_more_) {
      return Command::flash;
    }
    return needs_package_ || random_() % 2 == 0 ? Command::rescue_with_package : Command::rescue;
  }

  /// Who has the old firmware again is content, or wants the new one all the same.
  void end_well(const Outcome& outcome, std::size_t number) {
    if (outcome.flash) {
      life_.bytes_resent += number == 0 ? 0 : outcome.flash->bytes_programmed;
    }
    if (is_new(outcome) || random_() % 2 == 0) {
      life_.end = is_new(outcome) ? done_and_proven : as_before;
    }
    wants_more_ = true;
  }

  bool is_new(const Outcome& outcome) const {
    return scene_.package.revision && outcome.after.revision == scene_.package.revision->text;
  }

  /// Before the next attempt the cable is in and the modem has power.
  void look_after(bool host_died) {
    auto unplugged = std::exchange(unplugged_, false);
    left_alone_ = left_alone_ || host_died || unplugged;
    world_.mishaps.plug_in();
    if (world_.modem().function() == nullptr || random_() % 2 == 0) {
      world_.power_on();
      left_alone_ = false;
    }
    auto state = world_.modem().state();
    if (state.starts_with("dark") || state.starts_with("boot loop")) {
      broken("nothing but the boot pin helps: " + state);
    }
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
    } else if (mishap->kind == Mishap::Kind::unplug) {
      world_.mishaps.strike_at(mishap->at, mishap->within, [this] {
        unplugged_ = true;
        world_.mishaps.unplug();
      });
    } else if (mishap->kind == Mishap::Kind::full_disk) {
      world_.journals.room = mishap->at;
    }
  }

  /// Success is what the modem runs; a failure names what it left; none is our own bug.
  void check_truth(const Result<Outcome>& result, bool changed) {
    if (result) {
      if (!world_.modem().state().starts_with("running") && !power_failed_) {
        broken("said to be done, but it is: " + world_.modem().state());
      }
      const auto& shown = result->after.revision;
      if (!is_new(*result) && (result->flash || shown != scene_.before.text)) {
        broken("said to be done, but it runs " + shown);
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

  /// Only where a fault of the chip itself is among what goes wrong, and the modem is still within reach.
  bool is_worn_out(const Error& error) const {
    auto told = error.rule == "bad-blocks" || error.hint.find("this flash is failing") != std::string::npos;
    auto fails = std::ranges::any_of(mishaps_, [](const Mishap& mishap) {
      return mishap.kind == Mishap::Kind::dead_page || mishap.kind == Mishap::Kind::grown_bad;
    });
    return told && fails && world_.modem().function() != nullptr;
  }

  void broken(std::string promise) { life_.broken.push_back(std::move(promise)); }

  const Scene& scene_;
  const std::vector<Mishap>& mishaps_;
  std::mt19937_64 random_;
  mutable World world_;
  Life life_;
  bool host_died_ = false;
  bool unplugged_ = false;
  bool left_alone_ = false;     ///< by its host, with power, ever since
  bool power_failed_ = false;   ///< in this attempt
  bool needs_package_ = false;  ///< rescue has said so
  bool wants_more_ = false;     ///< it runs as before, and is to be flashed all the same
};

}  // namespace

Result<FlashSize> measure(const Scene& scene) {
  World world(scene, 0, {});
  TRY(world.ready());
  TRY_ASSIGN(auto outcome, world.flash());
  FlashSize size;
  size.messages = world.mishaps.messages();
  size.bytes = outcome.flash ? outcome.flash->bytes_programmed : 0;
  size.pages_per_block = scene.persona.geometry.pages_per_block;
  for (const auto& image : scene.package.images) {
    size.pages.push_back(image.range.start.n);
    size.counts.push_back(scene.persona.geometry.sectors_for(scene.package.file(image).size).n);
  }
  return size;
}

Life live(const Scene& scene, std::uint64_t seed, const std::vector<Mishap>& mishaps) {
  return Living(scene, seed, mishaps).run();
}

Life live(const Scene& scene, std::uint64_t seed, const FlashSize& size) {
  std::mt19937_64 random(seed);
  return live(scene, seed, draw_mishaps(random, size));
}

}  // namespace modemedic::rehearsal
