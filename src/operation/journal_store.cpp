#include "operation/journal_store.h"

#include "base/durable_file.h"
#include "base/write_all.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::operation {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view suffix = ".jsonl";

class DurableFile final : public JournalFile {
public:
  DurableFile(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    if (auto number = write_all(file_, as_bytes(bytes)); number != 0) {
      return fail_errno(number, "write " + path_);
    }
    return ::fsync(file_.get()) == 0 ? Result<void>{} : fail_errno(errno, "write " + path_);
  }

private:
  Descriptor file_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<JournalFile>> FolderJournals::create(const std::string& stem) {
  constexpr int most_tries = 100;
  std::error_code error;
  fs::create_directories(folder_, error);  // a failure shows when the file is made
  for (int i = 0; i < most_tries; ++i) {
    auto path = folder_ / fmt::format("{}{}{}", stem, i == 0 ? "" : fmt::format("-{}", i), suffix);
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
    if (file.get() >= 0) {
      sync_folder(folder_);
      return std::make_unique<DurableFile>(std::move(file), path.string());
    }
    if (errno != EEXIST) {
      return fail_errno(errno, "create " + path.string());
    }
  }
  return fail(Code::io).what("no free name for a journal in " + folder_.string());
}

Result<std::vector<std::string>> FolderJournals::names() const {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entries(folder_, error);
  if (error) {
    return error == std::errc::no_such_file_or_directory ? Result<std::vector<std::string>>(names)
                                                         : fail_errno(error.value(), "read " + folder_.string());
  }
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    auto name = entries->path().filename().string();
    if (name.ends_with(suffix)) {
      names.push_back(std::move(name));
    }
  }
  std::sort(names.rbegin(), names.rend());
  return names;
}

Result<std::string> FolderJournals::read(const std::string& name, std::size_t most) const {
  return read_beginning(folder_ / name, most);
}

}  // namespace modemedic::operation
