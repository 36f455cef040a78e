#include "app/backup_folder.h"
#include "app/commands/commands.h"
#include "app/data_directory.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "app/report_option.h"
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

using knowledge::SymptomSeverity;
using operation::Consultation;

constexpr int exit_something_to_do = 20;
constexpr int exit_cannot_tell = 21;

struct DoctorOptions {
  unsigned watch = 20;  ///< seconds
  ReportOptions report;
};

const char* name_of(SymptomSeverity severity) {
  switch (severity) {
    case SymptomSeverity::healthy:
      return "healthy";
    case SymptomSeverity::act:
      return "something to do";
    case SymptomSeverity::unclear:
      return "cannot tell";
  }
  return "cannot tell";
}

std::string text(const std::string& row, const Consultation& consultation) {
  return printable(knowledge::fill(row, consultation.words), 1000);
}

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

using Lines = std::vector<std::string>;

void add(const std::string& heading, const Lines& lines, Lines& page) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    page.push_back(fmt::format("  {:<12}{}", i == 0 ? heading : "", lines[i]));
  }
}

void add(const knowledge::Symptom& symptom, const Consultation& consultation, Lines& page) {
  add("why", {text(symptom.why, consultation)}, page);
  add("do", texts(symptom.todo, consultation), page);
  add("don't", texts(symptom.dont, consultation), page);
}

/// What a person reads.
Lines page_of(const Consultation& consultation) {
  const auto& [verdict, besides] = consultation.diagnosis;
  auto where = consultation.found ? "port " + printable(consultation.found->device.port) : std::string("modem");
  Lines page = {fmt::format("{}: {}", where, text(verdict->verdict, consultation))};
  add("seen", consultation.evidence, page);
  add(*verdict, consultation, page);
  for (const auto* beside : besides) {
    page.push_back(fmt::format("  besides: {}", text(beside->verdict, consultation)));
    add(*beside, consultation, page);
  }
  return page;
}

Json to_json(const Consultation& consultation) {
  const auto& [verdict, besides] = consultation.diagnosis;
  auto object = to_json(*verdict, consultation);
  object["port"] = consultation.found ? consultation.found->device.port : "";
  object["evidence"] = consultation.evidence;
  object["facts"] = consultation.facts;
  object["besides"] = Json::array();
  for (const auto* beside : besides) {
    object["besides"].push_back(to_json(*beside, consultation));
  }
  return object;
}

bool is_well(const Consultation& consultation) {
  return consultation.diagnosis.verdict->severity == SymptomSeverity::healthy && consultation.diagnosis.besides.empty();
}

/// All of them; in a tray of many a line is enough for one that is well.
void show(const std::vector<Consultation>& consultations, bool verbose, Output& output) {
  std::size_t before = 0;  // lines of the one before
  for (const auto& consultation : consultations) {
    output.object("diagnosis", to_json(consultation));
    auto page = page_of(consultation);
    if (consultations.size() > 1 && is_well(consultation) && !verbose) {
      page.resize(1);
    }
    if (before > 0 && std::max(before, page.size()) > 1) {
      output.line("");
    }
    for (const auto& line : page) {
      output.line(line);
    }
    before = page.size();
  }
  if (consultations.size() > 1) {
    output.line(fmt::format("\n{} modems, {} of them well", consultations.size(),
                            std::ranges::count_if(consultations, is_well)));
  }
}

/// The report of one modem, or of the lack of one.
Result<void> report(const std::vector<Consultation>& consultations, const DoctorOptions& options,
                    const GlobalOptions& global, Output& output) {
  if (options.report.path.empty()) {
    return {};
  }
  const auto& consultation = consultations.front();
  if (consultations.size() > 1) {
    return fail(Code::several_modems)
        .what(fmt::format("a report is about one modem, and {} are in sight", consultations.size()))
        .hint("choose one: --modem port:" + printable(consultation.found->device.port));
  }
  auto page = page_of(consultation);
  std::vector<operation::ReportFile> found_out = {
      {"diagnosis.txt", "what modemedic doctor found: the verdict, why, what to do",
       fmt::format("{}\n", fmt::join(page, "\n"))},
      {"diagnosis.json", "the same with all facts, for a program",
       to_json(consultation).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"}};
  Listed modem;
  if (consultation.found) {
    modem = {*consultation.found, consultation.asked, consultation.known};
  }
  return write_report_option(options.report, global, modem, std::move(found_out), output);
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
  consult_options.backups = backup_folder(global.data, false, output);
  consult_options.watch = std::chrono::seconds(options.watch);
  if (global.bus == "usb") {
    consult_options.kernel = usb::read_kernel_log();
  }
  TRY_ASSIGN(auto consultations, operation::consult(*bus, consult_options, events, stop));
  auto worst = SymptomSeverity::healthy;
  show(consultations, global.output.verbose, output);
  for (const auto& consultation : consultations) {
    auto severity = consultation.diagnosis.verdict->severity;
    auto besides = !consultation.diagnosis.besides.empty();
    if (severity == SymptomSeverity::act || besides) {
      worst = SymptomSeverity::act;
    } else if (severity == SymptomSeverity::unclear && worst == SymptomSeverity::healthy) {
      worst = SymptomSeverity::unclear;
    }
  }
  TRY(report(consultations, options, global, output));
  output.end_with(worst == SymptomSeverity::healthy ? 0
                  : worst == SymptomSeverity::act   ? exit_something_to_do
                                                    : exit_cannot_tell);
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
  add_report_options(command, options->report);
}

}  // namespace modemedic::app
