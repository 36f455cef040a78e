#include "operation/modem_record.h"

#include "base/digest.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::operation {

namespace {

using Json = nlohmann::ordered_json;

/// Bytes of a text that is kept. As UTF-8 with replacements it may take three times as many.
constexpr std::size_t longest_text = 200;
constexpr std::size_t longest_read = 3 * longest_text;
constexpr std::size_t imei_digits = 15;
constexpr std::size_t hash_digits = 64;

/// Reads fields; the first that is wrong is kept.
class Fields {
public:
  Fields(const Json& object, std::string& wrong) : object_(object), wrong_(wrong) {
    if (!object_.is_object()) {
      complain("a record");
    }
  }

  std::string text(const char* key) {
    const auto* value = find(key);
    if (value == nullptr) {
      return {};
    }
    const auto* text = value->get_ptr<const std::string*>();
    if (text == nullptr || text->size() > longest_read) {
      complain(key);
      return {};
    }
    return *text;
  }

  std::string digits(const char* key, std::size_t count, std::string_view alphabet = "0123456789abcdef") {
    auto value = text(key);
    auto stranger = value.find_first_not_of(alphabet) != std::string::npos;
    if (!value.empty() && (value.size() != count || stranger)) {
      complain(key);
      return {};
    }
    return value;
  }

  template <typename Number>
  std::optional<Number> hex(const char* key) {
    auto value = digits(key, 2 * sizeof(Number));
    Number number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number, 16);
    return value.empty() ? std::nullopt : std::optional(number);
  }

  std::uint64_t number(const char* key, std::uint64_t otherwise) {
    const auto* value = find(key);
    if (value != nullptr && !value->is_number_unsigned()) {
      complain(key);
    }
    return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : otherwise;
  }

  bool flag(const char* key) {
    const auto* value = find(key);
    if (value != nullptr && !value->is_boolean()) {
      complain(key);
    }
    return value != nullptr && value->is_boolean() && value->get<bool>();
  }

  void each(const char* key, std::size_t most, const std::function<void(Fields)>& read) {
    const auto* value = find(key);
    if (value == nullptr) {
      return;
    }
    if (!value->is_array() || value->size() > most) {
      return complain(key);
    }
    for (const auto& element : *value) {
      read(Fields(element, wrong_));
    }
  }

private:
  const Json* find(const char* key) const {
    auto found = object_.is_object() ? object_.find(key) : object_.end();
    return found == object_.end() ? nullptr : &*found;
  }

  void complain(const char* key) {
    if (wrong_.empty()) {
      wrong_ = key;
    }
  }

  const Json& object_;
  std::string& wrong_;
};

Json to_json(const StateSeen& seen) {
  Json fields{
      {"first", seen.first}, {"last", seen.last}, {"bus", seen.bus}, {"port", seen.port}, {"state", seen.state}};
  if (seen.by_port) {
    fields["by_port"] = true;
  }
  return fields;
}

StateSeen read_state(Fields fields) {
  return {.first = fields.text("first"),
          .last = fields.text("last"),
          .bus = fields.text("bus"),
          .port = fields.text("port"),
          .state = fields.text("state"),
          .by_port = fields.flag("by_port")};
}

Json to_json(const JobDone& job) {
  return {{"time", job.time}, {"command", job.command}, {"result", job.result}, {"what", job.what}};
}

JobDone read_job(Fields fields) {
  return {.time = fields.text("time"),
          .command = fields.text("command"),
          .result = fields.text("result"),
          .what = fields.text("what")};
}

template <typename T>
void keep_latest(std::vector<T>& list, std::size_t most) {
  if (list.size() > most) {
    list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(most));
  }
}

void cut(std::string& text) {
  text.resize(std::min(text.size(), longest_text));
}

}  // namespace

std::string ModemRecord::last_seen() const {
  return states.empty() ? std::string() : states.back().last;
}

void ModemRecord::learn(const Identity& said, const std::string& time) {
  auto take = [](std::string& field, const std::string& value) {
    if (!value.empty()) {
      field = value;
      cut(field);
    }
  };
  take(imei, said.imei);
  take(model, said.model);
  if (auto hash = hex_digits(said.chip.pk_hash); hash.size() == hash_digits) {
    pk_hash = hash;
  }
  chip_serial = said.chip.serial ? said.chip.serial : chip_serial;
  hwid = said.chip.hwid ? said.chip.hwid : hwid;
  if (!said.revision.empty()) {
    take(revision, said.revision);
    ran = time;
  }
}

void ModemRecord::add(StateSeen seen) {
  for (auto* text : {&seen.first, &seen.last, &seen.bus, &seen.port, &seen.state}) {
    cut(*text);
  }
  if (!states.empty()) {
    auto& last = states.back();
    if (last.bus == seen.bus && last.port == seen.port && last.state == seen.state && last.by_port == seen.by_port) {
      last.last = seen.last;
      return;
    }
  }
  states.push_back(std::move(seen));
  keep_latest(states, most_states);
}

void ModemRecord::add(JobDone job) {
  for (auto* text : {&job.time, &job.command, &job.result, &job.what}) {
    cut(*text);
  }
  jobs.push_back(std::move(job));
  keep_latest(jobs, most_jobs);
}

void ModemRecord::absorb(ModemRecord other) {
  auto said = other.identity();
  if (other.ran < ran) {
    said.revision.clear();
  }
  learn(said, other.ran);
  auto add_new = [](auto& list, auto& more, std::size_t most, auto when) {
    for (auto& one : more) {
      if (std::ranges::find(list, one) == list.end()) {
        list.push_back(std::move(one));
      }
    }
    std::ranges::stable_sort(list, {}, when);
    keep_latest(list, most);
  };
  add_new(states, other.states, most_states, &StateSeen::first);
  add_new(jobs, other.jobs, most_jobs, &JobDone::time);
}

bool ModemRecord::news_beside(const ModemRecord& written) const {
  constexpr std::string_view to_the_hour = "2026-11-21T09";
  auto coarse = [&](ModemRecord record) {
    record.ran.resize(std::min(record.ran.size(), to_the_hour.size()));
    if (!record.states.empty()) {
      auto& last = record.states.back().last;
      last.resize(std::min(last.size(), to_the_hour.size()));
    }
    return record;
  };
  return coarse(*this) != coarse(written);
}

Identity ModemRecord::identity() const {
  Identity identity;
  identity.model = model;
  identity.revision = revision;
  identity.imei = imei;
  auto parsed = firmware::parse_revision(revision);
  identity.order_code = parsed ? parsed->order_code : std::string();
  identity.chip.serial = chip_serial;
  identity.chip.hwid = hwid;
  identity.chip.pk_hash = from_hex(pk_hash).value_or(Buffer{});
  return identity;
}

std::string record_text(const ModemRecord& record) {
  Json fields{{"record", ModemRecord::form}, {"imei", record.imei}};
  if (record.chip_serial) {
    fields["chip_serial"] = fmt::format("{:08x}", *record.chip_serial);
  }
  if (record.hwid) {
    fields["hwid"] = fmt::format("{:016x}", *record.hwid);
  }
  fields["pk_hash"] = record.pk_hash;
  fields["model"] = record.model;
  fields["revision"] = record.revision;
  fields["ran"] = record.ran;
  fields["states"] = Json::array();
  for (const auto& seen : record.states) {
    fields["states"].push_back(to_json(seen));
  }
  fields["jobs"] = Json::array();
  for (const auto& job : record.jobs) {
    fields["jobs"].push_back(to_json(job));
  }
  // What a modem says may be no UTF-8: what isn't is replaced.
  return fields.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

tl::expected<ModemRecord, BadRecord> parse_record(std::string_view text) {
  auto parsed = Json::parse(text, nullptr, false);
  if (parsed.is_discarded()) {
    return tl::unexpected(BadRecord{false, "it is no whole JSON"});
  }
  std::string wrong;
  Fields fields(parsed, wrong);
  if (auto form = fields.number("record", 0); form != ModemRecord::form) {
    return tl::unexpected(BadRecord{
        form > ModemRecord::form, form > ModemRecord::form ? "a later modemedic wrote it" : "it is no modem's record"});
  }
  ModemRecord record;
  record.imei = fields.digits("imei", imei_digits, "0123456789");
  record.chip_serial = fields.hex<std::uint32_t>("chip_serial");
  record.hwid = fields.hex<std::uint64_t>("hwid");
  record.pk_hash = fields.digits("pk_hash", hash_digits);
  record.model = fields.text("model");
  record.revision = fields.text("revision");
  record.ran = fields.text("ran");
  fields.each("states", ModemRecord::most_states, [&](Fields each) { record.states.push_back(read_state(each)); });
  fields.each("jobs", ModemRecord::most_jobs, [&](Fields each) { record.jobs.push_back(read_job(each)); });
  if (!wrong.empty()) {
    return tl::unexpected(BadRecord{false, "its field " + wrong + " is wrong"});
  }
  return record;
}

}  // namespace modemedic::operation
