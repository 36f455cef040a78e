// AT, both sides: what a port may say to our host, and what a host may type to the twin.

#include "operation/run_at.h"
#include "peer/peer_pipe.h"
#include "virtual/at_device.h"

using namespace modemedic;

namespace {

void host(fuzz::Input& input) {
  static constexpr std::array<const char*, 4> commands{"AT+QGMR", "ATI", "ATD*99#", "AT+CPIN?"};
  static constexpr std::array<const char*, 8> said{"\r\nOK\r\n",  "\r\nERROR\r\n", "\r\n+CME ERROR: 10\r\n",
                                                   "\r\nRDY\r\n", "\r\nBUSY\r\n",  "EC25EFAR06A06M4G\r\n",
                                                   "\r\n",        "AT+QGMR\r"};
  twin::SimulatedClock clock;
  auto speak = [&]() -> std::optional<Buffer> {
    auto what = input.u8();
    if (what == 0xE0) {
      return std::nullopt;
    }
    if (what == 0xE1) {
      return Buffer{};
    }
    auto bytes = what < 0x80 ? as_bytes(said[what % said.size()]) : input.bytes();
    return Buffer(bytes.begin(), bytes.end());
  };
  fuzz::PeerPipe pipe(input, clock, {[](ByteView, auto&) {}, speak});
  auto deadline = Deadline::in(clock, std::chrono::seconds(10));
  auto answer =
      operation::run_at(pipe, clock, commands[input.below(commands.size())], std::chrono::seconds(1), deadline);
  fuzz::must(clock.now().time_since_epoch() < std::chrono::seconds(15), "the deadline holds");
  if (answer) {
    fuzz::must(!answer->final.empty(), "an answer ends");
  } else {
    fuzz::must_be_told(answer.error());
  }
}

void device(ByteView bytes, std::size_t piece) {
  auto talk = [&](std::size_t size) {
    twin::AtModem modem;
    modem.model = "EC25";
    modem.imei = "860123456789012";
    modem.composition = "0x2C7C,0x125,1,1,1,1,1,0,0";
    twin::AtDevice device(modem);
    std::string all;
    for (auto rest = bytes; !rest.empty(); rest = rest.subspan(std::min(size, rest.size()))) {
      auto reply = device.feed(rest.first(std::min(size, rest.size())));
      all += reply.text;
      if (reply.request) {
        break;
      }
    }
    fuzz::must(modem.imei.size() == 15 || modem.imei.empty(), "an IMEI stays one");
    return all;
  };
  fuzz::must(talk(piece) == talk(bytes.size()), "it does not matter how the bytes arrive");
}

}  // namespace

MODEMEDIC_FUZZ(at) {
  fuzz::Input input(bytes);
  if (input.u8() % 2 == 0) {
    host(input);
  } else {
    auto piece = 1 + input.below(32);
    device(input.rest(), piece);
  }
}
