#pragma once

#include "base/descriptor.h"
#include "base/error.h"

#include <filesystem>
#include <optional>
#include <string>

namespace modemedic::usb {

/// A file whose lock (flock) one process of this machine has, in a folder where everybody may write. The kernel gives
/// the lock back when the process ends, however it ends. What stands in the file is for those who come second, and
/// hostile: anybody may have written it.
class LockFile {
public:
  /// What taking one came to.
  struct Taken;

  /// @return what there is of: the lock; the text of who has it; neither, where this folder can't hold the file.
  ///         Code::permission for a file that isn't a plain one, or that its owner keeps from us
  static Result<Taken> take(const std::filesystem::path& path);

  LockFile(LockFile&& other) noexcept = default;
  LockFile& operator=(LockFile&& other) noexcept = delete;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  /// Takes the file away, if it may.
  ~LockFile();

  /// Says who has the lock, for those who come second. Best effort: on a full disk, or in the file of another user who
  /// keeps it for himself, nothing is said.
  void write(const std::string& text);

private:
  LockFile(Descriptor descriptor, std::filesystem::path path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Descriptor descriptor_;
  std::filesystem::path path_;
};

struct LockFile::Taken {
  std::optional<LockFile> lock;
  std::optional<std::string> holder;  ///< at most a kilobyte
};

}  // namespace modemedic::usb
