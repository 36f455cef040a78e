#pragma once

#include "knowledge/models.h"
#include "knowledge/state.h"

#include <optional>
#include <utility>

namespace modemedic::knowledge {

/// What the fingerprint must show for a row of data/states.toml to speak. What isn't set is not looked at.
struct Conditions {
  std::optional<std::uint16_t> vid;
  std::vector<std::uint16_t> pids;
  std::optional<std::uint16_t> bcd;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> interfaces;  ///< least, most
  std::string has;                                                    ///< "ff/42/03"
  std::string shape;                                                  ///< "boot", "serial", "modem", "no-serial"
  std::vector<std::string> products;
  std::optional<std::string> manufacturer;
  std::optional<std::string> serial;
  std::optional<usb::Speed> speed;
  bool known = false;    ///< data/models.toml has these ids
  bool foreign = false;  ///< … as no Qualcomm chip

  bool fit(const usb::Fingerprint& fingerprint, const Model* model) const;
};

struct StateRow {
  std::string id;
  Conditions when;
  State state = State::not_ours;
  std::string model;  ///< overrides what data/models.toml says
  std::string family;
  std::string because;
  std::string next;
};

/// What a modem in any state may show besides: told with the state, and its advice comes first.
struct Remark {
  std::string id;
  Conditions when;
  std::string because;
  std::string next;
};

struct StateRows {
  std::vector<StateRow> states;
  std::vector<Remark> remarks;
};

/// @return Code::bug naming the row and key that is wrong
Result<StateRows> parse_states(std::string_view toml);

/// The row that speaks for this fingerprint, or nullptr.
const StateRow* find_state(const StateRows& rows, const usb::Fingerprint& fingerprint);

}  // namespace modemedic::knowledge
