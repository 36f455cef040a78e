#include "operation/program_image.h"

#include "operation/erase_range.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace modemedic::operation {

using firmware::Image;
using firmware::ImageReader;
namespace firehose = protocol::firehose;

namespace {

constexpr std::uint64_t read_at_once = 1_MiB;

/// What a programmer logs when it wrote something else than it was given, whatever it answers.
constexpr std::string_view signs_of_failure[] = {"mismatch with new_sector_address", "flash write failed"};

/// Where the sectors of an image lie when bad blocks are skipped: runs of good blocks, each short enough to be read
/// at once.
std::vector<SectorRange> good_runs(const SectorRange& partition, Sectors wanted, const plan::ChipReport& chip) {
  auto block = chip.geometry.pages_per_block;
  std::vector<SectorRange> runs;
  for (auto at = partition.start; wanted.n > 0 && at < partition.end(); at += {block}) {
    if (std::binary_search(chip.bad_blocks.begin(), chip.bad_blocks.end(), at.n / block)) {
      continue;
    }
    Sectors taken{std::min<std::uint64_t>(block, wanted.n)};
    auto joins = !runs.empty() && runs.back().end() == at &&
                 chip.geometry.bytes(runs.back().count + taken) <= std::max(read_at_once, chip.geometry.block_size());
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

}  // namespace

Result<void> ImageProgrammer::program(const Image& image, unsigned tries,
                                      const std::function<void(std::uint64_t)>& sent, const std::stop_token& stop) {
  for (unsigned tried = 1;; ++tried) {
    TRY_ASSIGN(auto doubt, try_once(image, sent, stop));
    if (!doubt) {
      return {};
    }
    events_.emit(event::Log{event::Log::Level::warning,
                            fmt::format("{} may not be written well: {}; reading it back", image.partition, *doubt)});
    TRY_ASSIGN(auto right, reads_back_right(image));
    if (right) {
      events_.emit(event::Log{event::Log::Level::info, fmt::format("{} reads back right", image.partition)});
      return {};
    }
    if (tried >= tries) {
      return fail(Code::device_refused)
          .what(fmt::format("{} could not be written well in {} tries: {}", image.partition, tried, *doubt))
          .hint("this flash is failing: the module is worn out");
    }
    events_.emit(event::Log{event::Log::Level::warning,
                            fmt::format("{} is not what was sent; erasing and programming it again", image.partition)});
    TRY(erase_again(image));
  }
}

Result<ImageProgrammer::Doubt> ImageProgrammer::try_once(const Image& image,
                                                         const std::function<void(std::uint64_t)>& sent,
                                                         const std::stop_token& stop) {
  const auto& file = package_.file(image);
  TRY_ASSIGN(auto reader, ImageReader::open(package_, image.file));
  firehose::Program command{package_.geometry, image.range.start, file.size,
                            file.path.substr(file.path.rfind('/') + 1)};
  TRY_ASSIGN(auto reply, link_.program(command, *reader, sent, stop));
  if (!reply.ack && reader->position() == 0) {
    return fail(Code::device_refused)
        .what(fmt::format("the modem refused to program {}: {}", image.partition, in_its_words(reply)))
        .hint("its programmer does not take this image at this place");
  }
  TRY(reader->verify());
  for (auto sign : signs_of_failure) {
    if (const auto* log = find_log(reply.logs, sign)) {
      return Doubt(printable(*log));
    }
  }
  if (!reply.ack || reply.attributes.contains("AttemptRetry")) {
    return Doubt("it answered " + std::string(reply.ack ? "AttemptRetry" : "NAK") + " " + in_its_words(reply));
  }
  return Doubt();
}

Result<bool> ImageProgrammer::reads_back_right(const Image& image) {
  TRY_ASSIGN(auto reader, ImageReader::open(package_, image.file));
  auto right = true;
  for (const auto& run : good_runs(image.range, package_.geometry.sectors_for(reader->size()), chip_)) {
    TRY_ASSIGN(auto reply, link_.read({package_.geometry, run, true}, [&](ByteView bytes) -> Result<void> {
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
  return true;
}

Result<void> ImageProgrammer::erase_again(const Image& image) {
  TRY(erase_range(link_, {package_.geometry, image.range, {}}, chip_, image.partition));
  return {};
}

}  // namespace modemedic::operation
