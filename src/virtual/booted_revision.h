#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace modemedic::twin {

/// What the start of a volume of ours says: lines `OEM_IMAGE_VERSION_STRING=…` and `MODEM_VERSION=…`.
struct VersionLines {
  std::string oem;    ///< "EG25GGBR07A08M2G", in `system` with its sub-version; empty: not there
  std::string modem;  ///< "30.006"; empty: not there
};

/// @param head  the first bytes of a volume
VersionLines read_version_lines(std::string_view head);

/// The revision that AT reports, put together from both images, so that a mixed flash shows.
struct BootedRevision {
  std::string cgmr;  ///< short, from `modem`
  std::string qgmr;  ///< short and MODEM_VERSION from `modem`, the last two fields from `system`
};

/// @return empty texts where the images don't say
BootedRevision booted_revision(const VersionLines& modem, const VersionLines& system);

/// The same for a vendor's images, out of the revision names that were found in them. Two names that contradict each
/// other tell nothing.
BootedRevision booted_revision(const std::vector<std::string>& modem, const std::vector<std::string>& system);

}  // namespace modemedic::twin
