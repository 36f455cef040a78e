#include "app/modem_view.h"

#include "app/terminal.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "knowledge/chips.h"
#include "knowledge/state.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

using knowledge::State;
using operation::Identity;

namespace {

std::string usb_name(const usb::Fingerprint& fingerprint) {
  return fmt::format("{:04x}:{:04x}", fingerprint.vid, fingerprint.pid);
}

/// What it says of itself, or what was known of it for certain.
std::string first_of(const std::string& said, const Listed& modem, std::string operation::ModemRecord::*remembered) {
  return said.empty() && modem.known && modem.known->certain ? modem.known->record.*remembered : said;
}

std::string model_of(const Listed& modem) {
  auto model = first_of(modem.asked.identity.model, modem, &operation::ModemRecord::model);
  return model.empty() ? modem.found.sighting.model : model;
}

std::string revision_of(const Listed& modem) {
  return first_of(modem.asked.identity.revision, modem, &operation::ModemRecord::revision);
}

/// In words, what a modem that runs lacks; empty when it is well.
std::string illness(const Identity& identity) {
  if (identity.imei.empty()) {
    return "it has no IMEI: EFS is lost";
  }
  if (identity.cfun == "5") {
    return "CFUN 5, factory test mode: its calibration is lost";
  }
  if (identity.cfun == "7") {
    return "CFUN 7, offline: RF data and EFS do not fit together";
  }
  return identity.revision_ready ? "" : "it still starts: ask again";
}

std::string next_step(const Listed& modem) {
  const auto& [found, asked, known] = modem;
  if (found.sighting.state == State::running && asked.by == "AT") {
    auto what = illness(asked.identity);
    return what.empty() ? found.sighting.next : what;
  }
  auto hwid = asked.identity.chip.hwid;
  if (found.sighting.state == State::edl && hwid && knowledge::find_chip(*hwid) == nullptr) {
    return fmt::format("its chip (HWID {:016x}) is none that is known of a Quectel module: find out what it is first",
                       *hwid);
  }
  auto silence = asked.silence ? asked.silence->what + ": " : "";
  auto kept_out = asked.silence && (asked.silence->code == Code::permission || asked.silence->code == Code::busy);
  if (asked.silence && (kept_out || found.sighting.state == State::running)) {
    return silence + asked.silence->hint;
  }
  if (known && !known->certain && !known->record.revision.empty()) {
    return fmt::format("{}{} (on this port {} was seen last, which proves nothing)", silence, found.sighting.next,
                       known->record.revision);
  }
  return silence + found.sighting.next;
}

Json to_json(const operation::ModemRecords::Known& known) {
  return {{"certain", known.certain},  {"model", known.record.model}, {"revision", known.record.revision},
          {"imei", known.record.imei}, {"ran", known.record.ran},     {"seen", known.record.last_seen()}};
}

void add_chip(const protocol::ChipIdentity& chip, Json& fields) {
  if (chip.serial) {
    fields["chip_serial"] = fmt::format("{:08x}", *chip.serial);
  }
  if (chip.hwid) {
    fields["hwid"] = fmt::format("{:016x}", *chip.hwid);
  }
  if (!chip.pk_hash.empty()) {
    fields["pk_hash"] = hex_digits(chip.pk_hash);
  }
}

void add_identity(const Identity& identity, Json& fields) {
  for (const auto& [key, value] : {std::pair("order_code", &identity.order_code),
                                   {"revision_by", &identity.revision_by},
                                   {"cfun", &identity.cfun},
                                   {"sim", &identity.sim},
                                   {"iccid", &identity.iccid},
                                   {"usbnet", &identity.usbnet},
                                   {"usbcfg", &identity.usbcfg}}) {
    if (!value->empty()) {
      fields[key] = *value;
    }
  }
  if (identity.fused) {
    fields["fused"] = *identity.fused;
  }
  add_chip(identity.chip, fields);
}

/// What a line tells before its last column, which is what to do next.
using Cells = std::array<std::string, 6>;
using Widths = std::array<std::size_t, std::tuple_size_v<Cells>>;

/// Of a line that stands alone.
constexpr Widths usual_widths = {8, 10, 9, 9, 14, 32};

Cells titles() {
  return {"PORT", "STATE", "CERTAINTY", "USB", "MODEL", "REVISION"};
}

Cells cells_of(const Listed& modem) {
  const auto& found = modem.found;
  return {printable(found.device.port),
          std::string(name(found.sighting.state)),
          certainty(modem),
          usb_name(found.device.fingerprint),
          printable(model_of(modem)),
          printable(revision_of(modem))};
}

std::string row_of(const Cells& cells, const Widths& widths) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    row += fmt::format("{:<{}} ", cells[i], widths[i]);
  }
  return row;
}

std::string shown_next(const Listed& modem) {
  return printable(next_step(modem), 400);
}

}  // namespace

std::string certainty(const Listed& modem) {
  if (modem.asked.proven()) {
    return "proven";
  }
  return modem.found.sighting.model.empty() && modem.found.sighting.state == State::running ? "unknown" : "likely";
}

Json to_json(const Listed& modem) {
  const auto& [found, asked, known] = modem;
  Json fields{{"port", found.device.port},
              {"state", name(found.sighting.state)},
              {"certainty", certainty(modem)},
              {"answered", asked.by},
              {"usb", usb_name(found.device.fingerprint)},
              {"product", found.device.fingerprint.product},
              {"model", model_of(modem)},
              {"family", found.sighting.family},
              {"revision", revision_of(modem)},
              {"imei", first_of(asked.identity.imei, modem, &operation::ModemRecord::imei)},
              {"because", found.sighting.because},
              {"silence", asked.silence ? asked.silence->what : ""},
              {"next", next_step(modem)}};
  add_identity(asked.identity, fields);
  if (known) {
    fields["known"] = to_json(*known);
  }
  return fields;
}

std::string heading() {
  return row_of(titles(), usual_widths) + "NEXT";
}

std::string line_of(const Listed& modem) {
  return row_of(cells_of(modem), usual_widths) + shown_next(modem);
}

std::vector<std::string> table_of(const std::vector<Listed>& modems, int width) {
  std::vector<std::string> lines;
  if (width == 0) {
    lines.push_back(heading());
    std::ranges::transform(modems, std::back_inserter(lines), line_of);
    return lines;
  }
  std::vector<Cells> rows = {titles()};
  std::ranges::transform(modems, std::back_inserter(rows), cells_of);
  Widths widths{};
  for (const auto& row : rows) {
    std::ranges::transform(row, widths, widths.begin(),
                           [](const auto& cell, auto most) { return std::max(cell.size(), most); });
  }
  constexpr std::size_t room_for_text = 30;
  auto used = std::accumulate(widths.begin(), widths.end(), widths.size());
  auto beside = used + room_for_text <= static_cast<std::size_t>(width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto line = row_of(rows[i], widths);
    auto next = i == 0 ? "NEXT" : shown_next(modems[i - 1]);
    if (beside) {
      auto text = wrap(next, width - static_cast<int>(used));
      for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', end + 1)) {
        text.insert(end + 1, used, ' ');
      }
      lines.push_back(line + text);
      continue;
    }
    lines.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
    if (i > 0 && !next.starts_with("nothing")) {
      lines.push_back("  next: " + next);
    }
  }
  return lines;
}

}  // namespace modemedic::app
