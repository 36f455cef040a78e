#include "firmware/ubi.h"

#include "base/digest.h"
#include "firmware/blank.h"
#include "firmware/ubi_format.h"

#include <algorithm>
#include <span>
#include <tuple>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::size_t volume_head_size = 512;

Failure bad(std::string what) {
  return fail(Code::package_bad).what("UBI: " + std::move(what));
}

}  // namespace

const UbiVolume* UbiSummary::volume(std::string_view name) const {
  auto found = std::ranges::find(volumes, name, &UbiVolume::name);
  return found == volumes.end() ? nullptr : &*found;
}

UbiScan::UbiScan(std::uint64_t peb_size, Depth depth) : peb_size_(peb_size), depth_(depth) {}

void UbiScan::block(std::optional<ByteView> content) {
  if (failure_) {
    return;
  }
  if (!content) {
    ++summary_.unreadable;
  } else if (auto done = read(*content); !done) {
    failure_ = std::move(done.error());
  }
  ++summary_.blocks;
}

void UbiScan::erased_block() {
  ++summary_.erased;
  ++summary_.blocks;
}

Result<void> UbiScan::read(ByteView content) {
  auto at = summary_.blocks;
  bool enough = content.size() == peb_size_ || (depth_ == Depth::headers && content.size() >= head_size);
  if (!enough || content.size() > peb_size_) {
    return bad(fmt::format("block {} has {} bytes, a block of this chip has {}", at, content.size(), peb_size_));
  }
  auto header = ubi::decode_ec(content);
  if (!header) {
    if (!blank(content)) {
      return bad(fmt::format("block {} is not blank and has no good erase-counter header (\"UBI#\"){}", at,
                             at == 0 ? "" : "; is the image for larger blocks?"));
    }
    ++summary_.erased;
    return {};
  }
  if (vid_offset_ == 0) {
    TRY(check_first(content));
    vid_offset_ = header->vid_offset;
    data_offset_ = header->data_offset;
    summary_.image_seq = header->image_seq;
    summary_.page_size = data_offset_ - vid_offset_;
    summary_.leb_size = peb_size_ - data_offset_;
  }
  if (header->vid_offset != vid_offset_ || header->data_offset != data_offset_) {
    return bad(fmt::format("block {} has its headers elsewhere than the blocks before", at));
  }
  if (header->image_seq != summary_.image_seq) {
    return bad(fmt::format("block {} belongs to another image (sequence {:08x}, not {:08x})", at, header->image_seq,
                           summary_.image_seq));
  }
  return read_leb(content);
}

/// What the first block tells of the image's shape.
Result<void> UbiScan::check_first(ByteView content) {
  // Blocks half as large or less would show a header of their own inside this one.
  for (std::uint64_t inside = 16_KiB; inside < content.size(); inside *= 2) {
    if (ubi::decode_ec(content.subspan(inside))) {
      return bad(fmt::format("its blocks have {} KiB, the chip's {} KiB", inside / 1_KiB, peb_size_ / 1_KiB));
    }
  }
  auto header = *ubi::decode_ec(content);
  auto room = std::min<std::uint64_t>(content.size(), peb_size_);
  bool fits = header.vid_offset >= ubi::header_size && header.vid_offset <= room - ubi::header_size &&
              header.data_offset >= header.vid_offset + ubi::header_size && header.data_offset < room;
  if (!fits) {
    return bad(fmt::format("its headers say that data start at byte {} of a block", header.data_offset));
  }
  return {};
}

Result<void> UbiScan::read_leb(ByteView content) {
  auto at = summary_.blocks;
  auto place = content.subspan(vid_offset_, ubi::header_size);
  auto header = ubi::decode_vid(place);
  if (!header) {
    if (!blank(place)) {
      return bad(fmt::format("block {} has a broken volume header", at));
    }
    if (!blank(content.subspan(data_offset_))) {
      return bad(fmt::format("block {} holds data but says not whose", at));
    }
    ++summary_.erased;
    return {};
  }
  auto data = content.subspan(data_offset_);
  if (header->volume >= ubi::first_internal_volume) {
    if (header->volume == ubi::layout_volume && table_.empty()) {
      return read_table(data);
    }
    return {};
  }

  bool is_static = header->type == ubi::static_volume;
  if (is_static && (header->data_size > summary_.leb_size || header->leb >= header->used_lebs)) {
    return bad(fmt::format("block {} says LEB {} of {} with {} bytes: is the image for larger blocks?", at, header->leb,
                           header->used_lebs, header->data_size));
  }
  if (is_static && depth_ == Depth::data && crc32_ubi(data.first(header->data_size)) != header->data_crc) {
    return bad(
        fmt::format("block {}: the data of volume {}, LEB {} do not match their CRC", at, header->volume, header->leb));
  }
  if (header->leb == 0 && heads_.size() < ubi::most_volumes) {
    auto size = std::min<std::uint64_t>(volume_head_size, is_static ? header->data_size : data.size());
    auto head = data.first(std::min<std::size_t>(size, data.size()));
    heads_.emplace_back(header->volume, Buffer(head.begin(), head.end()));
  }
  lebs_.push_back({header->volume, header->leb, header->sequence, at, header->used_lebs, header->data_size, is_static});
  return {};
}

/// Takes the table from a layout LEB when all its records are good; else the other copy must be.
Result<void> UbiScan::read_table(ByteView data) {
  auto count = ubi::record_count(summary_.leb_size);
  if (data.size() < count * ubi::record_size) {
    return {};
  }
  std::vector<UbiVolume> table;
  for (std::uint32_t id = 0; id < count; ++id) {
    auto record = ubi::decode_record(data.subspan(id * ubi::record_size));
    if (!record) {
      return {};
    }
    if (record->reserved_lebs != 0) {
      if (record->update_marker) {
        return bad(fmt::format("an update of {} was begun and never ended", printable(record->name)));
      }
      UbiVolume volume;
      volume.id = id;
      volume.name = std::move(record->name);
      volume.is_static = record->type == ubi::static_volume;
      volume.reserved_lebs = record->reserved_lebs;
      table.push_back(std::move(volume));
    }
  }
  table_ = std::move(table);
  return {};
}

/// A LEB that is there twice: the younger one counts, as after a power cut in wear-levelling.
Result<void> UbiScan::resolve_duplicates() {
  std::ranges::sort(lebs_, [](const Leb& a, const Leb& b) {
    return std::tuple(a.volume, a.number, b.sequence) < std::tuple(b.volume, b.number, a.sequence);
  });
  auto same = [](const Leb& a, const Leb& b) { return a.volume == b.volume && a.number == b.number; };
  auto twins = std::ranges::adjacent_find(
      lebs_, [&](const Leb& a, const Leb& b) { return same(a, b) && a.sequence == b.sequence; });
  if (twins != lebs_.end()) {
    return bad(fmt::format("blocks {} and {} both hold LEB {} of volume {}", twins->block, std::next(twins)->block,
                           twins->number, twins->volume));
  }
  lebs_.erase(std::unique(lebs_.begin(), lebs_.end(), same), lebs_.end());
  return {};
}

/// Counts the LEBs of one volume and looks for missing ones.
Result<void> UbiScan::count(UbiVolume& volume) const {
  std::span lebs(std::ranges::lower_bound(lebs_, volume.id, {}, &Leb::volume),
                 std::ranges::upper_bound(lebs_, volume.id, {}, &Leb::volume));
  auto shown = printable(volume.name);
  for (const auto& leb : lebs) {
    if (leb.is_static != volume.is_static || leb.number >= volume.reserved_lebs) {
      return bad(fmt::format("block {} does not agree with the volume table about {}", leb.block, shown));
    }
    if (volume.is_static && leb.number != volume.lebs) {
      return bad(fmt::format("LEB {} of {} is missing", volume.lebs, shown));
    }
    if (volume.is_static && leb.used_lebs != lebs.front().used_lebs) {
      return bad(fmt::format("the LEBs of {} disagree about their number", shown));
    }
    ++volume.lebs;
    volume.bytes += leb.data_size;
  }
  if (volume.is_static && (lebs.empty() || volume.lebs != lebs.front().used_lebs)) {
    return bad(fmt::format("LEB {} of {} is missing", volume.lebs, shown));
  }
  return {};
}

Result<UbiSummary> UbiScan::finish() {
  if (failure_) {
    return fail(*failure_);
  }
  if (vid_offset_ == 0) {
    return bad("there is no UBI header at all");
  }
  if (table_.empty()) {
    return bad("its volume table is missing or broken");
  }
  TRY(resolve_duplicates());
  bool all_static = true;
  for (auto& volume : table_) {
    TRY(count(volume));
    all_static = all_static && volume.is_static;
    auto head = std::ranges::find(heads_, volume.id, &std::pair<std::uint32_t, Buffer>::first);
    volume.head = head == heads_.end() ? Buffer{} : std::move(head->second);
    summary_.lebs += volume.lebs;
  }
  if (summary_.lebs != lebs_.size()) {
    return bad("there are LEBs of a volume that its table does not name");
  }
  if (summary_.unreadable != 0 && !all_static) {
    return bad(fmt::format("{} blocks can't be read, and may belong to a dynamic volume", summary_.unreadable));
  }
  summary_.volumes = std::move(table_);
  return std::move(summary_);
}

}  // namespace modemedic::firmware
