#pragma once

#include "base/error.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::operation {

/// A file that only grows.
class JournalFile {
public:
  JournalFile() = default;
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;
  virtual ~JournalFile() = default;

  /// Adds bytes; they survive a crash of this machine once it returns.
  /// @return Code::io, Code::permission
  virtual Result<void> append(std::string_view bytes) = 0;
};

/// Where journals are: a folder, or memory in a test.
class JournalStore {
public:
  JournalStore() = default;
  JournalStore(const JournalStore&) = delete;
  JournalStore& operator=(const JournalStore&) = delete;
  virtual ~JournalStore() = default;

  /// A new file; its name begins with `stem` and is nobody else's.
  virtual Result<std::unique_ptr<JournalFile>> create(const std::string& stem) = 0;

  /// The names of all journals, the latest first: names begin with the time.
  virtual Result<std::vector<std::string>> names() const = 0;

  /// At most `most` bytes from the beginning of a journal.
  virtual Result<std::string> read(const std::string& name, std::size_t most) const = 0;
};

/// Journals as files `STEM.jsonl` in a folder, which is made when the first is created.
class FolderJournals final : public JournalStore {
public:
  explicit FolderJournals(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<std::unique_ptr<JournalFile>> create(const std::string& stem) override;

  /// A folder that isn't there has none.
  Result<std::vector<std::string>> names() const override;

  Result<std::string> read(const std::string& name, std::size_t most) const override;

private:
  std::filesystem::path folder_;
};

}  // namespace modemedic::operation
