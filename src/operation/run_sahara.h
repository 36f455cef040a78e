#pragma once

#include "base/error.h"
#include "protocol/sahara_host.h"
#include "protocol/sahara_memory.h"
#include "usb/pipe.h"

#include <cstdint>
#include <map>
#include <vector>

namespace modemedic::operation {

/// How a talk over Sahara ended.
struct SaharaEnd {
  protocol::ChipIdentity chip;
  bool programmer_running = false;  ///< a programmer ran already; nothing was uploaded
  bool memory_debug = false;        ///< the modem crashed, and offers its memory
  Buffer pending;                   ///< what it has said in Firehose so far
};

/// Hands over what a modem in EDL asks for. The only place where Sahara meets a pipe.
/// @param images  image id -> its bytes
/// @return the machine's failures; Code::timeout, Code::modem_lost of the pipe
Result<SaharaEnd> run_sahara(usb::Pipe& pipe, const Clock& clock, const std::map<std::uint64_t, ByteView>& images);

/// Asks a modem that waits with Sahara who it is, uploads nothing, and leaves it as it was found: its next host gets a
/// HELLO. What it doesn't tell stays empty.
/// @return Code::timeout when it is silent in every way until the deadline; the machine's other failures, the pipe's
Result<SaharaEnd> ask_sahara(usb::Pipe& pipe, const Clock& clock, Deadline deadline);

/// Asks a crashed modem what memory it offers, and leaves it as it was found.
/// @return Code::device_refused when it offers none; the machine's other failures, the pipe's
Result<std::vector<protocol::MemoryRegion>> ask_memory(usb::Pipe& pipe, const Clock& clock, Deadline deadline);

/// Sends a modem that waits with Sahara back to its power-on state.
Result<void> reset_by_sahara(usb::Pipe& pipe, const Clock& clock);

}  // namespace modemedic::operation
