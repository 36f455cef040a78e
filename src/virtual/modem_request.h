#pragma once

namespace modemedic::twin {

/// What a command asks the whole modem to do, once its answer is out.
enum class ModemRequest {
  restart,    ///< AT+CFUN=1,1, DIAG reset
  power_off,  ///< AT+QPOWD
  fastboot,   ///< AT+QFASTBOOT
  edl,        ///< DIAG 4b 65 01 00
  download,   ///< DIAG 3a
};

}  // namespace modemedic::twin
