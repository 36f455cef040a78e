// HDLC frames: cut anywhere they are the same, and what we frame we read.

#include "protocol/hdlc.h"

#include "fuzz_target.h"
#include "peer/input.h"

using namespace modemedic;
using namespace modemedic::protocol;

namespace {

std::vector<std::string> frames_of(ByteView bytes, std::size_t piece, std::size_t limit, HdlcReader::Crc crc) {
  HdlcReader reader(limit, crc);
  std::vector<std::string> frames;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size()))) {
    reader.feed(bytes.first(std::min(piece, bytes.size())));
    while (auto next = reader.next()) {
      auto* body = std::get_if<Buffer>(&*next);
      frames.push_back(body != nullptr ? hex(*body) : "bad");
      fuzz::must(body == nullptr || (!body->empty() && body->size() <= limit), "a frame is within its bounds");
    }
  }
  return frames;
}

}  // namespace

MODEMEDIC_FUZZ(hdlc) {
  fuzz::Input input(bytes);
  auto piece = 1 + input.below(64);
  auto limit = 4 + input.below(200);
  for (auto crc : {HdlcReader::Crc::checked, HdlcReader::Crc::ignored}) {
    auto rest = input.rest();
    fuzz::must(frames_of(rest, piece, limit, crc) == frames_of(rest, rest.size(), limit, crc),
               "it does not matter how the bytes arrive");
  }
  if (auto body = input.rest(); !body.empty()) {
    auto frame = hdlc_frame(body, true);
    fuzz::must(frames_of(frame, piece, 64_KiB, HdlcReader::Crc::checked) == std::vector{hex(body)},
               "what we frame we read");
  }
}
