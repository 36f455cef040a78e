#pragma once

#include <string_view>

namespace modemedic::firmware {

/// What a partition is to a flash. Told by its name; tables spell names in either case (sbl, SBL).
enum class Role {
  sbl,         ///< while it is absent the boot ROM waits in EDL by itself
  mibib,       ///< the partition table
  calibrated,  ///< EFS2, RAWDATA, sec: IMEI and RF calibration of this one module, lost for ever when erased
  kept,        ///< sys_rev, cust_info, misc: in no normal package
  plain,
};

Role role_of(std::string_view partition);

}  // namespace modemedic::firmware
