#include "firmware/ubi_format.h"

#include "base/digest.h"

#include <algorithm>

namespace modemedic::firmware::ubi {

namespace {

constexpr std::uint32_t ec_magic = 0x55424923;   // "UBI#"
constexpr std::uint32_t vid_magic = 0x55424921;  // "UBI!"
constexpr std::uint8_t version = 1;
constexpr std::size_t crc_size = 4;

Buffer with_crc(ByteWriter& out) {
  auto bytes = out.take();
  ByteWriter crc(Endian::big);
  crc.u32(crc32_ubi(bytes));
  auto tail = crc.take();
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  return bytes;
}

bool crc_fits(ByteView bytes) {
  auto body = bytes.first(bytes.size() - crc_size);
  return crc32_ubi(body) == load<std::uint32_t>(bytes.data() + body.size(), Endian::big);
}

}  // namespace

Buffer encode(const EcHeader& header) {
  ByteWriter out(Endian::big);
  out.u32(ec_magic).u8(version).fill(3).u64(header.erase_count);
  out.u32(header.vid_offset).u32(header.data_offset).u32(header.image_seq).fill(32);
  return with_crc(out);
}

Buffer encode(const VidHeader& header) {
  ByteWriter out(Endian::big);
  out.u32(vid_magic).u8(version).u8(header.type).u8(0).u8(header.compat);
  out.u32(header.volume).u32(header.leb).fill(4);
  out.u32(header.data_size).u32(header.used_lebs).u32(header.data_pad).u32(header.data_crc);
  out.fill(4).u64(header.sequence).fill(12);
  return with_crc(out);
}

Buffer encode(const VolumeRecord& record) {
  ByteWriter out(Endian::big);
  bool empty = record.reserved_lebs == 0;
  out.u32(record.reserved_lebs).u32(empty ? 0 : record.alignment).u32(record.data_pad);
  out.u8(empty ? std::uint8_t{0} : record.type).u8(record.update_marker ? 1 : 0);
  out.u16(static_cast<std::uint16_t>(record.name.size())).text(record.name, longest_volume_name + 1);
  out.u8(record.flags).fill(23);
  return with_crc(out);
}

std::optional<EcHeader> decode_ec(ByteView bytes) {
  if (bytes.size() < header_size) {
    return std::nullopt;
  }
  ByteReader in(bytes.first(header_size), Endian::big);
  if (in.u32() != ec_magic || in.u8() != version || !crc_fits(bytes.first(header_size))) {
    return std::nullopt;
  }
  in.take(3);
  EcHeader header;
  header.erase_count = in.u64();
  header.vid_offset = in.u32();
  header.data_offset = in.u32();
  header.image_seq = in.u32();
  return header;
}

std::optional<VidHeader> decode_vid(ByteView bytes) {
  if (bytes.size() < header_size) {
    return std::nullopt;
  }
  ByteReader in(bytes.first(header_size), Endian::big);
  if (in.u32() != vid_magic || in.u8() != version || !crc_fits(bytes.first(header_size))) {
    return std::nullopt;
  }
  VidHeader header;
  header.type = in.u8();
  in.u8();  // copy flag: whether the data were moved here by wear-levelling
  header.compat = in.u8();
  header.volume = in.u32();
  header.leb = in.u32();
  in.take(4);
  header.data_size = in.u32();
  header.used_lebs = in.u32();
  header.data_pad = in.u32();
  header.data_crc = in.u32();
  in.take(4);
  header.sequence = in.u64();
  return header;
}

std::optional<VolumeRecord> decode_record(ByteView bytes) {
  if (bytes.size() < record_size || !crc_fits(bytes.first(record_size))) {
    return std::nullopt;
  }
  ByteReader in(bytes.first(record_size), Endian::big);
  VolumeRecord record;
  record.reserved_lebs = in.u32();
  record.alignment = in.u32();
  record.data_pad = in.u32();
  record.type = in.u8();
  record.update_marker = in.u8() != 0;
  std::size_t name_size = in.u16();
  record.name = in.text(longest_volume_name + 1);
  record.flags = in.u8();
  if (record.name.size() != name_size) {
    return std::nullopt;
  }
  return record;
}

std::size_t record_count(std::uint64_t leb_size) {
  return std::min<std::uint64_t>(most_volumes, leb_size / record_size);
}

}  // namespace modemedic::firmware::ubi
