#include "operation/journal.h"

#include "base/bytes.h"
#include "base/version.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::operation {

namespace {

using Json = nlohmann::ordered_json;

/// What the form of these lines is called; a later form gets another number.
constexpr int form = 1;

/// Text out of a modem or a file may be no UTF-8: what isn't is replaced.
std::string line_of(const Json& fields) {
  return fields.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string serial_text(const protocol::ChipIdentity& chip) {
  return chip.serial ? fmt::format("{:08x}", *chip.serial) : "";
}

Journal::Journal(JournalStore* store, const JobStart& start, const Clock& clock, Events& events)
    : clock_(clock), events_(events), started_(clock.now()) {
  if (store == nullptr) {
    return;
  }
  auto file = store->create(start.time);
  if (!file) {
    warn(events_, fmt::format("no journal can be kept ({}): if this job is cut, it begins anew instead of "
                              "going on",
                              file.error().what));
    return;
  }
  file_ = std::move(*file);
  write(line_of({{"journal", form},
                 {"command", start.command},
                 {"time", start.time},
                 {"version", version()},
                 {"port", start.port},
                 {"package", start.package},
                 {"target", start.target},
                 {"plan", start.plan}}));
}

void Journal::identity(const Identity& identity) {
  write(line_of(
      {{"event", "identity"}, {"model", identity.model}, {"revision", identity.revision}, {"imei", identity.imei}}));
}

void Journal::chip(const protocol::ChipIdentity& chip) {
  Json fields{{"event", "chip"}};
  if (chip.serial) {
    fields["serial"] = serial_text(chip);
  }
  if (chip.hwid) {
    fields["hwid"] = fmt::format("{:016x}", *chip.hwid);
  }
  write(line_of(fields));
}

void Journal::lifted(const std::string& rule) {
  write(line_of({{"event", "lifted"}, {"rule", rule}}));
}

void Journal::saved(const std::filesystem::path& file) {
  write(line_of({{"event", "saved"}, {"file", file.string()}}));
}

void Journal::begun(const plan::Step& step) {
  write_step("begun", step);
}

void Journal::done(const plan::Step& step) {
  write_step("done", step);
}

void Journal::read_back(const std::vector<std::string>& partitions) {
  write(line_of({{"event", "read-back"}, {"partitions", partitions}}));
}

void Journal::verdict(const Result<void>& result) {
  Json fields{{"event", "verdict"}, {"result", result ? "ok" : "failed"}};
  if (!result) {
    fields["code"] = name(result.error().code);
    fields["what"] = result.error().what;
    fields["during"] = result.error().during;
  }
  write(line_of(fields));
}

void Journal::write_step(const char* event, const plan::Step& step) {
  auto at = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - started_);
  write(line_of({{"event", event}, {"at_ms", at.count()}, {"step", id_of(step.kind)}, {"name", step.name}}));
}

void Journal::write(const std::string& line) {
  if (!file_) {
    return;
  }
  if (auto written = file_->append(line); !written) {
    file_.reset();
    warn(events_, fmt::format("the journal can't be written any more ({}): if this job is cut, it begins "
                              "anew instead of going on",
                              written.error().what));
  }
}

}  // namespace modemedic::operation
