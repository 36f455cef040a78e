#include "app/commands/commands.h"
#include "app/data_directory.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/warnings_only.h"
#include "base/bytes.h"
#include "operation/consult.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using knowledge::Severity;
using operation::Consultation;

constexpr int exit_something_to_do = 20;
constexpr int exit_cannot_tell = 21;

struct DoctorOptions {
  unsigned watch = 20;  ///< seconds
};

const char* name_of(Severity severity) {
  switch (severity) {
    case Severity::healthy:
      return "healthy";
    case Severity::act:
      return "something to do";
    case Severity::unclear:
      return "cannot tell";
  }
  return "cannot tell";
}

std::string text(const std::string& row, const Consultation& consultation) {
  return printable(knowledge::fill(row, consultation.words), 1000);
}

/// The same command reaches the same modem: with its bus, and its port where there are several.
std::vector<std::string> texts(const std::vector<std::string>& rows, const Consultation& consultation) {
  std::vector<std::string> filled;
  std::ranges::transform(rows, std::back_inserter(filled), [&](const auto& row) { return text(row, consultation); });
  return filled;
}

Json to_json(const knowledge::Symptom& symptom, const Consultation& consultation) {
  return {{"id", symptom.id},
          {"severity", name_of(symptom.severity)},
          {"verdict", text(symptom.verdict, consultation)},
          {"why", text(symptom.why, consultation)},
          {"do", texts(symptom.todo, consultation)},
          {"dont", texts(symptom.dont, consultation)}};
}

void show_lines(const std::string& heading, const std::vector<std::string>& lines, Output& output) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    output.line(fmt::format("  {:<12}{}", i == 0 ? heading : "", lines[i]));
  }
}

void show(const knowledge::Symptom& symptom, const Consultation& consultation, Output& output) {
  show_lines("why", {text(symptom.why, consultation)}, output);
  show_lines("do", texts(symptom.todo, consultation), output);
  show_lines("don't", texts(symptom.dont, consultation), output);
}

void show(const Consultation& consultation, Output& output) {
  const auto& [verdict, besides] = consultation.diagnosis;
  auto object = to_json(*verdict, consultation);
  object["port"] = consultation.found ? consultation.found->device.port : "";
  object["evidence"] = consultation.evidence;
  object["facts"] = consultation.facts;
  object["besides"] = Json::array();
  for (const auto* beside : besides) {
    object["besides"].push_back(to_json(*beside, consultation));
  }
  output.object("diagnosis", object);

  auto where = consultation.found ? "port " + printable(consultation.found->device.port) : std::string("modem");
  output.line(fmt::format("{}: {}", where, text(verdict->verdict, consultation)));
  show_lines("seen", consultation.evidence, output);
  show(*verdict, consultation, output);
  for (const auto* beside : besides) {
    output.line(fmt::format("  besides: {}", text(beside->verdict, consultation)));
    show(*beside, consultation, output);
  }
}

Result<void> doctor(const GlobalOptions& global, const DoctorOptions& options, Output& output,
                    const std::stop_token& stop) {
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  WarningsOnly events(output);
  auto records = open_records(global, output);
  operation::FolderJournals journals(data_directory(global.data) / "journal");
  operation::ConsultOptions consult_options;
  consult_options.selector = global.modem;
  consult_options.journals = &journals;
  consult_options.records = &records;
  consult_options.time = utc_now();
  consult_options.watch = std::chrono::seconds(options.watch);
  if (global.bus == "usb") {
    consult_options.kernel = usb::read_kernel_log();
  }
  TRY_ASSIGN(auto consultations, operation::consult(*bus, consult_options, events, stop));
  auto worst = Severity::healthy;
  for (const auto& consultation : consultations) {
    show(consultation, output);
    auto severity = consultation.diagnosis.verdict->severity;
    auto besides = !consultation.diagnosis.besides.empty();
    if (severity == Severity::act || besides) {
      worst = Severity::act;
    } else if (severity == Severity::unclear && worst == Severity::healthy) {
      worst = Severity::unclear;
    }
  }
  output.end_with(worst == Severity::healthy ? 0 : worst == Severity::act ? exit_something_to_do : exit_cannot_tell);
  return {};
}

}  // namespace

void add_doctor(Grammar& grammar) {
  auto options = std::make_shared<DoctorOptions>();
  auto& command = grammar.command(
      "doctor", "what is wrong, why I think so, what to do", "modemedic doctor",
      [&grammar, options](Output& output, auto& stop) { return doctor(grammar.global(), *options, output, stop); });
  command.add_option("--watch", options->watch, "seconds for which a modem that is away or silent is watched")
      ->capture_default_str();
}

}  // namespace modemedic::app
