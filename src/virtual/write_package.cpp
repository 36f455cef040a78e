#include "firmware/revision.h"
#include "virtual/generator.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

namespace modemedic::twin {

namespace {

namespace fs = std::filesystem;

// Every run makes the same bytes: archives carry this time for all their files. 2021-04-21 15:42:43 UTC.
constexpr std::time_t made_at = 1'619'019'763;

/// Takes the output away again unless it was kept.
class HalfWritten {
public:
  explicit HalfWritten(fs::path path) : path_(std::move(path)) {}

  HalfWritten(const HalfWritten&) = delete;
  HalfWritten& operator=(const HalfWritten&) = delete;

  ~HalfWritten() {
    if (!path_.empty()) {
      std::error_code ignored;
      fs::remove_all(path_, ignored);
    }
  }

  void keep() { path_.clear(); }

private:
  fs::path path_;
};

/// Writes a file's bytes through `put`, which tells how it failed.
template <typename Put>
Result<void> pour(const GeneratedFile& file, Put put) {
  Result<void> done;
  std::uint64_t written = 0;
  file.write([&](ByteView piece) {
    done = put(piece);
    written += piece.size();
    return done.has_value();
  });
  if (done && written != file.size) {
    return fail(Code::bug).what(fmt::format("{} has {} bytes, {} were promised", file.path, written, file.size));
  }
  return done;
}

Result<void> write_file(const GeneratedFile& file, const fs::path& path) {
  auto attempt = "write " + path.string();
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) {
    return fail_errno(error.value(), attempt);
  }

  struct Close {
    void operator()(std::FILE* opened) const { std::fclose(opened); }
  };

  std::unique_ptr<std::FILE, Close> out(std::fopen(path.c_str(), "wbx"));
  if (!out) {
    return fail_errno(errno, attempt);
  }
  TRY(pour(file, [&](ByteView piece) -> Result<void> {
    if (!piece.empty() && std::fwrite(piece.data(), 1, piece.size(), out.get()) != piece.size()) {
      return fail_errno(errno, attempt);
    }
    return {};
  }));
  if (std::fclose(out.release()) != 0) {
    return fail_errno(errno, attempt);
  }
  return {};
}

Result<void> write_folder(const std::vector<GeneratedFile>& files, const fs::path& out) {
  HalfWritten half(out);
  for (const auto& file : files) {
    TRY(write_file(file, out / file.path));
  }
  half.keep();
  return {};
}

/// An archive being written (libarchive).
class Archive {
public:
  /// Starts an archive whose format follows from the name's ending.
  Result<void> open(const fs::path& path) {
    path_ = path.string();
    auto* out = archive_.get();
    int status = ARCHIVE_FATAL;
    if (path.extension() == ".zip") {
      status = archive_write_set_format_zip(out);
      status = status == ARCHIVE_OK ? archive_write_set_options(out, "zip:compression=deflate") : status;
    } else if (path.extension() == ".7z") {
      status = archive_write_set_format_7zip(out);
      // Vendors' are LZMA, which takes ten times as long and gains 5 % on bytes that are half noise.
      status = status == ARCHIVE_OK ? archive_write_set_options(out, "7zip:compression=deflate") : status;
    } else {
      return start(archive_write_set_format_pax_restricted(out));
    }
    // Fast rather than small, for the same reason.
    return start(status == ARCHIVE_OK ? archive_write_set_options(out, "compression-level=1") : status);
  }

  Result<void> add(const std::string& name, const GeneratedFile& file) {
    std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.size));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), made_at, 0);
    if (archive_write_header(archive_.get(), entry.get()) != ARCHIVE_OK) {
      return failed();
    }
    return pour(file, [&](ByteView piece) -> Result<void> {
      if (archive_write_data(archive_.get(), piece.data(), piece.size()) != static_cast<la_ssize_t>(piece.size())) {
        return failed();
      }
      return {};
    });
  }

  Result<void> close() { return check(archive_write_close(archive_.get())); }

private:
  struct Free {
    void operator()(archive* opened) const { archive_write_free(opened); }
  };

  struct FreeEntry {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
  };

  Result<void> start(int status) {
    TRY(check(status));
    return check(archive_write_open_filename(archive_.get(), path_.c_str()));
  }

  Result<void> check(int status) {
    if (status != ARCHIVE_OK) {
      return failed();
    }
    return {};
  }

  Failure failed() {
    auto number = archive_errno(archive_.get());
    const auto* reason = archive_error_string(archive_.get());
    auto code = number == EACCES || number == EPERM ? Code::permission : Code::io;
    return fail(code).what(fmt::format("write {}: {}", path_, reason == nullptr ? "unknown reason" : reason));
  }

  std::unique_ptr<archive, Free> archive_{archive_write_new()};
  std::string path_;
};

/// The one folder in an archive bears the revision's name, as vendors pack it.
std::string root_folder(const std::vector<GeneratedFile>& files, const fs::path& out) {
  for (const auto& file : files) {
    if (auto revision = firmware::find_revision(file.path)) {
      return revision->text;
    }
  }
  return out.stem().string();
}

Result<void> write_archive(const std::vector<GeneratedFile>& files, const fs::path& out) {
  HalfWritten half(out);
  auto root = root_folder(files, out);
  Archive archive;
  TRY(archive.open(out));
  for (const auto& file : files) {
    TRY(archive.add(root + "/" + file.path, file));
  }
  TRY(archive.close());
  half.keep();
  return {};
}

}  // namespace

Result<void> write_package(const std::vector<GeneratedFile>& files, const std::string& out) {
  fs::path path(out);
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) {
    return fail(Code::usage).what(out + " exists already").hint("name another, or remove it first");
  }
  auto ending = path.extension();
  bool archive = ending == ".zip" || ending == ".7z" || ending == ".tar";
  return archive ? write_archive(files, path) : write_folder(files, path);
}

}  // namespace modemedic::twin
