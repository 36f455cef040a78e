// Documents of a programmer, and the log lines of getstorageinfo.

#include "protocol/firehose_reader.h"

#include "fuzz_target.h"
#include "protocol/firehose_host.h"

using namespace modemedic;
using namespace modemedic::protocol;

namespace {

std::string all_of(ByteView bytes, std::size_t piece) {
  firehose::DocumentReader reader(1024);
  std::string all;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size()))) {
    reader.feed(bytes.first(std::min(piece, bytes.size())));
    while (auto elements = reader.next()) {
      for (const auto& element : *elements) {
        all += "<" + element.name;
        for (const auto& [name, value] : element.attributes) {
          all.append(" ").append(name).append("=").append(value);
          fuzz::must(element.find(name) != nullptr, "an attribute is found by its name");
        }
      }
      all += "\n";
    }
  }
  return all + (reader.broken() ? "broken" : "");
}

}  // namespace

MODEMEDIC_FUZZ(firehose_reader) {
  auto whole = all_of(bytes, 1024);
  // Documents that are whole are the same however they come; where it breaks off depends on what is there by then.
  if (bytes.size() < 1024) {
    fuzz::must(all_of(bytes, 1) == whole && all_of(bytes, 7) == whole, "it does not matter how the bytes arrive");
  }
  auto text = std::string(as_text(bytes));
  fuzz::must(firehose::resolve_entities(firehose::escape_attribute(text)) == text, "what we escape we resolve");
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (auto info = parse_storage_info(lines)) {
    fuzz::must(info->geometry.page_size > 0 && info->geometry.chip_sectors().n > 0, "a chip has a size");
    for (auto block : info->bad_blocks) {
      fuzz::must(block < info->geometry.blocks, "a bad block is on the chip");
    }
  }
}
