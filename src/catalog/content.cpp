#include "catalog/content.h"

#include "base/write_all.h"
#include "firmware/image_reader.h"

#include <cerrno>
#include <functional>
#include <map>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>

namespace modemedic::catalog {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t chunk_size = 256_KiB;

/// Where the bytes of one file go; asked to end with an empty piece.
using Sink = std::function<Result<void>(ByteView)>;
using OpenSink = std::function<Result<Sink>(const std::string& path)>;

/// Makes the file, which must not be there, and its folders.
Result<Sink> create(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) {
    return fail_errno(error.value(), "make " + printable(path.parent_path().string()));
  }
  auto file =
      std::make_shared<Descriptor>(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file->is_open()) {
    return fail_errno(errno, "make " + printable(path.string()));
  }
  return Sink([file, path](ByteView bytes) -> Result<void> {
    if (bytes.empty()) {
      return ::fsync(file->get()) == 0 ? Result<void>{} : fail_errno(errno, "write " + printable(path.string()));
    }
    auto number = write_all(*file, bytes);
    return number == 0 ? Result<void>{} : fail_errno(number, "write " + printable(path.string()));
  });
}

Result<Sha256> walk(const firmware::Package& package, const OpenSink& open_sink, Events& events,
                    const std::stop_token& stop) {
  event::Progress progress;
  progress.what = "content";
  for (const auto& file : package.files) {
    progress.all_size += file.size;
  }
  progress.size = progress.all_size;
  std::map<std::string, Sha256> digests;
  for (std::size_t i = 0; i < package.files.size(); ++i) {
    const auto& path = package.files[i].path;
    TRY_ASSIGN(auto sink, open_sink(path));
    TRY_ASSIGN(auto reader, firmware::ImageReader::open(package, i));
    Hasher<Sha256> hasher;
    for (;;) {
      if (stop.stop_requested()) {
        return firmware::stopped_reading();
      }
      TRY_ASSIGN(auto chunk, reader->next(chunk_size));
      TRY(sink(chunk));
      if (chunk.empty()) {
        break;
      }
      hasher.update(chunk);
      progress.done += chunk.size();
      progress.all_done = progress.done;
      events.emit(progress);
    }
    TRY(reader->verify());
    digests[path] = hasher.finish();
  }
  Hasher<Sha256> all;
  for (const auto& [path, digest] : digests) {
    all.update(as_bytes(fmt::format("{}  {}\n", hex_digits(digest), path)));
  }
  return all.finish();
}

}  // namespace

Result<Sha256> content_digest(const firmware::Package& package, Events& events, const std::stop_token& stop) {
  auto nowhere = [](const std::string&) -> Result<Sink> { return Sink([](ByteView) { return Result<void>(); }); };
  return walk(package, nowhere, events, stop);
}

Result<Sha256> copy_content(const firmware::Package& package, const fs::path& folder, Events& events,
                            const std::stop_token& stop) {
  return walk(
      package, [&](const std::string& path) { return create(folder / path); }, events, stop);
}

}  // namespace modemedic::catalog
