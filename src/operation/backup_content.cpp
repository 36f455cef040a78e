#include "operation/backup_content.h"

#include "operation/read_sectors.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

/// A run is programmed out of memory.
constexpr std::uint64_t longest_run = 1_MiB;

class BackupContent final : public PieceContent {
public:
  BackupContent(std::unique_ptr<firmware::Stream> stream, const BackupManifest& manifest, const BackupPiece& piece)
      : stream_(std::move(stream)),
        page_(manifest.geometry.page_size),
        fill_(std::byte{manifest.fill}),
        piece_(piece) {}

  Result<ByteView> next() override {
    sector_.clear();
    if (given_++ >= piece_.stored) {
      sector_.assign(page_, std::byte{0xFF});
      return ByteView(sector_);
    }
    while (sector_.size() < page_) {
      if (left_.empty()) {
        TRY_ASSIGN(left_, stream_->read());
        if (left_.empty()) {
          return fail(Code::package_bad).what(piece_.file + " is shorter than when it was verified");
        }
      }
      auto part = left_.first(std::min<std::size_t>(left_.size(), page_ - sector_.size()));
      sector_.insert(sector_.end(), part.begin(), part.end());
      left_ = left_.subspan(part.size());
    }
    if (auto fill = blank_fill(sector_); fill && *fill == fill_) {
      sector_.assign(page_, std::byte{0xFF});
    }
    return ByteView(sector_);
  }

private:
  std::unique_ptr<firmware::Stream> stream_;
  std::size_t page_;
  std::byte fill_;
  const BackupPiece& piece_;
  std::uint64_t given_ = 0;
  Buffer sector_;
  ByteView left_;
};

}  // namespace

void UsedPages::take(Sectors sector, ByteView bytes) {
  auto fill = blank_fill(bytes);
  if (!fill || *fill != fill_) {
    auto pages = manifest_.geometry.pages_per_block;
    used_[sector.n / pages] = sector.n % pages + 1;
  }
}

Result<std::vector<SectorRange>> UsedPages::runs(const BackupPiece& piece,
                                                 const std::vector<std::uint64_t>& bad_now) const {
  const auto& geometry = manifest_.geometry;
  std::uint64_t block_pages = geometry.pages_per_block;
  std::vector<SectorRange> runs;
  for (auto block = piece.range.start.n / block_pages; block < piece.range.end().n / block_pages; ++block) {
    if (used_[block] == 0 || std::ranges::binary_search(manifest_.bad_blocks, block)) {
      continue;
    }
    if (std::ranges::binary_search(bad_now, block)) {
      return fail(Code::refused)
          .rule("bad-blocks")
          .what(fmt::format("block {} of {} holds data and has gone bad since", block, piece.name))
          .hint("leave this piece out with --partition for each of the others; nothing was written");
    }
    SectorRange range{{block * block_pages}, {used_[block]}};
    auto joins = !runs.empty() && runs.back().end() == range.start &&
                 geometry.bytes(runs.back().count + range.count) <= longest_run;
    if (joins) {
      runs.back().count += range.count;
    } else {
      runs.push_back(range);
    }
  }
  return runs;
}

Result<std::unique_ptr<PieceContent>> content_of(BackupFile& backup, const BackupPiece& piece) {
  TRY_ASSIGN(auto stream, backup.stream(piece));
  return std::make_unique<BackupContent>(std::move(stream), backup.manifest(), piece);
}

}  // namespace modemedic::operation
