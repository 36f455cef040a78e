#pragma once

#include "base/events.h"

#include <cstdint>
#include <string>
#include <utility>

namespace modemedic::operation {

/// Tells how far the images are: in one, and in all.
class ProgressMeter {
public:
  ProgressMeter(Events& events, std::uint64_t all_size) : events_(events), all_size_(all_size) {}

  void start(std::string what, std::uint64_t size) {
    what_ = std::move(what);
    size_ = size;
  }

  /// @param done  bytes of the current image
  void tell(std::uint64_t done) { events_.emit(event::Progress{what_, done, size_, finished_ + done, all_size_}); }

  void finish() { finished_ += size_; }

  std::uint64_t finished() const { return finished_; }

private:
  Events& events_;
  std::uint64_t all_size_;
  std::string what_;
  std::uint64_t size_ = 0;
  std::uint64_t finished_ = 0;  ///< bytes of the images before the current one
};

}  // namespace modemedic::operation
