#include "base/digest.h"
#include "plan/plan.h"

#include <fmt/format.h>

namespace modemedic::plan {

std::string_view id_of(Step::Kind kind) {
  using Kind = Step::Kind;
  switch (kind) {
    case Kind::switch_to_edl:
      return "switch";
    case Kind::upload:
      return "upload";
    case Kind::configure:
      return "configure";
    case Kind::ask_chip:
      return "ask-chip";
    case Kind::erase:
      return "erase";
    case Kind::prove_erased:
      return "prove-erased";
    case Kind::program:
      return "program";
    case Kind::reset:
      return "reset";
    case Kind::prove:
      return "prove";
    case Kind::to_fastboot:
    case Kind::to_download:
      return "switch";
    case Kind::load:
      return "upload";
    case Kind::table:
      return "table";
    case Kind::stream:
      return "stream";
    case Kind::stream_erase:
    case Kind::flash_erase:
      return "erase";
    case Kind::leave_loader:
      return "restart";
    case Kind::flash:
      return "flash";
    case Kind::reboot:
      return "reset";
  }
  return "step";
}

std::string_view name(Method method) {
  switch (method) {
    case Method::firehose:
      return "firehose";
    case Method::fastboot:
      return "fastboot";
    case Method::download:
      return "download";
  }
  return "method";
}

std::string digest_of(const Plan& plan, const firmware::Package& package) {
  Hasher<Sha256> hasher;
  auto add = [&](const std::string& line) { hasher.update(as_bytes(line + "\n")); };
  const auto& geometry = plan.geometry;
  add(fmt::format("{} {} {}", geometry.page_size, geometry.pages_per_block, geometry.blocks));
  add(hex_digits(package.files[package.programmer].md5));
  for (const auto& step : plan.steps) {
    auto writes = step.kind == Step::Kind::program || step.kind == Step::Kind::stream || step.kind == Step::Kind::flash;
    auto image = writes ? hex_digits(package.file(package.images[step.image]).md5) : "";
    add(fmt::format("{} {} {} {} {}", id_of(step.kind), step.name, step.range.start.n, step.range.count.n, image));
  }
  return hex_digits(hasher.finish());
}

}  // namespace modemedic::plan
