#pragma once

#include "base/error.h"
#include "operation/identify.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::operation {

/// A state in which a modem was seen, again and again without another in between.
struct StateSeen {
  std::string first;  ///< UTC, ISO 8601
  std::string last;   ///< to the hour: a look that tells nothing new is not written down
  std::string bus;    ///< which bus the port is of: "usb", "usbip:HOST:PORT"
  std::string port;
  std::string state;     ///< knowledge::name(): "running", "edl"
  bool by_port = false;  ///< nothing but its port said that it was this modem

  bool operator==(const StateSeen&) const = default;
};

/// A job that was done with a modem.
struct JobDone {
  std::string time;
  std::string command;  ///< "flash", "mode edl"
  std::string result;   ///< "ok", or the failure's code
  std::string what;     ///< what it made of the modem, or what went wrong

  bool operator==(const JobDone&) const = default;
};

/// What is remembered of one modem, so that it is still known when it can't be asked: in EDL it tells nothing but its
/// chip's serial. What never was found out stays empty.
struct ModemRecord {
  std::string imei;
  std::optional<std::uint32_t> chip_serial;
  std::optional<std::uint64_t> hwid;
  std::string pk_hash;   ///< hex digits
  std::string model;     ///< as ATI said
  std::string revision;  ///< as it last ran
  std::string ran;       ///< when that was
  std::vector<StateSeen> states;
  std::vector<JobDone> jobs;

  static constexpr int form = 1;  ///< of the file; a later form has another number
  static constexpr std::size_t most_states = 100;
  static constexpr std::size_t most_jobs = 100;
  static constexpr std::size_t longest_file = 2097152;  ///< bytes: more than a full record can take

  /// When it was last seen; empty: never.
  std::string last_seen() const;

  /// Takes over what a modem said of itself; what it did not say is kept.
  void learn(const Identity& identity, const std::string& time);

  /// Adds a sight, or lengthens the last one when that was the same.
  void add(StateSeen seen);
  void add(JobDone job);

  /// Takes over what another record of the same modem knows; where both know, the one that ran last counts.
  void absorb(ModemRecord other);

  /// Whether it is worth a write beside what was written: more than a look of the same hour.
  bool news_beside(const ModemRecord& written) const;

  bool operator==(const ModemRecord&) const = default;

  /// Who it is, as far as this record knows.
  Identity identity() const;
};

/// The file's text.
std::string record_text(const ModemRecord& record);

/// Why a record's text can't be used.
struct BadRecord {
  bool later_form = false;  ///< a later modemedic wrote it
  std::string why;
};

/// Reads a record strictly: what doesn't fit in every field is corrupt.
tl::expected<ModemRecord, BadRecord> parse_record(std::string_view text);

}  // namespace modemedic::operation
