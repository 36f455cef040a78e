#include "app/patient.h"

#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/revision_option.h"
#include "app/warnings_only.h"
#include "base/bytes.h"
#include "operation/choose_method.h"
#include "operation/gate.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace modemedic::app {

namespace {

/// A modem that the person describes.
Result<Patient> described(const PatientOptions& options, Output& output) {
  Patient patient;
  TRY_ASSIGN(patient.facts.revision, revision_option(options.revision));
  if (!options.geometry.empty()) {
    patient.facts.geometry = knowledge::parse_cells(options.geometry);
    if (!patient.facts.geometry) {
      return fail(Code::usage)
          .what(fmt::format("{} is no page and block size", printable(options.geometry)))
          .hint("p2K_b128K or p4K_b256K, as the files of a package are named");
    }
  }
  output.line(fmt::format("modem    {}, as you say", printable(patient.facts.revision->text)));
  return patient;
}

std::string who(const operation::Found& modem, const operation::Examination& examination) {
  auto known = examination.identity && !examination.identity->revision.empty();
  return fmt::format("{} at port {} ({}{})", known ? printable(examination.identity->revision) : "unknown",
                     modem.device.port, name(modem.sighting.state),
                     known && !examination.told ? ", known by its chip's serial" : "");
}

Result<Patient> in_sight(const GlobalOptions& global, Output& output) {
  SteadyClock clock;
  WarningsOnly warnings(output);
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, warnings);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, warnings, &records));
  TRY_ASSIGN(auto reservation, bus->reserve(modem.device, usb::Purpose::question, warnings));
  TRY_ASSIGN(auto examination, operation::look_at(*bus, modem, &records, warnings, operation::usual_method(modem)));
  output.line(fmt::format("modem    {}", who(modem, examination)));
  if (!examination.guess.empty()) {
    output.line(fmt::format("         {}", printable(examination.guess, 400)));
  }
  return Patient{std::move(examination.modem), std::move(examination.faults)};
}

}  // namespace

void add_patient_options(CLI::App& command, PatientOptions& options) {
  command.add_option("--revision", options.revision, "of a modem that is not there: what AT+QGMR shows");
  command.add_option("--geometry", options.geometry, "its NAND: p2K_b128K or p4K_b256K");
}

Result<Patient> look_at_patient(const GlobalOptions& global, const PatientOptions& options, Output& output) {
  if (options.revision.empty() && !options.geometry.empty()) {
    return fail(Code::usage).what("--geometry goes with --revision").hint("the modem in sight knows its own chip");
  }
  return options.revision.empty() ? in_sight(global, output) : described(options, output);
}

}  // namespace modemedic::app
