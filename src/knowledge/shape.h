#pragma once

#include "usb/fingerprint.h"

#include <cstdint>
#include <string>

namespace modemedic::knowledge {

/// What an interface of a modem is for, judged by its class and endpoints. DIAG
/// moves between compositions, so numbers say little.
enum class Role {
  diag,      ///< ff/ff/ff or ff/ff/30, two bulk endpoints, no interrupt
  nmea,      ///< ff/00/40 with two bulk and an interrupt endpoint
  serial,    ///< ff/00/00 likewise: NMEA, AT or modem
  qmi,       ///< ff/ff/ff or ff/ff/50 likewise
  adb,       ///< ff/42/01
  fastboot,  ///< ff/42/03
  mbim,      ///< 02/0e/00
  other,
};

Role role(const usb::InterfaceInfo& interface);

/// One vendor interface with a bulk IN and a bulk OUT endpoint, and nothing else: EDL, Sahara, dump, DLOAD.
bool boot_shape(const usb::Fingerprint& fingerprint);

/// How many interfaces have this role.
std::size_t count(const usb::Fingerprint& fingerprint, Role wanted);

/// The control interface of a network card: ECM, MBIM or RNDIS. QMI has a Role of its own, and its data on it.
bool is_network(const usb::InterfaceInfo& interface);

/// "ff/00/40"
std::string class_text(const usb::InterfaceInfo& interface);

}  // namespace modemedic::knowledge
