#include "firmware/seven_zip_index.h"

#include "firmware/entry_list.h"

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace modemedic::firmware {

namespace {

constexpr std::uint64_t largest_index = 8_MiB;
constexpr std::uint64_t largest_dictionary = 256_MiB;
constexpr std::uint64_t most_coders = 4;  ///< in a chain: BCJ2 with its three LZMAs

/// Kinds of property, as 7zFormat.txt numbers them.
enum Property : std::uint8_t {
  property_end = 0x00,
  property_header = 0x01,
  property_archive = 0x02,
  property_main_streams = 0x04,
  property_files = 0x05,
  property_pack = 0x06,
  property_coders = 0x07,
  property_substreams = 0x08,
  property_size = 0x09,
  property_crc = 0x0A,
  property_folder = 0x0B,
  property_coder_sizes = 0x0C,
  property_substream_counts = 0x0D,
  property_encoded_header = 0x17,
};

/// What an index says of the streams of one archive; as much of it as decides about memory.
struct Streams {
  std::uint64_t pack_start = 0;
  std::vector<std::uint64_t> pack_sizes;
  std::uint64_t coder_outputs = 0;  ///< of all folders
  std::vector<std::uint64_t> unpack_sizes;
  bool is_encrypted = false;
  bool is_lzma = false;    ///< the last coder read
  Buffer lzma_properties;  ///< of that coder
};

class IndexReader {
public:
  explicit IndexReader(ByteView bytes) : in_(bytes, Endian::little) {}

  std::uint8_t kind() { return in_.u8(); }

  bool failed() const { return in_.failed(); }

  /// The whole index as far as the number of files; the names after it are as long as the index, which is bounded.
  bool read_header() {
    auto next = kind();
    if (next == property_archive) {
      for (next = kind(); next != property_end && !failed(); next = kind()) {
        in_.take(size());
      }
      next = kind();
    }
    if (next == property_main_streams) {
      Streams streams;
      if (!read_streams(streams)) {
        return false;
      }
      next = kind();
    }
    if (next == property_files) {
      return number() <= most_entries && !failed();
    }
    return next == property_end && !failed();
  }

  bool read_streams(Streams& streams) {
    auto next = kind();
    if (next == property_pack) {
      if (!read_pack(streams)) {
        return false;
      }
      next = kind();
    }
    if (next == property_coders) {
      if (!read_coders(streams)) {
        return false;
      }
      next = kind();
    }
    if (next == property_substreams) {
      if (!read_substreams()) {
        return false;
      }
      next = kind();
    }
    return next == property_end && !failed();
  }

private:
  /// Variable length: the first byte's leading ones tell how many bytes follow.
  std::uint64_t number() {
    auto first = in_.u8();
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (unsigned mask = 0x80; mask != 0 && (first & mask) != 0; mask >>= 1U, shift += 8) {
      value |= std::uint64_t{in_.u8()} << shift;
      first = static_cast<std::uint8_t>(first & ~mask);
    }
    return shift < 64 ? value | std::uint64_t{first} << shift : value;
  }

  std::size_t size() { return static_cast<std::size_t>(number()); }

  bool read_pack(Streams& streams) {
    streams.pack_start = number();
    auto count = number();
    if (count > most_entries * most_coders) {
      return false;
    }
    for (auto next = kind(); next != property_end; next = kind()) {
      if (failed() || (next != property_size && next != property_crc)) {
        return false;
      }
      if (next == property_crc) {
        read_digests(count);
        continue;
      }
      for (std::uint64_t i = 0; i < count && !failed(); ++i) {
        streams.pack_sizes.push_back(number());
      }
    }
    return !failed();
  }

  bool read_coders(Streams& streams) {
    if (kind() != property_folder) {
      return false;
    }
    auto count = number();
    if (count > most_entries || in_.u8() != 0) {  // not 0: somewhere else in the file
      return false;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!read_folder(streams)) {
        return false;
      }
    }
    folder_has_crc_.assign(static_cast<std::size_t>(count), false);
    if (kind() != property_coder_sizes) {
      return false;
    }
    for (std::uint64_t i = 0; i < streams.coder_outputs && !failed(); ++i) {
      streams.unpack_sizes.push_back(number());
    }
    auto next = kind();
    if (next == property_crc) {
      folder_has_crc_ = read_digests(count);
      next = kind();
    }
    return next == property_end && !failed();
  }

  bool read_folder(Streams& streams) {
    auto coders = number();
    if (coders == 0 || coders > most_coders) {
      return false;
    }
    std::uint64_t inputs = 0;
    std::uint64_t outputs = 0;
    for (std::uint64_t i = 0; i < coders; ++i) {
      auto flags = in_.u8();
      auto id = in_.take(flags & 0x0FU);
      bool has_counts = (flags & 0x10U) != 0;
      auto coder_inputs = has_counts ? number() : 1;
      auto coder_outputs = has_counts ? number() : 1;
      if (coder_inputs > most_coders || coder_outputs > most_coders || (flags & 0xC0U) != 0) {
        return false;
      }
      inputs += coder_inputs;
      outputs += coder_outputs;
      auto properties = (flags & 0x20U) != 0 ? in_.take(size()) : ByteView{};
      if (failed() || dictionary(id, properties) > largest_dictionary) {
        return false;
      }
      streams.is_encrypted = streams.is_encrypted || is(id, {0x06, 0xF1, 0x07, 0x01});
      streams.is_lzma = is(id, {0x03, 0x01, 0x01});
      streams.lzma_properties.assign(properties.begin(), properties.end());
    }
    if (outputs == 0 || inputs + 1 < outputs) {
      return false;
    }
    auto bonds = outputs - 1;
    for (std::uint64_t i = 0; i < 2 * bonds; ++i) {
      number();
    }
    auto packed = inputs - bonds;
    for (std::uint64_t i = 0; packed > 1 && i < packed; ++i) {
      number();
    }
    streams.coder_outputs += outputs;
    return !failed();
  }

  /// How many files each folder holds, their sizes but for the last one's, and the digests not known yet.
  bool read_substreams() {
    std::vector<std::uint64_t> counts(folder_has_crc_.size(), 1);
    auto next = kind();
    if (next == property_substream_counts) {
      for (auto& count : counts) {
        count = std::min<std::uint64_t>(number(), most_entries + 1);
      }
      next = kind();
    }
    if (std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) > most_entries) {
      return false;
    }
    if (next == property_size) {
      for (auto count : counts) {
        for (std::uint64_t i = 1; i < count && !failed(); ++i) {
          number();
        }
      }
      next = kind();
    }
    if (next == property_crc) {
      std::uint64_t unknown = 0;
      for (std::size_t i = 0; i < counts.size(); ++i) {
        unknown += counts[i] == 1 && folder_has_crc_[i] ? 0 : counts[i];
      }
      read_digests(unknown);
      next = kind();
    }
    return next == property_end && !failed();
  }

  /// Skips `count` CRCs; which of them are there.
  std::vector<bool> read_digests(std::uint64_t count) {
    std::vector<bool> defined(static_cast<std::size_t>(count), true);
    if (in_.u8() == 0) {  // not all of them: a bit for each, the highest first
      auto bits = in_.take(defined.size() / 8 + (defined.size() % 8 != 0 ? 1 : 0));
      for (std::size_t i = 0; i < defined.size() && !failed(); ++i) {
        defined[i] = (std::to_integer<unsigned>(bits[i / 8]) >> (7 - i % 8) & 1U) != 0;
      }
    }
    in_.take(4 * static_cast<std::size_t>(std::count(defined.begin(), defined.end(), true)));
    return defined;
  }

  static bool is(ByteView id, std::initializer_list<std::uint8_t> bytes) {
    return std::equal(id.begin(), id.end(), bytes.begin(), bytes.end(),
                      [](std::byte a, std::uint8_t b) { return std::to_integer<std::uint8_t>(a) == b; });
  }

  /// Bytes of memory that a coder's properties ask for.
  static std::uint64_t dictionary(ByteView id, ByteView properties) {
    bool has_size_at_1 = is(id, {0x03, 0x01, 0x01}) || is(id, {0x03, 0x04, 0x01});  // LZMA, PPMd
    if (has_size_at_1 && properties.size() == 5) {
      return load<std::uint32_t>(properties.data() + 1, Endian::little);
    }
    if (is(id, {0x21}) && properties.size() == 1) {  // LZMA2: 4 KiB, 6 KiB, 8 KiB, …
      auto step = std::to_integer<unsigned>(properties[0]);
      return step > 40 ? ~std::uint64_t{0} : std::uint64_t{2U | (step & 1U)} << (step / 2 + 11);
    }
    return 0;
  }

  ByteReader in_;
  std::vector<bool> folder_has_crc_;
};

Failure damaged(const std::string& label) {
  return fail(Code::package_bad)
      .what(fmt::format("{} is cut or damaged: its index makes no sense, or asks for more than {} files or {} MiB of "
                        "memory",
                        label, most_entries, largest_dictionary >> 20U))
      .hint("download the package again; if it stays so, unpack it and name the folder");
}

/// `count` bytes from `at`, all of them or a failure.
Result<Buffer> read_at(int file, std::uint64_t at, std::uint64_t count, const std::string& label) {
  Buffer bytes(static_cast<std::size_t>(count));
  std::size_t got = 0;
  while (got < bytes.size()) {
    auto more = ::pread(file, bytes.data() + got, bytes.size() - got, static_cast<off_t>(at + got));
    if (more < 0 && errno != EINTR) {
      return fail_errno(errno, "read " + label);
    }
    if (more == 0) {
      return damaged(label);
    }
    got += more > 0 ? static_cast<std::size_t>(more) : 0;
  }
  return bytes;
}

/// Unpacks raw LZMA by giving it to libarchive as the .lzma file that it would be with its head.
Result<Buffer> unpack_lzma(ByteView properties, ByteView packed, std::uint64_t size, const std::string& label) {
  ByteWriter whole(Endian::little);
  whole.bytes(properties).u64(size).bytes(packed);
  auto lzma = whole.take();
  std::unique_ptr<archive, decltype(&archive_read_free)> reader(::archive_read_new(), &archive_read_free);
  ::archive_read_support_format_raw(reader.get());
  ::archive_read_append_filter(reader.get(), ARCHIVE_FILTER_LZMA);
  archive_entry* entry = nullptr;
  if (::archive_read_open_memory(reader.get(), lzma.data(), lzma.size()) != ARCHIVE_OK ||
      ::archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return damaged(label);
  }
  Buffer bytes(static_cast<std::size_t>(size));
  if (::archive_read_data(reader.get(), bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size())) {
    return damaged(label);
  }
  return bytes;
}

/// The index itself, when what stands in its place tells how to unpack it.
Result<Buffer> unpack_index(int file, std::uint64_t file_size, const Streams& streams, const std::string& label) {
  constexpr std::uint64_t start = 32;  // pack positions count from the end of the signature header
  if (streams.is_encrypted) {
    return fail(Code::package_bad)
        .what(fmt::format("{} is encrypted", label))
        .hint("unpack it with its password, and name the folder");
  }
  bool usual = streams.is_lzma && streams.lzma_properties.size() == 5 && streams.pack_sizes.size() == 1 &&
               streams.unpack_sizes.size() == 1;
  if (!usual || streams.unpack_sizes[0] > largest_index || streams.pack_sizes[0] > largest_index ||
      streams.pack_start > file_size || streams.pack_sizes[0] > file_size - streams.pack_start) {
    return damaged(label);
  }
  TRY_ASSIGN(auto packed, read_at(file, start + streams.pack_start, streams.pack_sizes[0], label));
  return unpack_lzma(streams.lzma_properties, packed, streams.unpack_sizes[0], label);
}

}  // namespace

Result<void> check_seven_zip(int file, const std::string& label) {
  struct stat info {};

  if (::fstat(file, &info) != 0) {
    return fail_errno(errno, "look at " + label);
  }
  auto file_size = static_cast<std::uint64_t>(info.st_size);
  TRY_ASSIGN(auto head, read_at(file, 0, 32, label));
  auto index_at = load<std::uint64_t>(head.data() + 12, Endian::little);
  auto index_size = load<std::uint64_t>(head.data() + 20, Endian::little);
  if (index_size == 0 && file_size == head.size()) {
    return {};  // an empty archive
  }
  if (index_size == 0) {
    return fail(Code::package_bad)
        .what(fmt::format("{} was never finished: it has no index", label))
        .hint("download the package again; a program that was stopped while it packed leaves such a file");
  }
  if (index_at >= file_size - head.size() || index_size > file_size - head.size() - index_at) {
    return fail(Code::package_bad)
        .what(fmt::format("{} is cut short: its index, which stands at its end, is missing after byte {}", label,
                          file_size))
        .hint("download the package again; a transfer that was cut leaves such a file");
  }
  if (index_size > largest_index) {
    return damaged(label);
  }
  TRY_ASSIGN(auto index, read_at(file, 32 + index_at, index_size, label));
  IndexReader reader(index);
  auto kind = reader.kind();
  if (kind == property_encoded_header) {
    Streams streams;
    if (!reader.read_streams(streams)) {
      return damaged(label);
    }
    TRY_ASSIGN(index, unpack_index(file, file_size, streams, label));
    reader = IndexReader(index);
    kind = reader.kind();
  }
  return kind == property_header && reader.read_header() ? Result<void>{} : damaged(label);
}

}  // namespace modemedic::firmware
