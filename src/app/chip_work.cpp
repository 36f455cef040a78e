#include "app/chip_work.h"

#include "app/open_bus.h"
#include "app/open_records.h"

namespace modemedic::app {

Result<void> with_chip(const GlobalOptions& global, const ProgrammerOptions& programmer, Output& output,
                       const std::stop_token& stop, const ChipWork& work) {
  TRY_ASSIGN(auto read, read_programmer_option(programmer, output, stop));
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  TRY_ASSIGN(auto session, operation::ChipSession::open({*bus, modem, read, &records, utc_now(), output, stop}));
  auto left = work(*session);
  if (!left) {
    return fail(std::move(left.error()));
  }
  if (*left == Left::by_session) {
    output.line("  " + session->leave());
  }
  return {};
}

}  // namespace modemedic::app
