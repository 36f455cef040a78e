#pragma once

#include "protocol/sahara_wire.h"
#include "virtual/device_link.h"
#include "virtual/edl_function.h"
#include "virtual/loader_mark.h"
#include "virtual/programmer_image.h"

#include <functional>
#include <optional>

namespace modemedic::twin {

/// Sahara as the boot ROM (EDL), SBL (download mode) and the crash handler (dump mode) speak it
/// (facts: sahara-firehose.md; packets: docs/protocols/sahara.md).
///
/// HELLO is said once. A HELLO_RESPONSE that nobody asked for is taken all the same, so that a host whose HELLO
/// something else has read finds its way in. While raw bytes of the image are awaited, everything is image.
class SaharaDevice {
public:
  struct Setup {
    const Persona& persona;
    Faults& faults;
    std::uint32_t serial = 0;    ///< of the chip
    std::uint32_t image_id = 0;  ///< of the programmer
    bool memory_debug = false;
    std::function<void(PowerEvent)> power;  ///< asks for a reset
  };

  SaharaDevice(DeviceLink& link, Setup setup) : link_(link), setup_(std::move(setup)) {}

  /// Ends when the programmer is there, and the host has read that it is.
  DeviceTask run();

  /// What it was handed is no Firehose programmer.
  bool streaming_loader() const { return is_streaming_loader(program_); }

private:
  using Command = protocol::sahara::Command;
  using Mode = protocol::sahara::Mode;

  enum class State { idle, raw, image_complete, command, memory_debug, done };

  struct Transfer {
    Buffer bytes;
    bool ended = false;
  };

  Transfer take_transfer();
  DeviceTask obey(ByteView transfer);
  DeviceTask say_hello(Mode mode);
  DeviceTask begin(ByteReader body);
  DeviceTask end_image(SaharaStatus status);
  DeviceTask done();
  DeviceTask reset();

  // the image
  DeviceTask ask();
  DeviceTask ask_for(ProgrammerImage::Part part);
  DeviceTask take_raw(const Transfer& transfer);

  static DeviceTask go_on() { co_return; }

  ProgrammerImage::Part misled(ProgrammerImage::Part part) const;

  // sahara_commands.cpp: command mode and memory debug
  DeviceTask be_ready();
  DeviceTask execute(std::uint32_t client_command);
  DeviceTask execute_data(std::uint32_t client_command);
  DeviceTask switch_mode(Mode mode);
  Buffer client_answer(std::uint32_t client_command) const;
  DeviceTask offer_memory();
  DeviceTask read_memory(ByteReader body);

  Mode first_mode() const { return setup_.memory_debug ? Mode::memory_debug : Mode::image_transfer_pending; }

  /// A packet of 32-bit fields.
  template <typename... Fields>
  DeviceLink::Sent send(Command command, Fields... fields) {
    ByteWriter body(Endian::little);
    (body.u32(fields), ...);
    return link_.sent(protocol::sahara::packet(command, body.take()), false);
  }

  DeviceLink& link_;
  Setup setup_;
  State state_ = State::idle;
  ProgrammerImage image_;
  Buffer program_;             ///< all that came of it
  std::uint32_t awaited_ = 0;  ///< raw bytes of the part that was asked for
  Buffer raw_;                 ///< of them, those that came
  std::optional<std::uint32_t> executed_;
};

}  // namespace modemedic::twin
