// The host of Firehose, over a pipe, with a programmer that answers as it should, or as the input wants.

#include "operation/run_firehose.h"
#include "peer/peer_pipe.h"

#include <fmt/format.h>

using namespace modemedic;
using namespace modemedic::protocol;

namespace {

Buffer packet(std::string_view body) {
  auto text = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n{}</data>", body);
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

class Programmer {
public:
  explicit Programmer(fuzz::Input& input) : input_(input) {}

  void answer(ByteView sent) {
    auto text = as_text(sent);
    if (!text.starts_with("<?xml")) {
      raw_in_ -= std::min<std::size_t>(raw_in_, sent.size());
      state_ = raw_in_ == 0 ? State::raw_over : State::silent;
      return;
    }
    auto has = [&](std::string_view tag) { return text.find(tag) != std::string_view::npos; };
    raw_in_ = has("<program") ? 4096 : 0;
    raw_out_ = has("<read") ? 4096 : 0;
    if (has("<getstorageinfo")) {
      state_ = State::storage;
    } else {
      state_ = raw_in_ + raw_out_ > 0 ? State::raw_begins : State::acks;
    }
  }

  std::optional<Buffer> speak() {
    switch (auto what = input_.u8()) {
      case 0xE0:
        return std::nullopt;
      case 0xE1:
        return Buffer{};
      case 0xE2:
        return packet("<log value=\"" + input_.text() + "\"/>\n");
      case 0xE3: {
        auto raw = input_.bytes();
        return Buffer(raw.begin(), raw.end());
      }
      case 0xE4:
        return packet("<response value=\"NAK\" " + input_.text() + "/>");
      case 0xE5:
        return packet("<response value=\"ACK\" " + input_.text() + "/>");
      case 0xE6: {
        auto both = packet("<response value=\"ACK\" rawmode=\"true\"/>");
        auto more = input_.bytes();
        both.insert(both.end(), more.begin(), more.end());
        return both;
      }
      case 0xE7: {
        auto cut = right().value_or(Buffer{});
        cut.resize(input_.below(cut.size() + 1));
        return cut;
      }
      case 0xE8:
        return packet(fmt::format("<response value=\"{}\" MaxPayloadSizeToTargetInBytes=\"{}\"/>",
                                  input_.u8() % 2 == 0 ? "ACK" : "NAK", input_.near(8192)));
      case 0xE9:
        return packet(fmt::format("<log value=\"BAD_BLOCK={}{}\"/>", input_.u32(), input_.text()));
      default:
        return what < 0xE0 ? right() : std::optional(Buffer(input_.below(9000), std::byte{what}));
    }
  }

private:
  enum class State { greets, silent, acks, storage, raw_begins, raw_over };

  std::optional<Buffer> right() {
    switch (std::exchange(state_, State::silent)) {
      case State::greets:
        return packet("<log value=\"Supported Functions: program read nop\"/>");
      case State::acks:
        return packet("<response value=\"ACK\"/>");
      case State::storage:
        return packet(fmt::format(
            "<log value=\"SECTOR_SIZE_IN_BYTES={}\"/>\n<log value=\"PAGES_IN_BLOCK={}\"/>\n<log "
            "value=\"NUM_PARTITION_SECTORS={}\"/><log value=\"TOTAL_BAD_BLOCK={}\"/><log value=\"BAD_BLOCK={}\"/>"
            "<response value=\"ACK\"/>",
            input_.near(2048), input_.near(64), input_.near(131072), input_.near(1), input_.near(5)));
      case State::raw_begins:
        state_ = raw_out_ > 0 ? State::raw_over : State::silent;
        return packet("<response value=\"ACK\" rawmode=\"true\"/>");
      case State::raw_over:
        if (raw_out_ > 0) {
          state_ = State::raw_over;
          auto size = std::min(raw_out_, std::size_t{1} + input_.below(4096));
          raw_out_ -= size;
          return Buffer(size, std::byte{0x3C});
        }
        return packet("<response value=\"ACK\" rawmode=\"false\"/>");
      case State::silent:
        break;
    }
    return std::nullopt;
  }

  fuzz::Input& input_;
  State state_ = State::greets;
  std::size_t raw_in_ = 0;
  std::size_t raw_out_ = 0;
};

}  // namespace

MODEMEDIC_FUZZ(firehose_host) {
  fuzz::Input input(bytes);
  twin::SimulatedClock clock;
  fuzz::PrintableEvents events;
  Programmer programmer(input);
  fuzz::PeerPipe pipe(input, clock,
                      {[&](ByteView sent, auto&) { programmer.answer(sent); }, [&] { return programmer.speak(); }});
  operation::FirehoseLink link(pipe, clock, events);
  const Geometry geometry{2048, 64, 2048};
  const Buffer image(3000, std::byte{0x77});
  auto lives = true;
  auto judge = [&](const auto& result) {
    lives = result.has_value();
    if (!lives) {
      fuzz::must(result.error().code != Code::bug, "no peer makes a bug of ours");
      fuzz::must_be_told(result.error());
    }
  };
  judge(link.greet({}));
  for (int i = 0; i < 12 && lives && !input.empty(); ++i) {
    switch (input.u8() % 9) {
      case 0:
        judge(link.run(firehose::Configure{.payload = 16384}));
        break;
      case 1: {
        auto reply = link.run(firehose::GetStorageInfo{});
        judge(reply);
        if (reply) {
          if (auto info = parse_storage_info(reply->logs)) {
            fuzz::must(info->geometry.page_size > 0 && info->geometry.chip_sectors().n > 0, "a chip has a size");
            fuzz::must(std::is_sorted(info->bad_blocks.begin(), info->bad_blocks.end()), "bad blocks ascend");
          }
        }
        break;
      }
      case 2:
        judge(link.run(firehose::Erase{geometry, SectorRange{{64}, {128}}, {}}));
        break;
      case 3:
        judge(link.program(firehose::Program{geometry, {64}, image.size(), "x.mbn"}, image));
        break;
      case 4: {
        std::size_t got = 0;
        auto reply =
            link.read(firehose::Read{geometry, SectorRange{{64}, {2}}, true}, [&](ByteView piece) -> Result<void> {
              got += piece.size();
              return {};
            });
        judge(reply);
        fuzz::must(got <= 4096, "no more bytes come than were asked for");
        break;
      }
      case 5:
        judge(link.run(firehose::Nop{}));
        break;
      case 7: {
        auto reply = link.run(firehose::Digest{geometry, SectorRange{{64}, {2}}});
        judge(reply);
        if (reply) {
          static_cast<void>(firehose::told_digest(*reply));
        }
        break;
      }
      case 6:
        judge(link.leave_raw_mode(2048, 64_KiB));
        break;
      default:
        judge(link.run(firehose::Power{}));
        break;
    }
  }
}
