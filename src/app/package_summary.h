#pragma once

#include "firmware/package.h"
#include "firmware/package_use.h"

#include <string>
#include <string_view>
#include <vector>

/// What is said of a package, in words, the same for terminal and page.
namespace modemedic::app {

/// A line of the package's identity: "chip", "9x07 (contents.xml (MDM9607), the programmer's name)".
struct SummaryLine {
  std::string label;
  std::string text;
};

std::vector<SummaryLine> summarize(const firmware::Package& package);

/// What a flash would leave of the module's own data, and what it would not.
struct Consequences {
  std::string stays;                ///< "EFS2, RAWDATA, sec (IMEI and RF calibration of this module), …"
  std::string goes;                 ///< what every flash of this package replaces
  std::vector<std::string> alarms;  ///< what no flash should do, in capitals
};

Consequences consequences(const firmware::Package& package);

/// Errors first, then warnings, then notes.
std::vector<firmware::Finding> by_weight(const std::vector<firmware::Finding>& findings);

std::string_view word(firmware::Md5Status status);             ///< "md5 ok"
std::string_view word(firmware::FileUse use);                  ///< "programmed"
std::string_view word(firmware::Finding::Level level);         ///< "warning"
std::string_view word(const firmware::PartitionFate& fate);    ///< "written"
std::string_view word(firmware::PackageSigning::State state);  ///< "signed"

}  // namespace modemedic::app
