#pragma once

#include "base/error.h"
#include "firmware/revision.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rows of data/rules.toml: which firmware may go on which modem. What they say of one modem and one package is
/// judge()'s business (judge.h).
namespace modemedic::knowledge {

/// How much a rule weighs when it speaks.
enum class Severity {
  allow,   ///< a way that is known to be good
  warn,    ///< a person should know
  stop,    ///< not unless the person names the rule
  refuse,  ///< never, with no flag
};

/// "refuse", "stop", …: as it stands in rules.toml and in JSON.
std::string_view name(Severity severity);

/// A kind of revision: "EC25EFA of baseline R06 with a sub-version that begins with 20.2".
struct NamePattern {
  std::string order_code;  ///< a `*` at the end stands for anything; empty: any
  std::optional<unsigned> baseline;
  std::string sub_version;  ///< likewise
};

/// What of a modem and of a package a rule compares, or looks at.
enum class Fact {
  order_code,
  memory,
  baseline,
  channel,          ///< the first field of the sub-version
  ocpu,             ///< made for the customer's own application, which has another partition table
  build,            ///< the suffixes of device makers and operators
  chip,             ///< family: "9x07"
  geometry,         ///< page and block size
  partition_table,  ///< of the chip, and the one the package brings
  foreign_chip,     ///< the modem's chip is not Qualcomm's
  foreign_maker,    ///< the package is another vendor's
  fused,            ///< the chip takes only what its maker signed
};

struct Rule {
  /// What makes it speak.
  enum class Kind {
    compares,  ///< `fact` of modem and package do not go together
    path,      ///< from one revision to another
    found,     ///< somebody who looked closer: the planner, the chip check, the programmer
  };

  std::string id;  ///< several rows may share one: an override names them all
  Severity severity = Severity::refuse;
  Kind kind = Kind::found;
  Fact fact = Fact::order_code;
  NamePattern from;
  NamePattern to;
  bool to_other_than = false;  ///< speaks when the package's revision is not like `to`
  bool either_way = false;     ///< speaks also from `to` to `from`
  bool ask_chip = false;       ///< what is missing is asked of the chip before the first erase
  std::string says;            ///< with {modem} and {package}; empty for Kind::found
  std::string because;
  std::string allowed;             ///< what the modem may take instead; empty: the usual
  std::vector<std::string> lifts;  ///< of Severity::allow: stop rules that are silent on this way
  std::string needs;               ///< of Severity::stop: what an override must go with; empty: nothing
  std::string evidence;            ///< "vendor staff", …, "inference"
  std::string source;
};

struct Rules {
  std::vector<Rule> rows;
  std::vector<std::string> without_sub_version;  ///< memory codes whose firmware never has a sub-version: "E2G"
};

/// @return Code::bug naming the row and key that is wrong
Result<Rules> parse_rules(std::string_view toml);

/// The built-in rules. Never empty: without rules nothing may be judged.
/// @return Code::bug
const Result<Rules>& rules();

/// The first row with this id, or nullptr.
const Rule* find_rule(const Rules& rules, std::string_view id);

}  // namespace modemedic::knowledge
