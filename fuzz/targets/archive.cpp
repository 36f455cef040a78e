// The structure of .zip, .7z and .tar, told apart by their first bytes: libarchive's readers and what we make of them.

#include "firmware/entry_list.h"
#include "firmware/safe_path.h"
#include "firmware/source.h"
#include "fuzz_target.h"

using namespace modemedic;
using namespace modemedic::firmware;

namespace {

constexpr std::uint64_t most_read = 1_MiB;

/// Reads the file while it is listed, as a package of a .tar.gz is.
class Looker final : public FirstLook {
public:
  Result<void> see(const SourceEntry& entry, Stream& stream, Position position) override {
    fuzz::must(position.done <= position.size, "a walk stays within the archive");
    std::uint64_t got = 0;
    while (read_ < most_read) {
      TRY_ASSIGN(auto chunk, stream.read());
      if (chunk.empty()) {
        fuzz::must(got == entry.size, "a file has the bytes that it says");
        break;
      }
      got += chunk.size();
      read_ += chunk.size();
      fuzz::must(got <= entry.size, "a file has no more bytes than it says");
    }
    return {};
  }

private:
  std::uint64_t read_ = 0;
};

}  // namespace

MODEMEDIC_FUZZ(archive) {
  Looker looker;
  auto source = open_source(fuzz::file_with(bytes), &looker);
  if (!source) {
    fuzz::must(!source.error().what.empty(), "an error says what happened");
    return;
  }
  std::uint64_t read = 0;
  const auto& entries = (*source)->entries();
  fuzz::must(entries.size() <= most_entries, "no more entries than any package has");
  for (std::size_t i = 0; i < entries.size() && read < most_read; ++i) {
    auto again = safe_path(entries[i].path);
    fuzz::must(again && *again == entries[i].path, "an entry's path is safe");
    auto stream = (*source)->open(i);
    std::uint64_t got = 0;
    while (stream && read < most_read) {
      auto chunk = (*stream)->read();
      if (!chunk) {
        break;
      }
      if (chunk->empty()) {
        fuzz::must(got == entries[i].size, "a file has the bytes that it says");
        break;
      }
      got += chunk->size();
      read += chunk->size();
      fuzz::must(got <= entries[i].size, "a file has no more bytes than it says");
    }
  }
}
