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
    unplug,        ///< at a message: the cable is pulled from a modem with a supply of its own, which runs on
    nak,           ///< the programmer refuses a command, once
    lost_hello,    ///< something else has read the boot ROM's HELLO
    retry,         ///< the programmer refuses a command, and asks for it again
    stall,         ///< the programmer takes nothing for longer than a host waits, once
    page_failure,  ///< a page fails to program, once
    dead_page,     ///< a page fails to program, every time: the chip is worn out
    grown_bad,     ///< a block turns bad while it is programmed, and nothing tells
    full_disk,     ///< the journal can't be written
  };

  Kind kind = Kind::power_cut;
  std::uint64_t at = 0;  ///< the message (transfers of the host, both ways), the page or block, bytes received, or the
                         ///< bytes that still fit
  std::uint64_t within = 0;  ///< of that message this many bytes still go: at most what it has
  std::string tag;           ///< nak, retry: "erase", "program", "configure"

  /// "power cut at message 812"
  std::string text() const;

  /// As a fault of the twin: "nak@erase"; empty for those that come from outside of it.
  std::string fault() const;
};

/// Where in a flash something can go wrong.
struct FlashSize {
  std::uint64_t messages = 1;        ///< transfers of the host, both ways
  std::uint64_t bytes = 1;           ///< of images
  std::vector<std::uint64_t> pages;  ///< first pages of what is programmed, and how many there are of each
  std::vector<std::uint64_t> counts;
  std::uint64_t pages_per_block = 64;
};

/// What goes wrong in the life with this seed: one mishap for each of its first attempts, seldom more than two.
/// @param size  of a flash that nobody disturbs
std::vector<Mishap> draw_mishaps(std::mt19937_64& random, const FlashSize& size);

}  // namespace modemedic::rehearsal
