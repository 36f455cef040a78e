#include "rehearsal/world.h"

#include "operation/choose_method.h"
#include "operation/rescue.h"
#include "virtual/generator.h"

#include <utility>

#include <fmt/format.h>

namespace modemedic::rehearsal {

using namespace std::chrono_literals;

namespace {

constexpr Duration boot_patience = 2min;
constexpr Duration sight_patience = 20s;

}  // namespace

World::World(const Scene& scene, std::uint64_t seed, const std::vector<Mishap>& what_goes_wrong)
    : scene_(scene),
      persona_(scene.persona),
      serial_(fmt::format("{:08x}", static_cast<std::uint32_t>(seed))),
      bus_(clock_, timers_) {
  persona_.dark_when_torn = seed % 2 == 1;
  std::vector<twin::Fault> faults;
  for (const auto& mishap : what_goes_wrong) {
    if (auto fault = twin::parse_fault(mishap.fault()); !mishap.fault().empty() && fault) {
      faults.push_back(*fault);
    }
  }
  auto nand = std::make_unique<twin::Nand>(persona_.geometry);
  twin::mark_bad_blocks(*nand, persona_, {});
  ready_ = twin::provision(*nand, persona_, scene.before, serial_, scene.scale);
  modem_ = std::make_unique<twin::VirtualModem>(
      twin::VirtualModem::Setup{persona_, serial_, true, twin::Faults(std::move(faults))}, std::move(nand), timers_);
  bus_.plug(*modem_, "1-1");
  power_on();
}

void World::power_on() {
  modem_->power_cut();
  modem_->power_on();
  bus_.run_until([&] { return modem_->function() != nullptr; }, Deadline::in(clock_, boot_patience));
}

Result<Outcome> World::flash() {
  TRY_ASSIGN(auto found, operation::find_modem(mishaps, "", events_));
  auto how = gate();
  how.method = operation::choose_method(found, scene_.package).method;
  TRY_ASSIGN(auto proven, operation::plan_for(scene_.package, scene_.plan, how.method));
  TRY_ASSIGN(auto admission, operation::admit(mishaps, found, scene_.package, how, events_));
  TRY_ASSIGN(auto report, operation::flash(mishaps, std::move(admission), proven, options(), events_, {}));
  return Outcome{report.after, report};
}

/// What the person lifts. In download mode nothing else is left than what rule efs stops: the twin's table is the
/// package's.
operation::GateOptions World::gate() const {
  operation::GateOptions gate;
  gate.overrides = {"unknown"};
  if (scene_.package.kind == firmware::PackageKind::streaming) {
    gate.overrides.insert("efs");
    gate.backup_at_hand = true;
  }
  return gate;
}

Result<Outcome> World::rescue(bool with_package) {
  operation::RescueOptions how;
  how.gate = gate();
  how.flash = options();
  how.cure = [&](const operation::PastJob* job) -> Result<std::optional<operation::Cure>> {
    auto known = job != nullptr && job->plan == plan::digest_of(scene_.plan.plan(), scene_.package);
    return with_package || known ? std::optional(operation::Cure{&scene_.package, &scene_.plan}) : std::nullopt;
  };
  TRY_ASSIGN(auto found, operation::await_modem(mishaps, "", sight_patience, events_, nullptr, {}));
  TRY_ASSIGN(auto report, operation::rescue(mishaps, found, how, events_, {}));
  return Outcome{report.after, report.flash};
}

operation::FlashOptions World::options() {
  operation::FlashOptions options;
  options.journals = &journals;
  options.time = fmt::format("2026-01-01T00:00:{:02}Z", journals.files.size());
  return options;
}

}  // namespace modemedic::rehearsal
