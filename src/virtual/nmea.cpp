#include "virtual/nmea.h"

#include <fmt/format.h>

namespace modemedic::twin {

std::string nmea_sentence(std::string_view body) {
  unsigned sum = 0;
  for (auto c : body) {
    sum ^= static_cast<unsigned char>(c);
  }
  return fmt::format("${}*{:02X}\r\n", body, sum);
}

std::string nmea_fix(unsigned second) {
  second = (second + 12 * 3600) % (24 * 3600);
  auto time = fmt::format("{:02}{:02}{:02}.0", second / 3600, second / 60 % 60, second % 60);
  return nmea_sentence("GPGGA," + time + ",4717.1127,N,00833.9148,E,1,05,1.2,499.6,M,48.0,M,,") +
         nmea_sentence("GPRMC," + time + ",A,4717.1127,N,00833.9148,E,0.0,0.0,210421,,,A");
}

}  // namespace modemedic::twin
