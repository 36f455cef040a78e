#include "virtual/efs.h"
#include "virtual/generator.h"
#include "virtual/package_9x15.h"
#include "virtual/package_images.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

/// Programs a stream of bytes into a partition, page after page, past its bad blocks. Unlike the programmer it stops at
/// the partition's end.
class PartitionWriter {
public:
  PartitionWriter(Nand& nand, const firmware::Partition& partition)
      : nand_(nand),
        name_(partition.name),
        page_size_(nand.geometry().page_size),
        pages_per_block_(nand.geometry().pages_per_block),
        next_(partition.range.start.n),
        end_(partition.range.end().n) {}

  bool put(ByteView bytes) {
    while (!bytes.empty() && !failure_) {
      if (waiting_.empty() && bytes.size() >= page_size_) {
        program(bytes.first(page_size_));
        bytes = bytes.subspan(page_size_);
        continue;
      }
      auto count = std::min<std::size_t>(bytes.size(), page_size_ - waiting_.size());
      waiting_.insert(waiting_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
      bytes = bytes.subspan(count);
      if (waiting_.size() == page_size_) {
        flush();
      }
    }
    return !failure_;
  }

  Result<void> finish() {
    flush();
    if (failure_) {
      return fail(std::move(*failure_));
    }
    return {};
  }

private:
  void flush() {
    if (!waiting_.empty()) {
      program(waiting_);
      waiting_.clear();
    }
  }

  void program(ByteView page) {
    if (next_ % pages_per_block_ == 0) {
      while (next_ < end_ && nand_.bad(next_ / pages_per_block_)) {
        next_ += pages_per_block_;
      }
    }
    if (next_ >= end_) {
      failure_ = fail(Code::usage).what(fmt::format("{} has too few good blocks for its image", name_));
    } else if (nand_.state(next_) != Nand::PageState::erased || !nand_.program(next_, page)) {
      failure_ = fail(Code::usage).what(fmt::format("page {} ({}) is not blank, or bad", next_, name_));
    }
    ++next_;
  }

  Nand& nand_;
  std::string name_;
  std::uint64_t page_size_;
  std::uint64_t pages_per_block_;
  std::uint64_t next_;
  std::uint64_t end_;
  Buffer waiting_;
  std::optional<Error> failure_;
};

Result<std::vector<FactoryImage>> factory_images(const Persona& persona, const firmware::Revision& revision,
                                                 Scale scale) {
  if (is_9x15(persona)) {
    return factory_images_9x15(persona, revision, scale);
  }
  TRY_ASSIGN(auto files, generate_package(persona, revision, {.scale = scale}));
  std::vector<FactoryImage> images;
  for (const auto& image : placed_images(persona)) {
    images.push_back({image.partition, *std::ranges::find(files, image.path, &GeneratedFile::path)});
  }
  return images;
}

}  // namespace

Result<void> provision(Nand& nand, const Persona& persona, const firmware::Revision& revision, std::string_view serial,
                       Scale scale) {
  if (nand.geometry() != persona.geometry) {
    return fail(Code::usage).what("the chip is not the one of persona " + persona.id);
  }
  TRY_ASSIGN(auto images, factory_images(persona, revision, scale));
  for (const auto& image : images) {
    PartitionWriter writer(nand, *firmware::find_partition(persona.table, image.partition));
    image.content.write([&](ByteView piece) { return writer.put(piece); });
    TRY(writer.finish());
  }
  return write_efs(nand, persona, efs_for(persona, serial));
}

}  // namespace modemedic::twin
