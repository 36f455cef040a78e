#pragma once

#include "base/error.h"
#include "base/events.h"
#include "firmware/package.h"
#include "firmware/package_layout.h"
#include "firmware/package_read.h"

#include <memory>
#include <stop_token>
#include <string>

namespace modemedic::firmware {

/// Where a package was found.
struct PackageSource {
  std::shared_ptr<Source> source;
  std::string inside;  ///< the archive within what was named: "EG25.zip"; empty when it was the named one itself
  PackageRoot root;
  std::unique_ptr<PackageReader> reader;  ///< which has had its first look at `source`
};

/// Opens what a person named, and looks for the one package in it, through up to two archives in archives.
/// @return Code::usage listing the candidates where there are several; Code::package_bad telling what it is instead
Result<PackageSource> find_package(const std::string& path, const PackageChoice& choice, Events& events,
                                   const std::stop_token& stop);

}  // namespace modemedic::firmware
