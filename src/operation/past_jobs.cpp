#include "operation/past_jobs.h"

#include "base/bytes.h"
#include "operation/journal.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::operation {

namespace {

using Json = nlohmann::json;

constexpr int form = 1;
constexpr std::size_t longest_journal = 1024 * 1024;  // a flash of 40 partitions writes about 20 KiB
constexpr std::size_t longest_text = 4096;

/// A text field; empty when it is missing, of another type, or longer than anything we write.
std::string text(const Json& line, const char* key) {
  auto found = line.find(key);
  if (found == line.end() || !found->is_string()) {
    return {};
  }
  auto value = found->get<std::string>();
  return value.size() <= longest_text ? value : std::string();
}

void take_line(const Json& line, PastJob& job) {
  auto event = text(line, "event");
  auto step = text(line, "step");
  if (event == "identity") {
    job.revision = text(line, "revision");
    job.imei = text(line, "imei");
  } else if (event == "chip") {
    job.chip_serial = text(line, "serial");
  } else if (event == "begun" && (step == "erase" || step == "stream" || step == "flash")) {
    job.erased.insert(text(line, "name"));
  } else if (event == "done" && (step == "program" || step == "stream" || step == "flash")) {
    job.programmed.insert(text(line, "name"));
  } else if (event == "verdict") {
    job.result = text(line, "result");
  }
}

std::optional<PastJob> parse(const std::string& name, const std::string& content, Events& events) {
  std::istringstream lines(content);
  std::string line;
  std::getline(lines, line);
  auto first = Json::parse(line, nullptr, false);
  auto version = first.is_object() ? first.find("journal") : first.end();
  if (!first.is_object() || version == first.end() || *version != form) {
    warn(events, fmt::format("{} is no journal that this version understands; it is left alone", printable(name)));
    return std::nullopt;
  }
  PastJob job;
  job.journal = name;
  job.command = text(first, "command");
  job.time = text(first, "time");
  job.port = text(first, "port");
  job.package = text(first, "package");
  job.target = text(first, "target");
  job.plan = text(first, "plan");
  while (std::getline(lines, line)) {
    auto parsed = Json::parse(line, nullptr, false);
    if (parsed.is_object()) {
      take_line(parsed, job);
    }
  }
  return job;
}

}  // namespace

std::vector<PastJob> read_past_jobs(const JournalStore& store, std::size_t most, Events& events) {
  std::vector<PastJob> jobs;
  auto names = store.names();
  auto tell = [&](const Error& error) { warn(events, "journals can't be read: " + error.what); };
  if (!names) {
    tell(names.error());
    return jobs;
  }
  names->resize(std::min(names->size(), most));
  for (const auto& name : *names) {
    auto content = store.read(name, longest_journal);
    if (!content) {
      tell(content.error());
      continue;
    }
    if (auto job = parse(name, *content, events)) {
      jobs.push_back(std::move(*job));
    }
  }
  return jobs;
}

const PastJob* unfinished_job(const std::vector<PastJob>& jobs, const protocol::ChipIdentity& chip,
                              const std::string& port) {
  auto serial = serial_text(chip);
  auto job = std::find_if(jobs.begin(), jobs.end(), [&](const PastJob& past) {
    return serial.empty() ? past.port == port : past.chip_serial == serial;
  });
  return job != jobs.end() && job->unfinished() ? &*job : nullptr;
}

bool was_cut_before_erasing(const std::vector<PastJob>& jobs, const std::string& port) {
  auto job = std::ranges::find(jobs, port, &PastJob::port);
  return job != jobs.end() && job->erased.empty() && !job->result;
}

}  // namespace modemedic::operation
