#include "operation/erase_range.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace modemedic::operation {

namespace firehose = protocol::firehose;

namespace {

constexpr std::uint64_t read_at_once = 1_MiB;

/// Looks at the bytes of a range as they come, in order.
class BlankCheck {
public:
  BlankCheck(const SectorRange& range, const plan::ChipReport& chip)
      : chip_(chip), at_(chip.geometry.bytes(range.start)) {}

  void take(ByteView bytes) {
    while (!bytes.empty() && !first_other_) {
      auto block = at_ / chip_.geometry.block_size();
      auto left_in_block = (block + 1) * chip_.geometry.block_size() - at_;
      auto part = bytes.first(std::min<std::uint64_t>(bytes.size(), left_in_block));
      if (!std::binary_search(chip_.bad_blocks.begin(), chip_.bad_blocks.end(), block)) {
        check(part);
      }
      at_ += part.size();
      bytes = bytes.subspan(part.size());
    }
  }

  /// The sector of the first byte that is not blank, and that byte.
  struct Other {
    Sectors sector;
    std::byte value{};
  };

  const std::optional<Other>& first_other() const { return first_other_; }

private:
  void check(ByteView part) {
    if (!fill_ && (part.front() == std::byte{0xFF} || part.front() == std::byte{0xEE})) {
      fill_ = part.front();
    }
    auto blank = fill_.value_or(std::byte{0xFF});
    auto other = std::find_if(part.begin(), part.end(), [blank](std::byte b) { return b != blank; });
    if (other != part.end()) {
      auto position = at_ + static_cast<std::uint64_t>(other - part.begin());
      first_other_ = Other{{position / chip_.geometry.page_size}, *other};
    }
  }

  const plan::ChipReport& chip_;
  std::uint64_t at_;               ///< byte of the chip that comes next
  std::optional<std::byte> fill_;  ///< how this programmer shows an erased page
  std::optional<Other> first_other_;
};

/// Reads until something other than a blank page comes.
Result<std::optional<BlankCheck::Other>> first_not_blank(FirehoseLink& link, const SectorRange& range,
                                                         const plan::ChipReport& chip, const std::string& name) {
  const auto& geometry = chip.geometry;
  Sectors step{std::max<std::uint64_t>(1, read_at_once / geometry.block_size()) * geometry.pages_per_block};
  BlankCheck check(range, chip);
  for (auto at = range.start; at < range.end() && !check.first_other(); at += step) {
    firehose::Read piece{geometry, {at, std::min(step, range.end() - at)}, true};
    TRY_ASSIGN(auto reply, link.read(piece, [&](ByteView bytes) {
      check.take(bytes);
      return Result<void>{};
    }));
    if (!reply.ack) {
      return fail(Code::device_refused)
          .what(fmt::format("{} could not be read back: {}", name, in_its_words(reply)))
          .hint("whether it is blank is unknown");
    }
  }
  return check.first_other();
}

}  // namespace

Result<void> prove_blank(FirehoseLink& link, const SectorRange& range, const plan::ChipReport& chip,
                         const std::string& name) {
  TRY_ASSIGN(auto other, first_not_blank(link, range, chip, name));
  if (other) {
    return fail(Code::device_refused)
        .what(fmt::format("{} was erased with ACK, but sector {} is not blank: it holds {:02x}", name, other->sector.n,
                          std::to_integer<unsigned>(other->value)))
        .hint("a block of this flash can't be erased any more: it is worn out");
  }
  return {};
}

Result<bool> is_blank(FirehoseLink& link, const SectorRange& range, const plan::ChipReport& chip,
                      const std::string& name) {
  TRY_ASSIGN(auto other, first_not_blank(link, range, chip, name));
  return !other;
}

Result<bool> erase_range(FirehoseLink& link, const firehose::Erase& command, const plan::ChipReport& chip,
                         const std::string& name) {
  constexpr unsigned most_attempts = 3;
  firehose::Reply reply;
  for (unsigned i = 0; i < most_attempts; ++i) {
    TRY_ASSIGN(reply, link.run(command));
    if (reply.ack || !reply.attributes.contains("AttemptRetry")) {
      break;
    }
  }
  if (!reply.ack) {
    return fail(Code::device_refused)
        .what(fmt::format("the modem refused to erase {}: {}", name, in_its_words(reply)))
        .hint(command.verbatim.empty() ? "a block that fails to erase is worn out"
                                       : "an erase that the vendor tagged is refused when the package is for another "
                                         "project: use the package made for this module");
  }
  if (find_log(reply.logs, "Skipping erase failure") != nullptr) {
    TRY(prove_blank(link, command.range, chip, name));
    return false;
  }
  return true;
}

}  // namespace modemedic::operation
