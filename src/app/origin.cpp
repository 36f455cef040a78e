#include "app/origin.h"

#include "app/open_catalog.h"
#include "catalog/content.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

std::string describe_origin(const catalog::Voucher* voucher) {
  return voucher == nullptr ? "unknown: no list that you trust names it"
                            : fmt::format("genuine: {}, by {} ({})", voucher->name, voucher->list, voucher->said);
}

Json origin_json(const catalog::Voucher* voucher) {
  if (voucher == nullptr) {
    return {{"genuine", false}};
  }
  return {{"genuine", true},
          {"name", voucher->name},
          {"list", voucher->list},
          {"signer", voucher->signer},
          {"said", voucher->said}};
}

Result<void> show_origin(const GlobalOptions& global, const firmware::Package& package, Output& output,
                         const std::stop_token& stop) {
  auto genuine = read_genuine(global, output);
  if (!genuine.has_lists()) {
    output.object("origin", {{"genuine", false}, {"lists", 0}});
    output.line("origin   unknown: you have no signed list of packages (docs/catalog.md)");
    return {};
  }
  TRY_ASSIGN(auto content, catalog::content_digest(package, output, stop));
  const auto* voucher = genuine.find(content);
  auto object = origin_json(voucher);
  object["content"] = hex_digits(content);
  output.object("origin", object);
  if (voucher == nullptr) {
    warn(output, "origin unknown: no list that you trust names this package");
  } else {
    output.line("origin   " + describe_origin(voucher));
  }
  return {};
}

}  // namespace modemedic::app
