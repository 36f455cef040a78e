#include "firmware/archive_source.h"

#include "firmware/archive_cursor.h"
#include "firmware/entry_list.h"
#include "firmware/seven_zip_index.h"
#include "firmware/zip_end.h"

#include <utility>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

Failure refuse_entry(const ArchiveHeader& header) {
  return fail(Code::package_bad)
      .what(fmt::format("\"{}\" in it is {}, and a package holds only files and folders", printable(header.path),
                        header.is_link ? "a link" : "no plain file"))
      .hint("do not use this archive; download the package again from the vendor");
}

Result<void> add_entry(EntryList& list, const ArchiveHeader& header) {
  switch (header.kind) {
    case ArchiveHeader::Kind::folder:
      return list.add_folder(header.path);
    case ArchiveHeader::Kind::file:
      return list.add(header.path, header.size);
    case ArchiveHeader::Kind::other:
      break;
  }
  return refuse_entry(header);
}

/// One entry's bytes. The cursor moves on when another entry is opened; from then on this one only fails.
class ArchiveStream final : public Stream {
public:
  ArchiveStream(std::shared_ptr<ArchiveCursor> cursor, std::uint64_t size)
      : cursor_(std::move(cursor)), number_(cursor_->number()), size_(size) {}

  Result<ByteView> read() override {
    if (cursor_->number() != number_) {
      return fail(Code::bug).what("an archive's entry was read after another had been opened");
    }
    TRY_ASSIGN(auto block, cursor_->read());
    if (block.size() > size_ - position_) {
      return cursor_->damaged(fmt::format("unpacks to more than the {} bytes it says", size_));
    }
    position_ += block.size();
    if (block.empty() && position_ != size_) {
      return cursor_->damaged(fmt::format("ends after {} of {} bytes", position_, size_));
    }
    return block;
  }

private:
  std::shared_ptr<ArchiveCursor> cursor_;
  std::size_t number_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
};

class ArchiveSource final : public Source {
public:
  explicit ArchiveSource(std::shared_ptr<ArchiveFile> file) : file_(std::move(file)) {}

  /// Walks over all headers once. A .zip and a .7z have them in one place; a .tar.xz is unpacked for it, so whoever
  /// wants to look at its files does that now.
  Result<void> list(FirstLook* look, const std::stop_token& stop) {
    EntryList list(file_->size);
    auto cursor = std::make_shared<ArchiveCursor>(file_);
    TRY(cursor->start());
    for (;;) {
      if (stop.stop_requested()) {
        return stopped_reading();
      }
      TRY_ASSIGN(auto header, cursor->next());
      if (!header) {
        break;
      }
      TRY(add_entry(list, *header));
      if (header->kind != ArchiveHeader::Kind::file) {
        continue;
      }
      numbers_.push_back(cursor->number());
      raw_paths_.push_back(header->path);
      if (look != nullptr && file_->kind == ArchiveKind::tar) {
        ArchiveStream stream(cursor, header->size);
        TRY(look->see(list.entries().back(), stream, {cursor->packed_position(), file_->size}));
      }
    }
    if (cursor->number() == 0 && file_->kind == ArchiveKind::tar) {
      return fail(Code::package_bad)
          .what(fmt::format("what is packed in {} is no .tar, or an empty one", file_->label))
          .hint("unpack it, and name what was in it");
    }
    entries_ = list.entries();
    return {};
  }

  const std::vector<SourceEntry>& entries() const override { return entries_; }

  bool packed() const override { return true; }

  Result<std::unique_ptr<Stream>> open(std::size_t index) override {
    auto number = numbers_.at(index);
    if (!cursor_ || cursor_->number() >= number) {
      cursor_ = std::make_shared<ArchiveCursor>(file_);
      TRY(cursor_->start());
    }
    while (cursor_->number() < number) {
      TRY_ASSIGN(auto header, cursor_->next());
      if (!header || (cursor_->number() == number && header->path != raw_paths_[index])) {
        return fail(Code::package_bad)
            .what(fmt::format("{} changed while it was being read", file_->label))
            .hint("let whatever writes to the package end first, then try again");
      }
    }
    return std::make_unique<ArchiveStream>(cursor_, entries_[index].size);
  }

private:
  std::shared_ptr<ArchiveFile> file_;
  std::shared_ptr<ArchiveCursor> cursor_;
  std::vector<SourceEntry> entries_;
  std::vector<std::size_t> numbers_;  ///< of each entry among all headers, folders included
  std::vector<std::string> raw_paths_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_archive(Descriptor file, ArchiveKind kind, const std::string& label,
                                             FirstLook* look, const std::stop_token& stop) {
  if (kind == ArchiveKind::seven_zip) {
    TRY(check_seven_zip(file.get(), label));
  } else if (kind == ArchiveKind::zip) {
    TRY(check_zip_end(file.get(), label));
  }
  TRY_ASSIGN(auto archive, ArchiveFile::open(std::move(file), kind, label));
  auto source = std::make_unique<ArchiveSource>(std::move(archive));
  TRY(source->list(look, stop));
  return source;
}

}  // namespace modemedic::firmware
