#pragma once

#include "base/error.h"
#include "protocol/action.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// fastboot as little-kernel speaks it (facts: fastboot.md): ASCII commands and answers of at most 64 bytes, one
/// transfer each.
namespace modemedic::protocol {

/// What a boot loader said to one command. All texts are its own: print them through printable().
struct FastbootReply {
  bool okay = false;               ///< OKAY; false: FAIL
  std::string text;                ///< behind OKAY or FAIL
  std::vector<std::string> infos;  ///< behind INFO, in their order
};

/// Sends one command and collects its answer: any number of INFO, then OKAY or FAIL.
///
/// It says nothing beyond the command, and never a second one before the answer: a boot loader whose answers are off
/// by one answers another question from then on (trap 5).
class FastbootHost {
public:
  /// @param command   "getvar:version", "reboot"; of at most 64 bytes
  /// @param patience  how long each silence may last
  FastbootHost(std::string command, Duration patience);

  void feed(ByteView transfer);  ///< one whole IN transfer
  void timed_out();

  using Action = std::variant<Send, Await, Done, Failed>;
  Action next();

  /// Valid after Done.
  const FastbootReply& reply() const { return reply_; }

private:
  void fail_with(Error error);

  std::string command_;
  Duration patience_;
  FastbootReply reply_;
  bool sent_ = false;
  bool done_ = false;
  std::vector<Error> failure_;
};

}  // namespace modemedic::protocol
