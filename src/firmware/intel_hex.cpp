#include "firmware/intel_hex.h"

#include "firmware/bad_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

/// A colon, 4 bytes before the data, 255 of data, the checksum.
constexpr std::size_t longest_line = 1 + 2 * (4 + 255 + 1);

constexpr std::uint64_t address_space = std::uint64_t{1} << 32U;

enum class Kind : std::uint8_t { data = 0, end = 1, upper_address = 4, start_address = 5 };

}  // namespace

Failure IntelHexReader::bad(std::string what) const {
  return bad_file(file_, fmt::format("line {}: {}", number_, what));
}

Result<void> IntelHexReader::feed(ByteView text) {
  for (auto c : as_text(text)) {
    if (failure_) {
      break;
    }
    Result<void> taken;
    if (c == '\n') {
      taken = take_line();
      line_.clear();
      ++number_;
    } else if (line_.size() > longest_line) {
      taken = bad("it is too long for Intel HEX");
    } else {
      line_.push_back(c);
    }
    if (!taken) {
      failure_ = std::move(taken.error());
    }
  }
  if (failure_) {
    return fail(*failure_);
  }
  return {};
}

Result<HexProgram> IntelHexReader::finish() {
  if (!failure_ && !line_.empty()) {
    if (auto taken = take_line(); !taken) {
      failure_ = std::move(taken.error());
    }
  }
  if (failure_) {
    return fail(*failure_);
  }
  if (!ended_) {
    return bad_file(file_, "its end is missing: the file is cut");
  }
  if (program_.bytes.empty()) {
    return bad_file(file_, "there is no data in it");
  }
  program_.start = start_.value_or(program_.address);
  if (program_.start < program_.address || program_.start - program_.address >= program_.bytes.size()) {
    return bad_file(file_, fmt::format("it starts at {:#x}, which is not in it", program_.start));
  }
  return std::move(program_);
}

Result<void> IntelHexReader::take_line() {
  while (!line_.empty() && (line_.back() == '\r' || line_.back() == ' ')) {
    line_.pop_back();
  }
  if (line_.empty()) {
    return {};
  }
  if (line_.front() != ':' || line_.find_first_not_of("0123456789abcdefABCDEF", 1) != std::string::npos) {
    return bad("it is no Intel HEX");
  }
  auto record = from_hex(std::string_view(line_).substr(1));
  if (!record || record->size() < 5 || record->size() != 5 + std::to_integer<std::size_t>(record->front())) {
    return bad("its length is wrong: the file is damaged");
  }
  auto sum = std::accumulate(record->begin(), record->end(), 0U,
                             [](unsigned all, std::byte byte) { return all + std::to_integer<unsigned>(byte); });
  if ((sum & 0xffU) != 0) {
    return bad("its checksum is wrong: the file is damaged");
  }
  if (ended_) {
    return bad("the file goes on behind its end record");
  }
  return take_record(*record);
}

Result<void> IntelHexReader::take_record(ByteView record) {
  ByteReader in(record, Endian::big);
  auto count = in.u8();
  auto offset = in.u16();
  auto kind = static_cast<Kind>(in.u8());
  auto data = in.take(count);
  switch (kind) {
    case Kind::data:
      return take_data(offset, data);
    case Kind::end:
      ended_ = true;
      return data.empty() ? Result<void>{} : bad("an end record with data in it");
    case Kind::upper_address:
      if (data.size() != sizeof(std::uint16_t)) {
        return bad("an upper address that is not 2 bytes");
      }
      upper_ = std::uint64_t{load<std::uint16_t>(data.data(), Endian::big)} << 16U;
      return {};
    case Kind::start_address:
      if (data.size() != sizeof(std::uint32_t) || start_) {
        return bad(start_ ? "a second start address" : "a start address that is not 4 bytes");
      }
      start_ = load<std::uint32_t>(data.data(), Endian::big);
      return {};
  }
  return bad(fmt::format("a record of kind {:02x}, which no loader has", static_cast<unsigned>(kind)));
}

Result<void> IntelHexReader::take_data(std::uint16_t offset, ByteView data) {
  if (data.empty()) {
    return {};
  }
  auto address = upper_ + offset;
  if (address + data.size() > address_space) {
    return bad("its data go beyond 4 GiB");
  }
  if (program_.bytes.empty()) {
    program_.address = static_cast<std::uint32_t>(address);
  }
  auto expected = std::uint64_t{program_.address} + program_.bytes.size();
  if (address > expected) {
    return bad(fmt::format("{} bytes are missing before {:#x}", address - expected, address));
  }
  if (address < expected) {
    return bad(fmt::format("{:#x} lies before the data of the line before, which end at {:#x}", address, expected));
  }
  if (data.size() > largest_program - program_.bytes.size()) {
    return bad(fmt::format("it is more than {} MiB: no loader", largest_program / 1_MiB));
  }
  program_.bytes.insert(program_.bytes.end(), data.begin(), data.end());
  return {};
}

Result<HexProgram> parse_intel_hex(ByteView text, const std::string& file) {
  IntelHexReader reader(file);
  TRY(reader.feed(text));
  return reader.finish();
}

namespace {

void append_record(std::string& text, Kind kind, std::uint16_t offset, ByteView data) {
  ByteWriter record(Endian::big);
  record.u8(static_cast<std::uint8_t>(data.size())).u16(offset).u8(static_cast<std::uint8_t>(kind)).bytes(data);
  auto bytes = record.take();
  unsigned sum = 0;
  text += ':';
  for (auto byte : bytes) {
    sum += std::to_integer<unsigned>(byte);
    fmt::format_to(std::back_inserter(text), "{:02X}", std::to_integer<unsigned>(byte));
  }
  fmt::format_to(std::back_inserter(text), "{:02X}\r\n", (0x100U - (sum & 0xffU)) & 0xffU);
}

void append_upper(std::string& text, std::uint32_t address) {
  append_record(text, Kind::upper_address, 0,
                ByteWriter(Endian::big).u16(static_cast<std::uint16_t>(address >> 16U)).take());
}

}  // namespace

std::string make_intel_hex(const HexProgram& program) {
  constexpr std::uint32_t line = 16;
  std::string text;
  auto rest = ByteView(program.bytes);
  auto address = program.address;
  append_upper(text, address);
  while (!rest.empty()) {
    auto left_in_segment = 0x10000U - (address & 0xffffU);
    auto count = std::min<std::size_t>({line, left_in_segment, rest.size()});
    append_record(text, Kind::data, static_cast<std::uint16_t>(address), rest.first(count));
    rest = rest.subspan(count);
    address += static_cast<std::uint32_t>(count);
    if ((address & 0xffffU) == 0 && !rest.empty()) {
      append_upper(text, address);
    }
  }
  append_record(text, Kind::start_address, 0, ByteWriter(Endian::big).u32(program.start).take());
  append_record(text, Kind::end, 0, {});
  return text;
}

}  // namespace modemedic::firmware
