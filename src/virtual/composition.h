#pragma once

#include "base/error.h"
#include "virtual/faults.h"
#include "virtual/persona.h"

#include <string_view>

/// The USB compositions of a running module besides the one it comes with (facts: usb.md, interfaces). An owner chooses
/// them by AT+QCFG="usbnet" and "usbcfg"; a virtual modem by the fault `composition@NAME`:
///   rndis      RNDIS on 0 and 1, and so DIAG on 2
///   ecm, mbim  instead of QMI, behind the serial ports
///   mbim_only  MBIM and nothing else
///   laptop     MBIM on 0 and 1, AT on 2, DIAG on 3
///   no_at      DIAG and QMI
///   no_diag    NMEA, AT, modem and QMI
namespace modemedic::twin {

/// @return Code::usage when there is none of that name
Result<usb::Fingerprint> with_composition(const usb::Fingerprint& usual, std::string_view name);

/// The faults that show on USB: `composition@NAME`, and `full-speed` in every mode. A name that isn't known changes
/// nothing: check_faults() tells of it.
void spoil_usb(Persona& persona, const Faults& faults);

/// What AT+QCFG="usbnet" tells of a composition: 0 QMI, 1 ECM, 2 MBIM, 3 RNDIS.
unsigned usbnet_of(const usb::Fingerprint& shown);

}  // namespace modemedic::twin
