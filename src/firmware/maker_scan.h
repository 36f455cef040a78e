#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::firmware {

/// Finds the names that module vendors leave in their images, in a stream of bytes that comes in pieces of any size:
/// "SIMCOM", "SIM7600". A package of another vendor for the same chip looks much like a Quectel one.
class MakerScan {
public:
  void feed(ByteView chunk);

  /// The vendors whose marks were seen, each once.
  std::vector<std::string> found() const;

private:
  void look(std::string_view text);

  std::string tail_;  ///< the stream's last bytes, where a mark may have begun
  std::uint32_t seen_ = 0;
};

}  // namespace modemedic::firmware
