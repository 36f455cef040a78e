#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace modemedic::rehearsal {

/// One thing that goes wrong while a modem is flashed.
struct Mishap {
  enum class Kind {
    power_cut,     ///< at a message: the modem is off, what it was programming is torn
    host_death,    ///< at a message: the host says nothing more, its journal is torn; the modem runs on
    nak,           ///< the programmer refuses a command, once
    lost_hello,    ///< something else has read the boot ROM's HELLO
    page_failure,  ///< a page fails to program, once
    full_disk,     ///< the journal can't be written
  };

  Kind kind = Kind::power_cut;
  std::uint64_t at = 0;      ///< the message (transfers of the host, both ways), the page, or the bytes that still fit
  std::uint64_t within = 0;  ///< of that message this many bytes still go: at most what it has
  std::string tag;           ///< nak: "erase", "program", "configure"

  /// "power cut at message 812"
  std::string text() const;

  /// As a fault of the twin: "nak@erase"; empty for those that come from outside of it.
  std::string fault() const;
};

/// What goes wrong in the life with this seed: one mishap for each of its first attempts, seldom more than two.
/// @param messages  of a flash that nobody disturbs
/// @param pages     of the chip that the flash programs
std::vector<Mishap> draw_mishaps(std::mt19937_64& random, std::uint64_t messages, std::uint64_t pages);

}  // namespace modemedic::rehearsal
