// Loaders in Intel HEX: cut anywhere they are the same, and what is read is written the same.

#include "firmware/intel_hex.h"

#include "fuzz_target.h"
#include "peer/input.h"

#include <fmt/format.h>

using namespace modemedic;
using namespace modemedic::firmware;

namespace {

/// The input as records, with right checksums, so that it gets past them.
std::string records(fuzz::Input& input) {
  std::string text;
  std::uint16_t offset = 0;
  while (!input.empty()) {
    auto kind = static_cast<std::uint8_t>(input.u8() % 7);
    auto data = input.take(input.u8() % 20);
    Buffer record{static_cast<std::byte>(data.size()), static_cast<std::byte>(offset >> 8U),
                  static_cast<std::byte>(offset & 0xFFU), static_cast<std::byte>(kind)};
    record.insert(record.end(), data.begin(), data.end());
    unsigned sum = 0;
    for (auto byte : record) {
      sum += std::to_integer<unsigned>(byte);
    }
    record.push_back(static_cast<std::byte>(0x100U - (sum & 0xFFU)));
    text += ":";
    for (auto byte : record) {
      text += fmt::format("{:02X}", std::to_integer<unsigned>(byte));
    }
    text += "\r\n";
    if (kind == 0) {
      offset = static_cast<std::uint16_t>(offset + data.size());
    }
  }
  return text + ":00000001FF\r\n";
}

void check(ByteView text) {
  auto whole = parse_intel_hex(text, "NPRG9x15.hex");
  IntelHexReader reader("NPRG9x15.hex");
  for (auto rest = text; !rest.empty(); rest = rest.subspan(std::min<std::size_t>(7, rest.size()))) {
    if (!reader.feed(rest.first(std::min<std::size_t>(7, rest.size())))) {
      break;
    }
  }
  auto pieces = reader.finish();
  fuzz::must(whole.has_value() == pieces.has_value(), "it does not matter how the bytes arrive");
  if (!whole) {
    fuzz::must_be_told(whole.error());
    return;
  }
  fuzz::must(whole->bytes == pieces->bytes && whole->address == pieces->address && whole->start == pieces->start,
             "it does not matter how the bytes arrive");
  fuzz::must(whole->bytes.size() <= IntelHexReader::largest_program, "a loader has its bounds");
  fuzz::must(whole->start >= whole->address && whole->start - whole->address < whole->bytes.size(),
             "it starts in itself");
  auto written = make_intel_hex(*whole);
  auto again = parse_intel_hex(as_bytes(written), "again.hex");
  fuzz::must(again && again->bytes == whole->bytes && again->address == whole->address && again->start == whole->start,
             "what is read can be written and read again");
}

}  // namespace

MODEMEDIC_FUZZ(intel_hex) {
  check(bytes);
  fuzz::Input input(bytes);
  auto text = records(input);
  check(as_bytes(text));
}
