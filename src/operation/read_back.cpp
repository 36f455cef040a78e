#include "operation/read_back.h"

#include "base/digest.h"
#include "operation/erase_range.h"
#include "operation/upload.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace modemedic::operation {

using firmware::Image;
using firmware::ImageReader;

namespace {

constexpr std::uint64_t read_at_once = 1_MiB;
/// The programmer reads this much before it says a word: some seconds.
constexpr std::uint64_t digested_at_once = 16_MiB;

/// Where the sectors of an image lie when bad blocks are skipped: runs of good blocks.
/// @param at_once  bytes that a run has at most, though at least a block
std::vector<SectorRange> good_runs(const SectorRange& partition, Sectors wanted, const plan::ChipReport& chip,
                                   std::uint64_t at_once = read_at_once) {
  auto block = chip.geometry.pages_per_block;
  std::vector<SectorRange> runs;
  for (auto at = partition.start; wanted.n > 0 && at < partition.end(); at += {block}) {
    if (std::binary_search(chip.bad_blocks.begin(), chip.bad_blocks.end(), at.n / block)) {
      continue;
    }
    Sectors taken{std::min<std::uint64_t>(block, wanted.n)};
    auto joins = !runs.empty() && runs.back().end() == at &&
                 chip.geometry.bytes(runs.back().count + taken) <= std::max(at_once, chip.geometry.block_size());
    if (joins) {
      runs.back().count += taken;
    } else {
      runs.push_back({at, taken});
    }
    wanted = wanted - taken;
  }
  return runs;
}

/// Bytes read from the chip, against the file's with 0xFF behind its end.
Result<bool> same(ByteView bytes, ImageReader& reader) {
  while (!bytes.empty()) {
    TRY_ASSIGN(auto wanted, reader.next(bytes.size()));
    if (wanted.empty()) {
      return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0xFF}; });
    }
    if (!std::equal(wanted.begin(), wanted.end(), bytes.begin())) {
      return false;
    }
    bytes = bytes.subspan(wanted.size());
  }
  return true;
}

/// What of a partition lies behind its image: from the block after the last that it uses.
SectorRange behind(const Image& image, const std::vector<SectorRange>& runs, const plan::ChipReport& chip) {
  auto block = chip.geometry.pages_per_block;
  auto used = runs.empty() ? image.range.start.n : runs.back().end().n;
  Sectors start{std::min((used + block - 1) / block * block, image.range.end().n)};
  return {start, image.range.end() - start};
}

/// Of the next so many bytes of a file, with 0xFF behind its end.
Result<Sha256> digest_of_next(ImageReader& reader, std::uint64_t size) {
  Hasher<Sha256> hasher;
  while (size > 0) {
    TRY_ASSIGN(auto bytes, reader.next(std::min(size, read_at_once)));
    if (bytes.empty()) {
      hasher.update(Buffer(static_cast<std::size_t>(size), std::byte{0xFF}));
      break;
    }
    hasher.update(bytes);
    size -= bytes.size();
  }
  return hasher.finish();
}

/// What the programmer says stands there. One that goes silent over the question is brought back, and not asked again.
Result<std::optional<Sha256>> ask_for_digest(FirehoseLink& link, const firmware::Package& package,
                                             const SectorRange& range) {
  auto reply = link.run(protocol::firehose::Digest{package.geometry, range});
  if (!reply && (reply.error().code == Code::timeout || reply.error().code == Code::device_protocol)) {
    link.distrust_digests();
    TRY(regain(link, package.geometry.page_size, package.geometry.chip_size(), link.events()));
    return std::nullopt;
  }
  if (!reply) {
    return fail(std::move(reply.error()));
  }
  return reply->ack ? protocol::firehose::told_digest(*reply) : std::nullopt;
}

/// Do all digests that the programmer tells say that the image is there?
Result<bool> digests_say_so(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip,
                            const Image& image) {
  TRY_ASSIGN(auto reader, ImageReader::open(package, image.file));
  for (const auto& run : good_runs(image.range, package.geometry.sectors_for(reader->size()), chip, digested_at_once)) {
    TRY_ASSIGN(auto wanted, digest_of_next(*reader, package.geometry.bytes(run.count)));
    TRY_ASSIGN(auto told, ask_for_digest(link, package, run));
    if (told != wanted) {
      return false;
    }
  }
  TRY(reader->verify());
  return true;
}

/// Reads all of it, or up to the first piece that differs.
Result<bool> bytes_say_so(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip,
                          const Image& image) {
  TRY_ASSIGN(auto reader, ImageReader::open(package, image.file));
  auto right = true;
  for (const auto& run : good_runs(image.range, package.geometry.sectors_for(reader->size()), chip)) {
    TRY_ASSIGN(auto reply, link.read({package.geometry, run, true}, [&](ByteView bytes) -> Result<void> {
      TRY_ASSIGN(auto equal, same(bytes, *reader));
      right = right && equal;
      return {};
    }));
    if (!reply.ack) {
      return fail(Code::device_refused)
          .what(fmt::format("{} could not be read back: {}", image.partition, in_its_words(reply)))
          .hint("whether it was written well is unknown");
    }
    if (!right) {
      return false;
    }
  }
  // It is what the file holds now. Whether that is still what was verified is another question.
  TRY(reader->verify());
  return true;
}

}  // namespace

Result<bool> reads_back(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip,
                        const Image& image) {
  auto asked = link.tells_digests();
  if (asked) {
    TRY_ASSIGN(auto right, digests_say_so(link, package, chip, image));
    if (right) {
      return true;
    }
  }
  TRY_ASSIGN(auto right, bytes_say_so(link, package, chip, image));
  if (right && asked) {
    link.distrust_digests();
  }
  return right;
}

Result<plan::Standing> find_standing(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip,
                                     const std::set<std::size_t>& candidates, const std::stop_token& stop) {
  plan::Standing standing;
  for (auto index : candidates) {
    if (stop.stop_requested()) {
      return fail(Code::interrupted).what("stopped by the person");
    }
    const auto& image = package.images[index];
    auto whole = reads_back(link, package, chip, image);
    if (whole && *whole) {
      auto runs = good_runs(image.range, package.geometry.sectors_for(package.file(image).size), chip);
      whole = is_blank(link, behind(image, runs, chip), chip, image.partition);
    }
    if (!whole && whole.error().code != Code::device_refused) {
      return fail(std::move(whole.error()));
    }
    if (whole && *whole) {
      standing.insert(index);
    }
  }
  return standing;
}

}  // namespace modemedic::operation
