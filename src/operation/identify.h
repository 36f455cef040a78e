#pragma once

#include "base/events.h"
#include "firmware/revision.h"
#include "usb/bus.h"

#include <optional>
#include <string>

namespace modemedic::operation {

/// What a running modem says of itself over AT. An empty field could not be found out.
struct Identity {
  std::string model;     ///< second line of ATI: "EC25"
  std::string revision;  ///< QGMR, or CGMR where QGMR errs: "EG25GGBR07A08M2G_30.006.30.006"
  std::string imei;      ///< 15 digits; empty when EFS is lost
  std::string cfun;      ///< "1"
};

/// Asks a running modem who it is. Waits through a boot: the port may stay silent, QGMR may be not ready
/// (…_01.016.00.000), until the deadline.
/// @return Code::modem_lost, Code::timeout (AT never answered), Code::permission, Code::busy
Result<Identity> identify(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline, Events& events);

}  // namespace modemedic::operation
