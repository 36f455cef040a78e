#pragma once

#include "base/error.h"

#include <cstdint>
#include <map>

namespace modemedic::protocol {

/// The images that a modem may read, and what it has read of them. A device may ask for anything: what lies outside an
/// image is refused, and so is one that asks for ever.
class SaharaOffer {
public:
  /// @param images  image id -> bytes
  explicit SaharaOffer(std::map<std::uint64_t, std::uint64_t> images);

  /// Takes a READ_DATA.
  /// @return Code::device_protocol when it must not be served
  Result<void> take(std::uint64_t image, std::uint64_t offset, std::uint64_t length);

  /// Whether the image of now has been asked for.
  bool begun() const { return reads_ > 0; }

  /// The next image begins.
  void next_image() { reads_ = 0; }

  /// The furthest byte asked for, to say where it stopped.
  std::uint64_t furthest() const { return furthest_; }

  bool all_served() const { return unserved_.empty(); }

  /// "More images" is legitimate after an image that is a programmer (facts: sahara-firehose.md).
  bool programmer_served() const;

private:
  std::map<std::uint64_t, std::uint64_t> images_;
  std::map<std::uint64_t, std::uint64_t> unserved_;
  std::uint64_t reads_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t most_reads_;
  std::uint64_t most_bytes_;
  std::uint64_t furthest_ = 0;
};

/// The modem ended an image with a status that is not good: in words, and what to do about it if that is known.
Failure refused(std::uint32_t image, std::uint32_t status);

}  // namespace modemedic::protocol
