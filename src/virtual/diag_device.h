#pragma once

#include "protocol/hdlc.h"
#include "virtual/efs2_device.h"
#include "virtual/modem_request.h"

#include <optional>
#include <string>

namespace modemedic::twin {

/// Device side of DIAG (facts: at-diag.md): eats HDLC bytes, yields what goes back. Knows version, build id, the ways
/// into the flash modes, reset and offline, and shows the modem's files and NV items; every other command is answered
/// as bad.
class DiagDevice {
public:
  /// @param build  software revision that the extended build id shows
  /// @param files  what the modem has in its file system
  explicit DiagDevice(std::string build, EfsTree files = {})
      : build_(std::move(build)), files_(std::move(files)), reader_(longest) {}

  struct Reply {
    Buffer bytes;
    bool offline = false;                 ///< the radio was told to go offline: CFUN is 7
    std::optional<ModemRequest> request;  ///< what comes after it; the rest of the input is not read
  };

  Reply feed(ByteView bytes);

  static constexpr std::size_t longest = 4096;  ///< bytes of a frame; a longer one is dropped

private:
  Buffer answer(ByteView body, Reply& reply);

  std::string build_;
  Efs2Device files_;
  protocol::HdlcReader reader_;
};

}  // namespace modemedic::twin
