#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace modemedic::firmware {

/// Writes a .zip whose files are stored as they are, in one pass and little memory (libarchive). Taken away again
/// unless it is closed.
class ZipWriter {
public:
  /// @param path  must not exist
  /// @return Code::usage when it does; Code::io, Code::permission
  static Result<std::unique_ptr<ZipWriter>> create(const std::filesystem::path& path);

  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  Result<void> add(const std::string& name, ByteView content);

  /// @param next  the next bytes, empty at the end; the view holds until the next call
  /// @return Code::io, also when there were not `size` bytes; the failure of `next`
  Result<void> add(const std::string& name, std::uint64_t size, const std::function<Result<ByteView>()>& next);

  /// The archive is whole, and safe on disk.
  Result<void> close();

private:
  struct State;
  explicit ZipWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace modemedic::firmware
