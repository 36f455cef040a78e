#include "virtual/nand_store.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace modemedic::twin {

namespace {

constexpr std::string_view magic = "mmedNAND";
constexpr std::uint32_t format_version = 1;
constexpr std::uint64_t host_page = 4096;
constexpr std::uint64_t header_size = host_page;
constexpr std::uint8_t largest_state = 2;

constexpr std::uint64_t round_up(std::uint64_t bytes) {
  return (bytes + host_page - 1) / host_page * host_page;
}

Buffer make_header(const Geometry& geometry) {
  ByteWriter writer(Endian::little);
  writer.text(magic, magic.size()).u32(format_version);
  writer.u32(geometry.page_size).u32(geometry.pages_per_block).u64(geometry.blocks);
  return writer.take();
}

Result<void> check_header(ByteView header, const Geometry& geometry, const std::string& file) {
  ByteReader reader(header, Endian::little);
  if (as_text(reader.take(magic.size())) != magic || reader.u32() != format_version) {
    return fail(Code::usage)
        .what(fmt::format("{} is no NAND file of this program", file))
        .hint("choose an empty folder for the modem's state");
  }
  Geometry found{reader.u32(), reader.u32(), reader.u64()};
  if (found != geometry) {
    return fail(Code::usage)
        .what(fmt::format("{} holds a chip of {} blocks of {} pages of {} bytes; this modem has {} of {} of {}", file,
                          found.blocks, found.pages_per_block, found.page_size, geometry.blocks,
                          geometry.pages_per_block, geometry.page_size))
        .hint("choose the persona that this state was made with, or another folder");
  }
  return {};
}

}  // namespace

struct NandStore::Layout {
  std::uint64_t pages;
  std::uint64_t data;  ///< offset of page 0
  std::uint64_t size;  ///< of all

  explicit Layout(const Geometry& geometry)
      : pages(geometry.chip_sectors().n),
        data(round_up(header_size + pages + geometry.blocks)),
        size(data + geometry.chip_size()) {}
};

NandStore::NandStore(const Geometry& geometry, const Layout& layout, void* mapping, Descriptor descriptor)
    : geometry_(geometry),
      mapping_(mapping),
      mapping_size_(layout.size),
      data_offset_(layout.data),
      descriptor_(std::move(descriptor)) {
  auto* start = static_cast<std::uint8_t*>(mapping);
  states_ = {start + header_size, layout.pages};
  bad_flags_ = {start + header_size + layout.pages, geometry.blocks};
  data_ = static_cast<std::byte*>(mapping) + layout.data;
}

NandStore::~NandStore() {
  munmap(mapping_, mapping_size_);
}

std::unique_ptr<NandStore> NandStore::in_memory(const Geometry& geometry) {
  Layout layout(geometry);
  void* mapping =
      mmap(nullptr, layout.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    throw std::bad_alloc();
  }
  return std::unique_ptr<NandStore>(new NandStore(geometry, layout, mapping, Descriptor()));
}

Result<std::unique_ptr<NandStore>> NandStore::in_file(const std::string& file, const Geometry& geometry) {
  Layout layout(geometry);
  Descriptor opened(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (opened.get() < 0) {
    return fail_errno(errno, "open " + file);
  }
  if (flock(opened.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::busy)
        .what(file + " is in use by another virtual modem")
        .hint("stop the other one, or choose another folder for the state");
  }

  struct stat about {};

  if (fstat(opened.get(), &about) != 0) {
    return fail_errno(errno, "look at " + file);
  }
  if (!S_ISREG(about.st_mode)) {
    return fail(Code::usage).what(file + " is no file");
  }

  auto fresh = about.st_size == 0;
  if (!fresh) {
    std::array<std::byte, 64> header{};
    auto count = pread(opened.get(), header.data(), header.size(), 0);
    TRY(check_header(ByteView(header).first(static_cast<std::size_t>(std::max<ssize_t>(count, 0))), geometry, file));
    if (static_cast<std::uint64_t>(about.st_size) != layout.size) {
      return fail(Code::io)
          .what(fmt::format("{} was cut: it has {} bytes of {}", file, about.st_size, layout.size))
          .hint("delete it; the modem then starts anew");
    }
  } else {
    // The states are written through the mapping: their disk space is taken now, so that a full disk is an error
    // here and no SIGBUS later.
    auto error = posix_fallocate(opened.get(), 0, static_cast<off_t>(layout.data));
    if (error != 0 || ftruncate(opened.get(), static_cast<off_t>(layout.size)) != 0) {
      return fail_errno(error != 0 ? error : errno, "make " + file);
    }
    auto header = make_header(geometry);
    if (pwrite(opened.get(), header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) {
      return fail_errno(errno, "write " + file);
    }
  }

  void* mapping = mmap(nullptr, layout.size, PROT_READ | PROT_WRITE, MAP_SHARED, opened.get(), 0);
  if (mapping == MAP_FAILED) {
    return fail_errno(errno, "map " + file);
  }
  std::unique_ptr<NandStore> store(new NandStore(geometry, layout, mapping, std::move(opened)));
  if (std::any_of(store->states_.begin(), store->states_.end(), [](auto state) { return state > largest_state; })) {
    return fail(Code::io).what(file + " is damaged: it has a page of no known state").hint("delete it");
  }
  return store;
}

bool NandStore::write_file(std::uint64_t offset, ByteView bytes) const {
  // pwrite, not the mapping: a full disk then fails this page instead of killing the process with SIGBUS.
  return pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(data_offset_ + offset)) ==
         static_cast<ssize_t>(bytes.size());
}

void NandStore::forget(std::uint64_t block) {
  // A file keeps what was once programmed: nothing of POSIX gives a part of it back.
  if (!descriptor_.is_open() && geometry_.block_size() % host_page == 0) {
    // MADV_FREE takes the memory only when someone needs it: what is programmed again at once costs no page fault.
    madvise(data_ + block * geometry_.block_size(), geometry_.block_size(), MADV_FREE);
  }
}

}  // namespace modemedic::twin
