#include "firmware/file_scan.h"

#include "firmware/package_names.h"

#include <algorithm>

namespace modemedic::firmware {

FileScan::FileScan(std::string_view path, std::uint64_t size)
    : size_(size), is_image_(names::is_image(path)), may_be_signed_(names::is_program(path)) {
  if (names::ends_with_any(path, {".yaffs2"})) {
    yaffs2_.emplace();
  } else if (names::is_streaming_loader(path)) {
    hex_.emplace(std::string(path));
  }
}

void FileScan::feed(ByteView chunk) {
  if (is_image_) {
    revisions_.feed(chunk);
    makers_.feed(chunk);
    ubi_.feed(chunk);
  }
  if (yaffs2_) {
    yaffs2_->feed(chunk);
  } else if (hex_) {
    (void)hex_->feed(chunk);  // finish() tells what was wrong
  }
  if (may_be_signed_ && prefix_.size() < signing_prefix) {
    auto count = std::min(chunk.size(), signing_prefix - prefix_.size());
    prefix_.insert(prefix_.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

FileFacts FileScan::finish(const Buffer* content) {
  FileFacts facts;
  if (is_image_) {
    facts.revisions = revisions_.found();
    facts.makers = makers_.found();
    facts.ubi = ubi_.finish();
  }
  if (yaffs2_) {
    facts.yaffs2_problem = yaffs2_->problem();
  } else if (hex_) {
    auto program = hex_->finish();
    facts.hex_problem = program ? std::string() : std::move(program.error().what);
  }
  if (may_be_signed_) {
    facts.signing = read_signing(content != nullptr ? *content : prefix_, size_);
  }
  return facts;
}

}  // namespace modemedic::firmware
