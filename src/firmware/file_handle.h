#pragma once

#include <utility>

#include <unistd.h>

namespace modemedic::firmware {

/// An open file descriptor and its end.
class FileHandle {
public:
  FileHandle() = default;

  explicit FileHandle(int number) : number_(number) {}

  FileHandle(FileHandle&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  ~FileHandle() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  int get() const { return number_; }

  /// Hands the descriptor to someone else who closes it.
  int release() { return std::exchange(number_, -1); }

  bool is_open() const { return number_ >= 0; }

private:
  int number_ = -1;
};

}  // namespace modemedic::firmware
