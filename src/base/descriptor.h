#pragma once

#include <utility>

#include <unistd.h>

namespace modemedic {

/// An open file descriptor that closes itself.
class Descriptor {
public:
  Descriptor() = default;

  explicit Descriptor(int number) : number_(number) {}

  ~Descriptor() {
    if (number_ >= 0) {
      close(number_);
    }
  }

  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}

  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  /// Whether there is one.
  bool is_open() const { return number_ >= 0; }

  int get() const { return number_; }

  /// Hands the descriptor to someone else who closes it.
  int release() { return std::exchange(number_, -1); }

private:
  int number_ = -1;
};

}  // namespace modemedic
