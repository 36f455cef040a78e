#pragma once

#include "app/progress.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/events.h"

#include <memory>
#include <mutex>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace modemedic::app {

using Json = nlohmann::ordered_json;

/// How much is said, and in which language.
struct OutputOptions {
  bool json = false;     ///< NDJSON on stdout instead of text
  bool verbose = false;  ///< device logs and the causes of errors
};

/// The one place that prints: results on stdout, log and progress on stderr; with --json every event is a line on
/// stdout, the last of them a verdict.
class Output final : public Events {
public:
  /// @param clock  what rates and times left are measured with; simulated in a rehearsal
  Output(OutputOptions options, const Clock& clock);
  ~Output() override;

  bool json() const { return options_.json; }

  void emit(const Event& event) override;

  /// A line of the result, in text mode only.
  void line(const std::string& text);

  /// An object of the result, in JSON mode only: {"event": kind, …fields}.
  void object(const std::string& kind, const Json& fields);

  /// What the verdict says beyond its result, in JSON mode only.
  void verdict_field(const std::string& key, const Json& value);

  /// Measures progress with another clock from here on.
  void use_clock(const Clock& clock) { progress_.use_clock(clock); }

  /// What stopping now would leave on the modem; empty while nothing was changed. From any thread.
  std::string abort_leaves() const;

  /// Whether who read stdout has read enough and left (`| head`): what only tells what happens may end.
  bool read_to_its_end() const;

  /// A command that went well ends with another exit code than 0 (doctor's 20 and 21).
  void end_with(int exit) { good_exit_ = exit; }

  /// The last word: prints the verdict and returns the exit code.
  int finish(const Result<void>& result);

private:
  void print_error(const Error& error);
  void print_json(const Json& object);

  /// Writes to stdout, at once.
  void put(const std::string& text);

  OutputOptions options_;
  Progress progress_;
  mutable std::mutex mutex_;
  std::string abort_leaves_;
  std::unique_ptr<Json> verdict_;
  int good_exit_ = 0;
  int stdout_error_ = 0;  ///< errno of the first write that failed; 0: none did
};

}  // namespace modemedic::app
