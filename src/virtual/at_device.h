#pragma once

#include "base/bytes.h"
#include "virtual/modem_request.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::twin {

/// What AT tells of a modem and may change. One for all its ports.
struct AtModem {
  std::string model;        ///< ATI: "EC25"
  std::string cgmr;         ///< short revision; empty: the images don't tell
  std::string qgmr;         ///< full revision; empty likewise
  std::string imei;         ///< 15 digits; empty: EFS is lost
  std::string iccid;        ///< 20 digits
  std::string composition;  ///< `usbcfg` behind its name: "0x2C7C,0x125,1,1,1,1,1,0,0"
  bool fused = false;
  bool calibrated = true;  ///< RF calibration is there: without it the modem is in factory test mode
  bool settled = true;     ///< false in the first second, when QGMR shows a placeholder
  bool gnss = false;       ///< NMEA sentences flow
  unsigned cfun = 1;
  unsigned usbnet = 0;               ///< 0 QMI, 1 ECM, 2 MBIM, 3 RNDIS
  std::string sim = "+CPIN: READY";  ///< what AT+CPIN? is answered: a line, or a final one ("+CME ERROR: 10")
  std::vector<std::string> refused;  ///< commands beginning like this are an ERROR: "+CFUN"
};

/// Device side of one AT port (facts: at-diag.md): eats what the host types, yields what goes back. Knows no USB and
/// no clock. What it doesn't know it answers with ERROR, several commands in one line included.
class AtDevice {
public:
  explicit AtDevice(AtModem& modem) : modem_(modem) {}

  struct Reply {
    std::string text;                     ///< echo and answers
    std::optional<ModemRequest> request;  ///< what comes after it; the rest of the input is not read
  };

  /// Takes bytes, cut anywhere. A line that is longer than `longest` is an ERROR.
  Reply feed(ByteView bytes);

  static constexpr std::size_t longest = 1024;

private:
  std::optional<ModemRequest> line_done(std::string& text);

  AtModem& modem_;
  std::string line_;
  bool too_long_ = false;
  bool echo_ = true;
};

/// "\r\nRDY\r\n": a line that was not asked for.
std::string unsolicited(std::string_view line);

}  // namespace modemedic::twin
