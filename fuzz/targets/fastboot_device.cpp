// The twin in fastboot, over the framing of fastboot's TCP and at its bulk endpoints.

#include "fuzz_target.h"
#include "peer/input.h"
#include "virtual/fastboot_function.h"
#include "virtual/fastboot_tcp.h"
#include "virtual/nand.h"
#include "virtual/persona.h"
#include "virtual/timers.h"

#include <fmt/format.h>

using namespace modemedic;

namespace {

const twin::Persona& persona_of(bool old) {
  static const auto ec20 = twin::find_persona("ec20").value();
  static const auto eg25 = twin::find_persona("eg25-g").value();
  return old ? ec20 : eg25;
}

std::string command(fuzz::Input& input) {
  static constexpr std::array<const char*, 16> words{"getvar:",      "getvar:all",
                                                     "download:",    "flash:boot",
                                                     "flash:misc",   "erase:misc",
                                                     "flash:",       "continue",
                                                     "reboot",       "reboot-bootloader",
                                                     "boot",         "oem device-info",
                                                     "oem unlock",   "erase:",
                                                     "flash:system", "getvar:max-download-size"};
  auto text = std::string(words[input.below(words.size())]);
  if (text == "download:") {
    return text + fmt::format("{:08x}", input.near(64));
  }
  return text + (text.back() == ':' ? input.text() : "");
}

}  // namespace

MODEMEDIC_FUZZ(fastboot_device) {
  fuzz::Input input(bytes);
  auto start = input.u8();
  const auto& persona = persona_of(start % 2 == 1);
  twin::SimulatedClock clock;
  twin::Timers timers{clock};
  twin::Nand nand(persona.geometry);
  int exits = 0;
  twin::FastbootFunction function({.persona = persona,
                                   .nand = nand,
                                   .timers = timers,
                                   .fingerprint = persona.fastboot,
                                   .on_exit = [&](twin::FastbootExit) { ++exits; }});
  function.connected();
  twin::FastbootTcpSession session(function);
  if (start % 8 != 7) {
    session.feed(as_bytes("FB01"));
  }
  for (int i = 0; i < 64 && !input.empty() && !session.over() && !session.full(); ++i) {
    auto what = input.u8();
    if (what < 0xA0) {
      auto text = command(input);
      session.feed(ByteWriter(Endian::big).u64(text.size()).bytes(as_bytes(text)).take());
    } else if (what < 0xC0) {
      auto data = Buffer(input.near(64) % 70'000, std::byte{what});
      session.feed(ByteWriter(Endian::big).u64(data.size()).bytes(data).take());
    } else if (what < 0xE0) {
      session.feed(ByteWriter(Endian::big).u64(input.u64()).bytes(input.bytes()).take());
    } else {
      session.feed(input.bytes());
    }
    timers.run_due();
    fuzz::must(session.output().size() < 1_MiB, "it does not talk without end");
    session.sent(session.output().size());
  }
  fuzz::must(exits <= 1, "it goes once");
}
