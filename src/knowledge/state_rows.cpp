#include "knowledge/state_rows.h"

#include "knowledge/shape.h"
#include "knowledge/toml_rows.h"

#include <algorithm>
#include <array>

namespace modemedic::knowledge {

namespace {

constexpr std::string_view file = "states.toml";

constexpr std::array states = {State::running, State::edl,      State::boot_mode, State::download,
                               State::dump,    State::fastboot, State::not_ours};

constexpr std::array shapes = {"", "boot", "serial", "modem", "no-serial"};

constexpr std::array<std::pair<std::string_view, usb::Speed>, 4> speeds = {
    {{"low", usb::Speed::low}, {"full", usb::Speed::full}, {"high", usb::Speed::high}, {"super", usb::Speed::super}}};

Failure bad(const std::string& id, std::string what) {
  return fail(Code::bug).what(std::move(what)).during("states.toml, row " + id);
}

Result<Conditions> conditions(TomlRow& row, const std::string& id) {
  Conditions when;
  when.vid = row.u16("vid");
  when.pids = row.u16s("pids");
  when.bcd = row.u16("bcd");
  when.interfaces = row.range("interfaces");
  when.has = row.text("has").value_or("");
  when.shape = row.text("shape").value_or("");
  when.products = row.texts("products");
  when.manufacturer = row.text("manufacturer");
  when.serial = row.text("serial");
  when.known = row.flag("known").value_or(false);
  when.foreign = row.flag("foreign").value_or(false);
  if (std::find(shapes.begin(), shapes.end(), when.shape) == shapes.end()) {
    return bad(id, "unknown shape " + when.shape);
  }
  if (auto wanted = row.text("speed")) {
    const auto* speed =
        std::find_if(speeds.begin(), speeds.end(), [&](const auto& known) { return known.first == *wanted; });
    if (speed == speeds.end()) {
      return bad(id, "unknown speed " + *wanted);
    }
    when.speed = speed->second;
  }
  return when;
}

Result<State> state_of(const std::string& text, const std::string& id) {
  const auto* state = std::find_if(states.begin(), states.end(), [&](State s) { return name(s) == text; });
  if (state == states.end()) {
    return bad(id, "unknown state " + text);
  }
  return *state;
}

void require_prose(TomlRow& row) {
  for (const auto* key : {"id", "because", "next", "evidence", "source"}) {
    row.required(key);
  }
}

bool fits_shape(const std::string& shape, const usb::Fingerprint& fingerprint) {
  const auto serial = count(fingerprint, Role::serial) + count(fingerprint, Role::nmea);
  if (shape == "boot") {
    return boot_shape(fingerprint);
  }
  if (shape == "serial") {
    return serial >= 1;
  }
  if (shape == "modem") {
    return serial >= 2 && diag_interface(fingerprint);
  }
  return shape.empty() || (serial == 0 && !diag_interface(fingerprint));
}

template <typename T>
bool one_of(const std::vector<T>& list, const T& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

template <typename T>
bool same(const std::optional<T>& wanted, const T& value) {
  return !wanted || *wanted == value;
}

}  // namespace

bool Conditions::fit(const usb::Fingerprint& fingerprint, const Model* model) const {
  const auto& all = fingerprint.interfaces;
  auto has_it =
      has.empty() || std::any_of(all.begin(), all.end(), [this](const auto& i) { return class_text(i) == has; });
  auto right_count = !interfaces || (all.size() >= interfaces->first && all.size() <= interfaces->second);
  return same(vid, fingerprint.vid) && one_of(pids, fingerprint.pid) && same(bcd, fingerprint.bcd_device) &&
         right_count && has_it && fits_shape(shape, fingerprint) && one_of(products, fingerprint.product) &&
         same(manufacturer, fingerprint.manufacturer) && same(serial, fingerprint.serial) &&
         same(speed, fingerprint.speed) && (!known || model != nullptr) &&
         (!foreign || (model != nullptr && !model->maker.empty()));
}

Result<StateRows> parse_states(std::string_view toml) {
  TRY_ASSIGN(auto tables, TomlRows::read(file, toml, {"state", "remark"}));
  StateRows rows;
  for (const auto& table : tables.of("state")) {
    TomlRow keys(table, file);
    require_prose(keys);
    StateRow row;
    row.id = keys.text("id").value_or("?");
    TRY_ASSIGN(row.when, conditions(keys, row.id));
    TRY_ASSIGN(row.state, state_of(keys.text("state").value_or(""), row.id));
    row.model = keys.text("model").value_or("");
    row.family = keys.text("family").value_or("");
    row.because = keys.text("because").value_or("");
    row.next = keys.text("next").value_or("");
    TRY(keys.done());
    rows.states.push_back(std::move(row));
  }
  for (const auto& table : tables.of("remark")) {
    TomlRow keys(table, file);
    require_prose(keys);
    Remark remark;
    remark.id = keys.text("id").value_or("?");
    TRY_ASSIGN(remark.when, conditions(keys, remark.id));
    remark.because = keys.text("because").value_or("");
    remark.next = keys.text("next").value_or("");
    TRY(keys.done());
    rows.remarks.push_back(std::move(remark));
  }
  return rows;
}

const StateRow* find_state(const StateRows& rows, const usb::Fingerprint& fingerprint) {
  const auto* model = find_model(fingerprint.vid, fingerprint.pid);
  auto row = std::find_if(rows.states.begin(), rows.states.end(),
                          [&](const StateRow& r) { return r.when.fit(fingerprint, model); });
  return row == rows.states.end() ? nullptr : &*row;
}

}  // namespace modemedic::knowledge
