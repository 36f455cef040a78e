// The modem's files and NV items over DIAG, both sides.

#include "operation/efs_walk.h"
#include "peer/peer_pipe.h"
#include "protocol/hdlc.h"
#include "virtual/efs2_device.h"

using namespace modemedic;
using namespace modemedic::protocol;

namespace {

twin::EfsTree small_tree() {
  using Node = twin::EfsNode;
  return {{.path = "/a", .kind = Node::Kind::directory, .content = {}},
          {.path = "/a/b", .content = Buffer(1500, std::byte{7})},
          {.path = "/c", .kind = Node::Kind::link, .content = Buffer(2, std::byte{'x'})}};
}

/// Answers as a twin does, with what the input changes of that.
void host(fuzz::Input& input) {
  twin::SimulatedClock clock;
  auto numbering = input.u8() % 2 == 0 ? twin::Efs2Device::Numbering::facts : twin::Efs2Device::Numbering::older;
  twin::Efs2Device device(small_tree(), numbering);
  HdlcReader reader;
  auto answer = [&](ByteView sent, std::deque<Buffer>& inbox) {
    reader.feed(sent);
    while (auto frame = reader.next()) {
      const auto* body = std::get_if<Buffer>(&*frame);
      auto answered = body == nullptr ? std::nullopt : device.answer(*body);
      if (!answered) {
        continue;
      }
      switch (auto what = input.u8(); what % 16) {
        case 1:
          (*answered)[input.u8() % answered->size()] ^= static_cast<std::byte>(what);
          break;
        case 2:
          answered->resize(input.u8() % (answered->size() + 1));
          break;
        case 3: {
          auto at = input.u8() % (answered->size() / 4 + 1);
          for (auto i = 4 * at; i < answered->size() && i < 4 * at + 4; ++i) {
            (*answered)[i] = static_cast<std::byte>(input.u8());
          }
          break;
        }
        case 4:
          answered->insert(answered->begin(), std::byte{0x13});
          break;
        case 5:
          continue;
        case 6:
          inbox.push_back(hdlc_frame(*answered));
          break;
        default:
          break;
      }
      inbox.push_back(hdlc_frame(*answered));
    }
  };
  fuzz::PeerPipe pipe(input, clock, {answer, [&] {
                                       auto bytes = input.bytes();
                                       return std::optional(Buffer(bytes.begin(), bytes.end()));
                                     }});
  operation::EfsBounds bounds{
      .entries = 50, .file = 10000, .bytes = 20000, .depth = 4, .time = std::chrono::minutes(2)};
  std::uint64_t entries = 0;
  auto walked = operation::walk_efs(
      pipe, clock, bounds,
      [&](const operation::EfsEntry& entry) -> Result<void> {
        fuzz::must(entry.path.starts_with("/") && entry.path.size() <= efs2::longest_path, "paths are bounded");
        fuzz::must(entry.content.size() <= bounds.file + efs2::read_at_once + 64_KiB, "files are bounded");
        ++entries;
        return {};
      },
      {});
  fuzz::must(entries <= 2 * bounds.entries + 2, "entries are bounded");
  if (!walked) {
    fuzz::must_be_told(walked.error());
  }
  auto items = operation::read_nv_items(pipe, clock, 3, [](auto, ByteView) { return Result<void>{}; }, {});
  if (!items) {
    fuzz::must_be_told(items.error());
  }
}

void device(fuzz::Input& input) {
  twin::Efs2Device device(small_tree());
  while (!input.empty()) {
    auto answer = device.answer(input.bytes());
    fuzz::must(!answer || answer->size() <= 4096, "an answer fits a frame");
  }
}

}  // namespace

MODEMEDIC_FUZZ(efs2) {
  fuzz::Input input(bytes);
  switch (input.u8() % 3) {
    case 0:
      return host(input);
    case 1:
      return device(input);
    default: {
      auto rest = input.rest();
      efs2::parse_hello(rest);
      efs2::parse_link(rest);
      efs2::parse_statfs(rest);
      efs2::parse_nv_item(rest);
      if (auto data = efs2::parse_data(rest)) {
        fuzz::must(data->bytes.size() <= rest.size(), "data are in the answer");
      }
      if (auto entry = efs2::parse_entry(rest)) {
        fuzz::must(entry->name.size() <= efs2::longest_path, "names are bounded");
      }
    }
  }
}
