#include "knowledge/state_rows.h"

#include "knowledge/shape.h"
#include "knowledge/toml_reader.h"

#include <algorithm>
#include <array>

namespace modemedic::knowledge {

namespace {

constexpr std::array states = {State::running, State::edl,      State::boot_mode, State::download,
                               State::dump,    State::fastboot, State::not_ours};

constexpr std::array shapes = {"", "boot", "serial", "modem", "no-serial"};

constexpr std::array<std::pair<std::string_view, usb::Speed>, 4> speeds = {
    {{"low", usb::Speed::low}, {"full", usb::Speed::full}, {"high", usb::Speed::high}, {"super", usb::Speed::super}}};

std::optional<std::uint16_t> number_if(TomlReader& row, std::string_view key) {
  std::optional<std::uint16_t> number;
  if (row.has(key)) {
    row.number_into(key, number.emplace());
  }
  return number;
}

std::optional<std::string> text_if(TomlReader& row, std::string_view key) {
  return row.has(key) ? std::optional(row.text(key)) : std::nullopt;
}

/// How many interfaces: [least, most].
std::optional<std::pair<std::uint64_t, std::uint64_t>> range_if(TomlReader& row, std::string_view key) {
  if (!row.has(key)) {
    return std::nullopt;
  }
  std::vector<std::uint64_t> range;
  row.each_number(key, 0xFF, [&](std::uint64_t number) { range.push_back(number); });
  if (range.size() != 2) {
    row.complain(key, "is not [least, most]");
    return std::nullopt;
  }
  return std::pair(range[0], range[1]);
}

Conditions read_conditions(TomlReader& row) {
  Conditions when;
  when.vid = number_if(row, "vid");
  when.bcd = number_if(row, "bcd");
  when.interfaces = range_if(row, "interfaces");
  when.has = row.text_or("has", "");
  when.shape = row.text_or("shape", "");
  when.manufacturer = text_if(row, "manufacturer");
  when.serial = text_if(row, "serial");
  when.known = row.has("known") && row.flag("known");
  when.foreign = row.has("foreign") && row.flag("foreign");
  if (row.has("pids")) {
    row.each_number("pids", 0xFFFF, [&](auto pid) { when.pids.push_back(static_cast<std::uint16_t>(pid)); });
  }
  if (row.has("products")) {
    row.each_text("products", [&](const std::string& text) { when.products.push_back(text); });
  }
  if (std::ranges::find(shapes, when.shape) == shapes.end()) {
    row.complain("shape", "is none that is known");
  }
  if (auto wanted = text_if(row, "speed")) {
    const auto* speed = std::ranges::find(speeds, *wanted, &std::pair<std::string_view, usb::Speed>::first);
    if (speed == speeds.end()) {
      row.complain("speed", "is none that is known");
    } else {
      when.speed = speed->second;
    }
  }
  return when;
}

State read_state(TomlReader& row) {
  auto text = row.text("state");
  const auto* state = std::ranges::find(states, text, &name);
  if (state == states.end()) {
    row.complain("state", "is none that is known");
    return State::not_ours;
  }
  return *state;
}

/// What every row has: who it is, what it says, and why we believe it.
template <typename Row>
void read_row(TomlReader& keys, Row& row) {
  row.id = keys.text("id");
  row.when = read_conditions(keys);
  row.because = keys.text("because");
  row.next = keys.text("next");
  keys.text("evidence");
  keys.text("source");
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
  StateRows rows;
  auto problem = read_toml(toml, [&](TomlReader& root) {
    root.each_table("state", [&](TomlReader& keys) {
      auto& row = rows.states.emplace_back();
      read_row(keys, row);
      row.state = read_state(keys);
      row.model = keys.text_or("model", "");
      row.family = keys.text_or("family", "");
    });
    root.each_table("remark", [&](TomlReader& keys) { read_row(keys, rows.remarks.emplace_back()); });
    root.done();
  });
  if (!problem.empty()) {
    return fail(Code::bug).what("states.toml: " + problem);
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
