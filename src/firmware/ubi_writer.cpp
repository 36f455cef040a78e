#include "firmware/ubi_writer.h"

#include "base/digest.h"
#include "firmware/ubi_format.h"

#include <algorithm>

namespace modemedic::firmware {

namespace {

// What becomes of internal volumes that are not understood: refuse the device (ubi-media.h).
constexpr std::uint8_t compat_reject = 5;

std::uint64_t lebs_for(std::uint64_t size, std::uint64_t leb_size) {
  return size / leb_size + (size % leb_size != 0 ? 1 : 0);
}

/// One PEB that is filled again and again; its EC header and all padding stay.
class Peb {
public:
  explicit Peb(const UbiShape& shape) : shape_(shape), bytes_(shape.peb_size, std::byte{0xFF}) {
    put(0, encode(ubi::EcHeader{
               .vid_offset = shape.page_size, .data_offset = shape.data_offset(), .image_seq = shape.image_seq}));
  }

  std::span<std::byte> data(std::uint64_t size) { return std::span(bytes_).subspan(shape_.data_offset(), size); }

  ByteView finish(const ubi::VidHeader& header, std::uint64_t data_size) {
    put(shape_.page_size, encode(header));
    auto rest = std::span(bytes_).subspan(shape_.data_offset() + data_size);
    std::ranges::fill(rest, std::byte{0xFF});
    return bytes_;
  }

private:
  void put(std::size_t at, const Buffer& header) {
    std::ranges::copy(header, bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  const UbiShape& shape_;
  Buffer bytes_;
};

Buffer volume_table(const UbiShape& shape, std::span<const UbiVolumeContent> volumes) {
  auto count = ubi::record_count(shape.leb_size());
  std::vector<ubi::VolumeRecord> records(count);
  for (const auto& volume : volumes) {
    auto needed = static_cast<std::uint32_t>(lebs_for(volume.size, shape.leb_size()));
    auto& record = records.at(volume.id);
    record.reserved_lebs = std::max({volume.reserved_lebs, needed, 1U});
    record.type = volume.is_static ? ubi::static_volume : ubi::dynamic_volume;
    record.name = volume.name;
    record.flags = volume.autoresize ? ubi::autoresize_flag : std::uint8_t{0};
  }
  ByteWriter table(Endian::big);
  for (const auto& record : records) {
    table.bytes(encode(record));
  }
  return table.take();
}

bool write_volume(const UbiShape& shape, const UbiVolumeContent& volume, Peb& peb,
                  const std::function<bool(ByteView)>& sink) {
  auto lebs = lebs_for(volume.size, shape.leb_size());
  for (std::uint64_t leb = 0; leb < lebs; ++leb) {
    auto offset = leb * shape.leb_size();
    auto size = std::min(shape.leb_size(), volume.size - offset);
    auto data = peb.data(size);
    volume.read(offset, data);
    ubi::VidHeader header;
    header.volume = volume.id;
    header.leb = static_cast<std::uint32_t>(leb);
    if (volume.is_static) {
      header.type = ubi::static_volume;
      header.data_size = static_cast<std::uint32_t>(size);
      header.used_lebs = static_cast<std::uint32_t>(lebs);
      header.data_crc = crc32_ubi(data);
    }
    if (!sink(peb.finish(header, size))) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::uint64_t ubi_image_pebs(const UbiShape& shape, std::span<const UbiVolumeContent> volumes) {
  std::uint64_t pebs = ubi::layout_lebs;
  for (const auto& volume : volumes) {
    pebs += lebs_for(volume.size, shape.leb_size());
  }
  return pebs;
}

void write_ubi(const UbiShape& shape, std::span<const UbiVolumeContent> volumes,
               const std::function<bool(ByteView peb)>& sink) {
  Peb peb(shape);
  auto table = volume_table(shape, volumes);
  for (std::uint32_t leb = 0; leb < ubi::layout_lebs; ++leb) {
    std::ranges::copy(table, peb.data(table.size()).begin());
    ubi::VidHeader header{.compat = compat_reject, .volume = ubi::layout_volume, .leb = leb};
    if (!sink(peb.finish(header, table.size()))) {
      return;
    }
  }
  for (const auto& volume : volumes) {
    if (!write_volume(shape, volume, peb, sink)) {
      return;
    }
  }
}

}  // namespace modemedic::firmware
