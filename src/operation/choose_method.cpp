#include "operation/choose_method.h"

#include <utility>

namespace modemedic::operation {

using knowledge::State;
using plan::Method;

ChosenMethod choose_method(const Found& modem, const firmware::Package& package, std::optional<Method> asked, At at) {
  if (asked) {
    return {*asked, "it was asked for"};
  }
  if (plan::usual_method(package) == Method::firehose) {
    return {Method::firehose, "the package brings a Firehose programmer"};
  }
  if (modem.sighting.state == State::download) {
    return {Method::download,
            "the modem is in download mode: nothing but a streaming loader can be talked to there. If it was only sent "
            "there, take its power away: it starts again, and can be flashed by fastboot, which is gentler"};
  }
  if (modem.sighting.state == State::running && at == At::silent) {
    return {Method::download,
            "the modem runs, but its AT port is silent, and only that leads into fastboot: DIAG leads into download "
            "mode. A boot loader in fastboot, if you can get it there, is gentler"};
  }
  return {Method::fastboot,
          "it never touches the partition table or EFS; the boot loader (SBL1, SBL2, RPM, APPSBL) stays as it is"};
}

Method usual_method(const Found& modem) {
  if (modem.sighting.family != "9x15") {
    return Method::firehose;
  }
  return modem.sighting.state == State::download ? Method::download : Method::fastboot;
}

Result<plan::ProvenPlan> plan_for(const firmware::Package& package, const plan::ProvenPlan& there, Method method) {
  if (there.plan().method == method) {
    return there;
  }
  TRY_ASSIGN(auto other, plan::make_plan(package, {}, method));
  return plan::prove_plan(std::move(other), package);
}

}  // namespace modemedic::operation
