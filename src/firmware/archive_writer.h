#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace modemedic::firmware {

/// Writes a .zip or a .tar whose files are stored as they are, in one pass and little memory (libarchive). Taken away
/// again unless it is closed.
class ArchiveWriter {
public:
  enum class Form { zip, tar };

  /// @param path  must not exist
  /// @return Code::usage when it does; Code::io, Code::permission
  static Result<std::unique_ptr<ArchiveWriter>> create(const std::filesystem::path& path, Form form = Form::zip);

  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  Result<void> add(const std::string& name, ByteView content);

  /// @param next  the next bytes, empty at the end; the view holds until the next call
  /// @return Code::io, also when there were not `size` bytes; the failure of `next`
  Result<void> add(const std::string& name, std::uint64_t size, const std::function<Result<ByteView>()>& next);

  /// The archive is whole, and safe on disk.
  Result<void> close();

private:
  struct State;
  explicit ArchiveWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace modemedic::firmware
