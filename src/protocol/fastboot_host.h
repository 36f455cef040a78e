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
  /// @param data      of "download:%08x": bytes that are sent once the boot loader has asked for just so many
  FastbootHost(std::string command, Duration patience, std::uint64_t data = 0);

  void feed(ByteView transfer);  ///< one whole IN transfer
  void timed_out();

  /// SendImage: all of the data, without a ZLP behind them, whatever their size (trap 5).
  using Action = std::variant<Send, SendImage, Await, Done, Failed>;
  Action next();

  /// Valid after Done.
  const FastbootReply& reply() const { return reply_; }

private:
  void take_data_request(std::string_view digits);
  void fail_with(Error error);

  enum class Data { none, awaited, asked_for, sent };

  std::string command_;
  Duration patience_;
  std::uint64_t size_;
  Data data_;
  FastbootReply reply_;
  bool sent_ = false;
  bool done_ = false;
  std::vector<Error> failure_;
};

}  // namespace modemedic::protocol
