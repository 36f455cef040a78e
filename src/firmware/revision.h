#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace modemedic::firmware {

/// A firmware revision name: <order code>R<rr>A<aa>[M<n>|E<n>]G[A][_suffix]*[_<a.bbb>.<c.ddd>]
/// such as EC25EFAR06A17M4G_20.200.20.200. The letters of an order code are opaque: compare, don't interpret.
struct Revision {
  std::string text;         ///< as it was read
  std::string order_code;   ///< "EC25EFA"
  unsigned baseline = 0;    ///< 6 of R06
  unsigned release = 0;     ///< 17 of A17
  std::string memory;       ///< "M4G", without a trailing A; empty when the name has none (BG95)
  std::string suffix;       ///< "_OCPU", all of them, without the sub-version
  std::string sub_version;  ///< "20.200.20.200"; empty when not shown (CGMR, ATI)

  /// The name without its sub-version: what CGMR shows.
  std::string short_text() const;

  bool operator==(const Revision&) const = default;
};

/// @return nothing when the name does not follow the grammar: unknown, never a guess
std::optional<Revision> parse_revision(std::string_view text);

/// The first revision name inside a longer text, such as a file name or an AT line.
std::optional<Revision> find_revision(std::string_view text);

}  // namespace modemedic::firmware
