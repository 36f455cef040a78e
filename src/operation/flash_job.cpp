#include "operation/flash_job.h"

#include "operation/modem_records.h"

#include <filesystem>

#include <fmt/format.h>

namespace modemedic::operation {

using knowledge::State;

namespace {

bool writes_image(const plan::Step& step) {
  using Kind = plan::Step::Kind;
  return step.kind == Kind::program || step.kind == Kind::stream || step.kind == Kind::flash;
}

/// The same from whatever folder the next command is started in.
std::string absolute_path(const std::string& path) {
  std::error_code error;
  auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

JobStart start_of(const Admission& admission, const plan::Plan& plan, const FlashOptions& options) {
  const auto& package = admission.package();
  return {.command = options.command,
          .time = options.time,
          .port = admission.modem().device.port,
          .package = absolute_path(package.path),
          .target = package.revision ? package.revision->text : "",
          .plan = digest_of(plan, package)};
}

}  // namespace

std::uint64_t bytes_to_write(const plan::Plan& plan, const firmware::Package& package) {
  std::uint64_t sum = 0;
  for (const auto& step : plan.steps) {
    sum += writes_image(step) ? package.file(package.images[step.image]).size : 0;
  }
  return sum;
}

FlashJob::FlashJob(const Admission& admission, const plan::Plan& plan, const FlashOptions& options, const Clock& clock,
                   Events& events)
    : admission_(admission),
      options_(options),
      journal_(options.journals, start_of(admission, plan, options), clock, events) {
  if (admission.identity() != nullptr) {
    journal_.identity(*admission.identity());
  }
  note_lifted(admission.lifted());
}

void FlashJob::note_lifted(const std::set<std::string>& rules) {
  for (const auto& rule : rules) {
    journal_.lifted(rule);
  }
}

void FlashJob::end(const Result<void>& walked, const Found& modem, const FlashReport& report) {
  journal_.verdict(walked);
  if (admission_.records() == nullptr) {
    return;
  }
  auto identity = walked ? report.after : report.before;
  identity.chip = report.chip.value_or(protocol::ChipIdentity{});
  auto state = walked ? State::running : modem.sighting.state;
  auto what = walked ? fmt::format("{} -> {}", report.before.revision, report.after.revision) : walked.error().what;
  admission_.records()->did({modem.device, std::string(name(state)), identity, options_.time},
                            {.time = options_.time,
                             .command = options_.command,
                             .result = std::string(walked ? "ok" : name(walked.error().code)),
                             .what = what});
}

}  // namespace modemedic::operation
