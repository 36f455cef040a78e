#pragma once

#include <utility>

#include <unistd.h>

namespace modemedic::twin {

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

  explicit operator bool() const { return number_ >= 0; }

  int get() const { return number_; }

  int release() { return std::exchange(number_, -1); }

private:
  int number_ = -1;
};

}  // namespace modemedic::twin
