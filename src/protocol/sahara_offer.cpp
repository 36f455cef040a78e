#include "protocol/sahara_offer.h"

#include "base/bytes.h"
#include "protocol/sahara_wire.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace modemedic::protocol {

namespace {

/// What no device does that means well; each of them ends a talk that would go on for ever.
constexpr std::uint64_t largest_image = 1_MiB << 20U;  ///< for the sums below; no programmer has 1 TiB
constexpr std::uint64_t image_repeats = 3;
constexpr std::uint64_t bytes_to_spare = 64_KiB;
constexpr std::uint64_t reads_to_spare = 4096;
constexpr std::uint64_t small_read = 256;  ///< bytes

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

/// "7, 13"
std::string listed(const std::map<std::uint64_t, std::uint64_t>& images) {
  std::string text;
  for (const auto& [id, size] : images) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", id);
  }
  return text;
}

bool is_programmer(std::uint64_t image) {
  return image == sahara::nprg_image || image == sahara::programmer_image || image == 21;
}

bool is_signature_status(std::uint32_t status) {
  return status == 0x08 || (status >= 0x21 && status <= 0x25);
}

}  // namespace

SaharaOffer::SaharaOffer(std::map<std::uint64_t, std::uint64_t> images)
    : images_(std::move(images)), unserved_(images_) {
  std::uint64_t whole = 0;
  for (const auto& [id, size] : images_) {
    whole += std::min(size, largest_image);
  }
  most_bytes_ = whole * image_repeats + bytes_to_spare;
  most_reads_ = whole * image_repeats / small_read + reads_to_spare;
}

Result<void> SaharaOffer::take(std::uint64_t image, std::uint64_t offset, std::uint64_t length) {
  auto offered = images_.find(image);
  if (offered == images_.end()) {
    return fail(Code::device_protocol)
        .what(fmt::format("the modem asked for image {}, on offer is {}", image, listed(images_)))
        .hint(
            "13 is the programmer of EDL, 7 that of the boot loader's download mode: use the programmer made for the "
            "mode the modem is in");
  }
  auto size = offered->second;
  if (offset > size || length > size - offset) {
    return fail(Code::device_protocol)
        .what(fmt::format("the modem asked for bytes {}..{} of an image of {}", offset, saturating_add(offset, length),
                          size))
        .hint("the programmer file is cut, or made for another chip");
  }
  unserved_.erase(image);
  furthest_ = std::max(furthest_, offset + length);
  ++reads_;
  bytes_ = saturating_add(bytes_, length);
  if (bytes_ > most_bytes_ || reads_ > most_reads_) {
    return fail(Code::device_protocol)
        .what(
            fmt::format("the modem asks again and again: {} reads, {} bytes of an image of {}", reads_, bytes_, size));
  }
  return {};
}

bool SaharaOffer::programmer_served() const {
  return std::ranges::any_of(
      images_, [this](const auto& image) { return is_programmer(image.first) && !unserved_.contains(image.first); });
}

Failure refused(std::uint32_t image, std::uint32_t status) {
  auto failure = fail(Code::device_refused)
                     .what(fmt::format("the modem ended image {} with status {:02x}: {}", image, status,
                                       sahara::status_text(status)));
  if (is_signature_status(status)) {
    return std::move(failure).hint(
        "the programmer is for another chip, or not signed with the key this chip is fused to: take the one of the "
        "package made for this module");
  }
  return failure;
}

}  // namespace modemedic::protocol
