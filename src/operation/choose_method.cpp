#include "operation/choose_method.h"

namespace modemedic::operation {

using knowledge::State;
using plan::Method;

ChosenMethod choose_method(const Found& modem, const firmware::Package& package, std::optional<Method> asked) {
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
  return {Method::fastboot, "it never touches the partition table or EFS; SBL1 and RPM stay as they are"};
}

Method usual_method(const Found& modem) {
  if (modem.sighting.family != "9x15") {
    return Method::firehose;
  }
  return modem.sighting.state == State::download ? Method::download : Method::fastboot;
}

}  // namespace modemedic::operation
