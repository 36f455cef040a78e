#include "knowledge/state.h"

#include "knowledge/embedded_data.h"
#include "knowledge/state_rows.h"

namespace modemedic::knowledge {

namespace {

/// The built-in rows. A test parses them, so they are never empty.
const StateRows& built_in() {
  static const auto rows = parse_states(embedded("states.toml")).value_or(StateRows{});
  return rows;
}

std::string filled(std::string text, std::string_view hole, const std::string& with) {
  auto at = text.find(hole);
  return at == std::string::npos ? text : text.replace(at, hole.size(), with);
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::running:
      return "running";
    case State::edl:
      return "edl";
    case State::boot_mode:
      return "boot_mode";
    case State::download:
      return "download";
    case State::dump:
      return "dump";
    case State::fastboot:
      return "fastboot";
    case State::not_ours:
      return "not_ours";
  }
  return "unknown";
}

Sighting conclude(const usb::Fingerprint& fingerprint) {
  Sighting sighting;
  const auto* row = find_state(built_in(), fingerprint);
  if (row == nullptr) {
    return sighting;
  }
  const auto* model = find_model(fingerprint.vid, fingerprint.pid);
  sighting.state = row->state;
  sighting.model = row->model.empty() && model != nullptr ? model->name : row->model;
  sighting.family = row->family.empty() && model != nullptr ? model->family : row->family;
  sighting.because = filled(row->because, "{model}", sighting.model);
  sighting.because = filled(sighting.because, "{maker}", model == nullptr ? "" : model->maker);
  sighting.next = row->next;
  for (const auto& remark : built_in().remarks) {
    if (sighting.state != State::not_ours && remark.when.fit(fingerprint, model)) {
      sighting.because += "; " + remark.because;
      sighting.next = remark.next;
    }
  }
  return sighting;
}

}  // namespace modemedic::knowledge
