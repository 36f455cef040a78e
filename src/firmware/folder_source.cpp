#include "firmware/folder_source.h"

#include "firmware/entry_list.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace modemedic::firmware {

namespace {

/// Bytes of one read: out of the page cache it makes no difference above 64 KiB, and it stays in the second-level cache
/// for the digest that comes next. A thread of its own brought nothing: the kernel reads ahead by itself.
constexpr std::size_t read_size = 256_KiB;

constexpr std::size_t deepest_folder = 16;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

/// Walks the folders of a package without recursion and without following anything.
class FolderWalk {
public:
  explicit FolderWalk(int root) : root_(root), list_(0) {}

  Result<void> run(const std::stop_token& stop) {
    folders_.emplace_back("");
    while (!folders_.empty()) {
      if (stop.stop_requested()) {
        return stopped_reading();
      }
      auto folder = std::move(folders_.back());
      folders_.pop_back();
      TRY(list(folder));
    }
    return {};
  }

  const EntryList& entries() const { return list_; }

  /// Safe path -> path as the file system spells it.
  std::map<std::string, std::string> raw_paths;

private:
  Result<void> list(const std::string& folder) {
    Descriptor handle(
        ::openat(root_, folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    std::unique_ptr<DIR, CloseFolder> entries(handle.is_open() ? ::fdopendir(handle.get()) : nullptr);
    if (!entries) {
      return fail_errno(errno, "list the folder " + (folder.empty() ? "itself" : printable(folder)));
    }
    handle.release();
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(entries.get());
      if (entry == nullptr) {
        break;
      }
      std::string name = entry->d_name;
      if (name != "." && name != "..") {
        TRY(add(::dirfd(entries.get()), folder, name));
      }
    }
    return errno == 0 ? Result<void>{}
                      : fail_errno(errno, "list the folder " + (folder.empty() ? "itself" : printable(folder)));
  }

  Result<void> add(int folder_handle, const std::string& folder, const std::string& name) {
    auto raw = folder.empty() ? name : folder + "/" + name;

    struct stat info {};

    if (::fstatat(folder_handle, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return fail_errno(errno, "look at " + printable(raw));
    }
    if (S_ISDIR(info.st_mode)) {
      TRY(list_.add_folder(raw));
      if (static_cast<std::size_t>(std::count(raw.begin(), raw.end(), '/')) >= deepest_folder) {
        return fail(Code::package_bad)
            .what(fmt::format("folders are nested more than {} deep at {}", deepest_folder, printable(raw)))
            .hint("name the folder of the package itself");
      }
      folders_.push_back(std::move(raw));
      return {};
    }
    if (!S_ISREG(info.st_mode)) {
      return fail(Code::package_bad)
          .what(fmt::format("\"{}\" is {}, and a package holds only files and folders", printable(raw),
                            S_ISLNK(info.st_mode) ? "a link" : "a device, pipe or socket"))
          .hint("name the folder of the package itself, and copy what is linked into it");
    }
    TRY(list_.add(raw, static_cast<std::uint64_t>(info.st_size)));
    raw_paths[list_.entries().back().path] = std::move(raw);
    return {};
  }

  int root_;
  EntryList list_;
  std::vector<std::string> folders_;
};

/// Opens root/a/b/c with no link on the way, though the folder may have changed since it was listed.
Result<Descriptor> open_inside(int root, const std::string& raw) {
  Descriptor folder;
  std::string_view rest = raw;
  for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    std::string part(rest.substr(0, slash));
    Descriptor next(::openat(folder.is_open() ? folder.get() : root, part.c_str(),
                             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.is_open()) {
      return fail_errno(errno, "open " + printable(raw));
    }
    folder = std::move(next);
    rest.remove_prefix(slash + 1);
  }
  // O_NONBLOCK: what is a pipe by now must not hold us.
  Descriptor file(::openat(folder.is_open() ? folder.get() : root, std::string(rest).c_str(),
                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

  struct stat info {};

  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    return fail_errno(errno, "open " + printable(raw));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(Code::package_bad)
        .what(fmt::format("\"{}\" is no file any more", printable(raw)))
        .hint("let whatever changes the package end first, then try again");
  }
  return file;
}

class FileStream final : public Stream {
public:
  FileStream(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)), buffer_(read_size) {}

  Result<ByteView> read() override {
    for (;;) {
      auto count = ::read(file_.get(), buffer_.data(), buffer_.size());
      if (count >= 0) {
        return ByteView(buffer_).first(static_cast<std::size_t>(count));
      }
      if (errno != EINTR) {
        return fail_errno(errno, "read " + printable(path_));
      }
    }
  }

private:
  Descriptor file_;
  std::string path_;
  Buffer buffer_;
};

class FolderSource final : public Source {
public:
  FolderSource(Descriptor folder, std::vector<SourceEntry> entries, std::vector<std::string> raw_paths)
      : folder_(std::move(folder)), entries_(std::move(entries)), raw_paths_(std::move(raw_paths)) {}

  const std::vector<SourceEntry>& entries() const override { return entries_; }

  bool packed() const override { return false; }

  Result<std::unique_ptr<Stream>> open(std::size_t index) override {
    TRY_ASSIGN(auto file, open_inside(folder_.get(), raw_paths_.at(index)));
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return std::make_unique<FileStream>(std::move(file), raw_paths_[index]);
  }

  Result<Descriptor> open_file(std::size_t index) override { return open_inside(folder_.get(), raw_paths_.at(index)); }

private:
  Descriptor folder_;
  std::vector<SourceEntry> entries_;
  std::vector<std::string> raw_paths_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_folder(Descriptor folder, const std::stop_token& stop) {
  FolderWalk walk(folder.get());
  TRY(walk.run(stop));
  auto entries = walk.entries().entries();
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  std::vector<std::string> raw_paths;
  raw_paths.reserve(entries.size());
  for (const auto& entry : entries) {
    raw_paths.push_back(walk.raw_paths[entry.path]);
  }
  return std::make_unique<FolderSource>(std::move(folder), std::move(entries), std::move(raw_paths));
}

}  // namespace modemedic::firmware
