#include "firmware/archive_writer.h"

#include "base/descriptor.h"
#include "base/durable_file.h"
#include "base/write_all.h"

#include <cerrno>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::firmware {

struct ArchiveWriter::State {
  struct Free {
    void operator()(archive* written) const { ::archive_write_free(written); }
  };

  std::filesystem::path path;
  Descriptor file;
  std::unique_ptr<archive, Free> handle;
  bool closed = false;
  int error = 0;  ///< errno of the first write that failed

  /// libarchive is never told of a write that failed: it would not give its buffers back (3.6: closing is skipped).
  static la_ssize_t write(archive* /*handle*/, void* state, const void* bytes, std::size_t size) {
    auto& self = *static_cast<State*>(state);
    if (self.error == 0) {
      self.error = write_all(self.file, {static_cast<const std::byte*>(bytes), size});
    }
    return static_cast<la_ssize_t>(size);
  }

  Result<void> checked(bool taken) const { return taken && error == 0 ? Result<void>{} : failed(); }

  Failure failed() const {
    if (error != 0) {
      return fail_errno(error, "write " + printable(path.string()));
    }
    const auto* reason = ::archive_error_string(handle.get());
    return fail(Code::io)
        .what(fmt::format("write {}: {}", printable(path.string()), reason == nullptr ? "unknown reason" : reason))
        .hint("is the disk full?");
  }

  Result<void> header(const std::string& name, std::uint64_t size) const {
    struct FreeEntry {
      void operator()(archive_entry* entry) const { ::archive_entry_free(entry); }
    };

    std::unique_ptr<archive_entry, FreeEntry> entry(::archive_entry_new());
    ::archive_entry_set_pathname(entry.get(), name.c_str());
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), 0600);
    return checked(::archive_write_header(handle.get(), entry.get()) == ARCHIVE_OK);
  }

  Result<void> data(ByteView bytes) const {
    auto written = ::archive_write_data(handle.get(), bytes.data(), bytes.size());
    return checked(written == static_cast<la_ssize_t>(bytes.size()));
  }
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

ArchiveWriter::~ArchiveWriter() {
  state_->handle.reset();
  if (!state_->closed) {
    std::error_code ignored;
    std::filesystem::remove(state_->path, ignored);
  }
}

Result<std::unique_ptr<ArchiveWriter>> ArchiveWriter::create(const std::filesystem::path& path, Form form) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open() && errno == EEXIST) {
    return fail(Code::usage)
        .what(printable(path.string()) + " exists already")
        .hint("name another file, or remove it first");
  }
  if (!file.is_open()) {
    return fail_errno(errno, "write " + printable(path.string()));
  }
  auto state = std::make_unique<State>();
  state->path = path;
  state->file = std::move(file);
  state->handle.reset(::archive_write_new());
  std::unique_ptr<ArchiveWriter> writer(new ArchiveWriter(std::move(state)));
  auto* handle = writer->state_->handle.get();
  auto formed = form == Form::zip ? ::archive_write_set_format_zip(handle) == ARCHIVE_OK &&
                                        ::archive_write_set_options(handle, "zip:compression=store") == ARCHIVE_OK
                                  : ::archive_write_set_format_pax_restricted(handle) == ARCHIVE_OK;
  auto opened = formed && ::archive_write_set_bytes_in_last_block(handle, 1) == ARCHIVE_OK &&
                ::archive_write_open(handle, writer->state_.get(), nullptr, &State::write, nullptr) == ARCHIVE_OK;
  TRY(writer->state_->checked(opened));
  return writer;
}

Result<void> ArchiveWriter::add(const std::string& name, ByteView content) {
  TRY(state_->header(name, content.size()));
  return state_->data(content);
}

Result<void> ArchiveWriter::add(const std::string& name, std::uint64_t size,
                                const std::function<Result<ByteView>()>& next) {
  TRY(state_->header(name, size));
  std::uint64_t written = 0;
  for (;;) {
    TRY_ASSIGN(auto bytes, next());
    if (bytes.empty()) {
      break;
    }
    written += bytes.size();
    if (written > size) {
      break;
    }
    TRY(state_->data(bytes));
  }
  if (written != size) {
    return fail(Code::io).what(fmt::format("{} has another size than before", name));
  }
  return {};
}

Result<void> ArchiveWriter::close() {
  TRY(state_->checked(::archive_write_close(state_->handle.get()) == ARCHIVE_OK));
  if (::fsync(state_->file.get()) != 0) {
    return fail_errno(errno, "write " + printable(state_->path.string()));
  }
  state_->closed = true;
  sync_folder(state_->path.parent_path().empty() ? "." : state_->path.parent_path());
  return {};
}

}  // namespace modemedic::firmware
