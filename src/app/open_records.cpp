#include "app/open_records.h"

#include "app/data_directory.h"

#include <ctime>

#include <fmt/chrono.h>

namespace modemedic::app {

operation::ModemRecords open_records(const GlobalOptions& global, Events& events) {
  auto data = data_directory(global.data);
  return {data.empty() ? data : data / "modems", global.bus, events};
}

std::string utc_now() {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace modemedic::app
