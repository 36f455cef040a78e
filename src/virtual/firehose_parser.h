#pragma once

#include "virtual/firehose_attributes.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::twin {

/// The programmer's own reader of XML, as picky and as careless as the real one (facts: programmer-9x07.md, Parser).
/// No XML library: it is no XML that this reads. Shares nothing with the host's side.
class FirehoseParser {
public:
  explicit FirehoseParser(FirehoseAttributes& attributes) : attributes_(attributes) {}

  /// A command that the programmer has, in lower case.
  void know(std::string_view tag) { tags_.push_back(tag); }

  struct Outcome {
    bool accepted = false;
    std::string tag;                ///< in lower case
    std::vector<std::string> logs;  ///< to be said before anything else
  };

  /// Reads the packet that fills the first `length` characters of the text buffer. What stands behind them is left
  /// from longer packets before it: a command without attributes takes its attributes from there.
  Outcome parse(std::span<const char> memory, std::size_t length);

private:
  bool parse_tag(std::string_view& text, Outcome& outcome);
  bool parse_attributes(std::string_view text, Outcome& outcome, std::size_t& count);
  bool parse_attribute(std::string_view& text, Outcome& outcome);

  FirehoseAttributes& attributes_;
  std::vector<std::string_view> tags_;
  bool poisoned_ = false;  ///< a text filled the buffer to its last byte
};

}  // namespace modemedic::twin
