#pragma once

#include "app/grammar.h"
#include "catalog/genuine.h"
#include "firmware/package.h"

#include <stop_token>
#include <string>

namespace modemedic::app {

/// "genuine: EG25GGBR07A08M2G, by vendor.txt of key 2B3F8D7A1C0E5594", or that nobody vouches for it.
std::string describe_origin(const catalog::Voucher* voucher);

Json origin_json(const catalog::Voucher* voucher);

/// Says whether somebody whom the person trusts vouches for a package. One that is in no list is a warning: it may
/// still be right. Where there is no list at all the question is open, and the package need not be read again for it.
/// @return what keeps the package from being read once more
Result<void> show_origin(const GlobalOptions& global, const firmware::Package& package, Output& output,
                         const std::stop_token& stop);

}  // namespace modemedic::app
