// The host of fastboot, over a pipe.

#include "operation/run_fastboot.h"
#include "peer/peer_pipe.h"

using namespace modemedic;

MODEMEDIC_FUZZ(fastboot_host) {
  fuzz::Input input(bytes);
  twin::SimulatedClock clock;
  auto speak = [&]() -> std::optional<Buffer> {
    static constexpr std::array<std::string_view, 5> kinds{"OKAY", "FAIL", "INFO", "DATA", ""};
    auto what = input.u8();
    if (what == 0xE0) {
      return std::nullopt;
    }
    if (what == 0xE1) {
      return Buffer{};
    }
    auto text = std::string(kinds[what % kinds.size()]) + input.text();
    return Buffer(as_bytes(text).begin(), as_bytes(text).end());
  };
  fuzz::PeerPipe pipe(input, clock, {[](ByteView, auto&) {}, speak});
  for (int i = 0; i < 3; ++i) {
    auto reply = operation::run_fastboot(pipe, clock, "getvar:all", std::chrono::seconds(2));
    if (reply) {
      fuzz::must(reply->infos.size() <= 1000 && reply->text.size() <= 256, "an answer has its bounds");
    } else {
      fuzz::must(reply.error().code != Code::bug, "no peer makes a bug of ours");
      fuzz::must_be_told(reply.error());
    }
  }
}
