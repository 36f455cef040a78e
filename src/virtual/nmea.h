#pragma once

#include <string>
#include <string_view>

namespace modemedic::twin {

/// "$GPGGA,…*47\r\n": body between $ and *, with the xor of its characters (NMEA 0183).
std::string nmea_sentence(std::string_view body);

/// What a modem with a fix says on its NMEA port, `second` seconds after noon.
std::string nmea_fix(unsigned second);

}  // namespace modemedic::twin
