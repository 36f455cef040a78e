#pragma once

#include "base/events.h"
#include "firmware/revision.h"
#include "protocol/sahara_host.h"
#include "usb/bus.h"

#include <optional>
#include <string>

namespace modemedic::operation {

/// Who a modem is and how it feels, as far as it could be asked. An empty field could not be found out. All texts are
/// the modem's own, bounded but hostile: print them through printable().
struct Identity {
  std::string model;     ///< second line of ATI: "EC25"
  std::string revision;  ///< QGMR, or CGMR where QGMR errs: "EG25GGBR07A08M2G_30.006.30.006"
  std::string imei;      ///< 15 digits; empty when EFS is lost (imei_answer tells)
  std::string cfun;      ///< "1"; 0 minimal, 4 RF off, 5 factory test mode, 7 offline

  std::string order_code;      ///< of the revision: "EG25GGB"; empty when that follows no grammar
  std::string revision_by;     ///< what told the revision: "QGMR", "CGMR", "DIAG"
  bool revision_ready = true;  ///< false: QGMR still showed its placeholder when the deadline passed
  std::string imei_answer;     ///< what CGSN said instead of an IMEI: "0", "ERROR"
  std::string sim;             ///< "READY", "SIM PIN", "+CME ERROR: 10" (no SIM), "+CME ERROR: 13" (SIM failure)
  std::string iccid;           ///< 18 to 20 digits of the SIM
  std::string usbnet;          ///< "0" QMI, "1" ECM, "2" MBIM, "3" RNDIS
  std::string usbcfg;          ///< `0x2C7C,0x125,1,1,1,1,1,0,0`: vid, pid, diag, nmea, at, modem, net, adb, audio
  std::optional<bool> fused;   ///< takes only firmware that is signed with its maker's key; nothing on old firmware

  protocol::ChipIdentity chip;  ///< what a boot loader tells: serial, HWID, key hash
};

/// Asks a running modem who it is. Waits through a boot: the port may stay silent, QGMR may be not ready
/// (…_01.016.00.000), until the deadline. What came before the deadline passed is told; what was not asked then stays
/// empty.
/// @return Code::modem_lost, Code::timeout (AT never answered), Code::no_modem (the composition shows no AT),
///         Code::permission, Code::busy
Result<Identity> identify(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline, Events& events);

/// What DIAG alone tells of a running modem whose AT is silent or not there: its revision, by the extended build id.
/// @return Code::no_modem when the modem shows no DIAG interface; Code::timeout, Code::modem_lost, Code::permission,
///         Code::busy
Result<Identity> identify_by_diag(usb::Bus& bus, const usb::DeviceInfo& modem, Deadline deadline, Events& events);

}  // namespace modemedic::operation
