#include "operation/flash.h"

#include <fmt/format.h>

namespace modemedic::operation {

using firmware::Revision;

namespace {

constexpr auto nothing_sent = "nothing was sent to the modem";

/// A rule of severity stop: it holds unless the person names it.
Result<void> stop_unless_lifted(const FlashOptions& options, const std::string& rule, std::string what) {
  if (options.overrides.contains(rule)) {
    return {};
  }
  return fail(Code::refused)
      .rule(rule)
      .what(std::move(what))
      .hint(fmt::format("if you know that this firmware is this very module's, lift the rule with --override {}; {}",
                        rule, nothing_sent));
}

Result<void> compare(const Revision& modem, const Revision& package, const FlashOptions& options) {
  if (modem.order_code != package.order_code) {
    return fail(Code::refused)
        .rule("order-code")
        .what(fmt::format("the modem is a {}, the package is for a {}", modem.order_code, package.order_code))
        .hint(fmt::format("another variant's firmware leaves a modem that does not start; take one that begins with "
                          "{}; {}",
                          modem.order_code, nothing_sent));
  }
  if (modem.memory != package.memory) {
    return fail(Code::refused)
        .rule("memory")
        .what(fmt::format("the modem has memory {}, the package is for {}",
                          modem.memory.empty() ? "of no known size" : modem.memory,
                          package.memory.empty() ? "of no known size" : package.memory))
        .hint(fmt::format("take a firmware with {} in its name; {}", modem.memory, nothing_sent));
  }
  if (modem.baseline != package.baseline) {
    return stop_unless_lifted(options, "baseline",
                              fmt::format("the modem runs baseline R{:02}, the package is R{:02}: builds of two "
                                          "baselines may not boot on each other's hardware (EC25EFA R06 and R08 don't)",
                                          modem.baseline, package.baseline));
  }
  return {};
}

}  // namespace

Result<void> check_fit(const Identity* identity, const firmware::Package& package, const FlashOptions& options) {
  if (!package.revision) {
    TRY(stop_unless_lifted(options, "unknown", "no file of the package tells which revision it is"));
  }
  if (identity == nullptr) {
    return stop_unless_lifted(options, "unknown",
                              "the modem can't be asked which one it is: in EDL no revision can be read");
  }
  auto modem = firmware::parse_revision(identity->revision);
  if (!modem) {
    return stop_unless_lifted(
        options, "unknown",
        identity->revision.empty()
            ? "the modem did not tell its revision"
            : fmt::format("the modem's revision {} is no name this tool understands", printable(identity->revision)));
  }
  return package.revision ? compare(*modem, *package.revision, options) : Result<void>{};
}

}  // namespace modemedic::operation
