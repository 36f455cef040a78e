#include "virtual/efs.h"

#include "base/digest.h"
#include "virtual/filler.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

// Each page: magic, version, its number, their count, bytes of content in it, the content; CRC in the last four bytes.
constexpr std::uint32_t magic = 0x32534645;  // "EFS2"
constexpr std::uint32_t version = 1;
constexpr std::size_t header_size = 20;
constexpr std::size_t crc_size = 4;
constexpr std::size_t imei_size = 15;
constexpr std::size_t calibration_size = 6000;

Failure lost(std::string what) {
  return fail(Code::device_refused).what("EFS: " + std::move(what));
}

char luhn_digit(std::string_view digits) {
  unsigned sum = 0;
  bool twice = true;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, twice = !twice) {
    auto value = static_cast<unsigned>(*digit - '0') * (twice ? 2 : 1);
    sum += value / 10 + value % 10;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

std::size_t room(const Geometry& geometry) {
  return geometry.page_size - header_size - crc_size;
}

/// The block that holds EFS: the partition's first good one.
std::optional<std::uint64_t> efs_block(const Nand& nand, const Persona& persona) {
  const auto* partition = firmware::find_partition_any_case(persona.table, "EFS2");
  if (partition == nullptr) {
    return std::nullopt;
  }
  std::uint64_t pages = nand.geometry().pages_per_block;
  for (auto block = partition->range.start.n / pages; block < partition->range.end().n / pages; ++block) {
    if (!nand.bad(block)) {
      return block;
    }
  }
  return std::nullopt;
}

Buffer make_page(std::uint32_t number, std::uint32_t count, ByteView content, std::size_t page_size) {
  ByteWriter out(Endian::little);
  out.u32(magic).u32(version).u32(number).u32(count).u32(static_cast<std::uint32_t>(content.size()));
  out.bytes(content).fill(page_size - crc_size - out.size());
  auto page = out.take();
  ByteWriter crc(Endian::little);
  crc.u32(crc32_ubi(page));
  auto tail = crc.take();
  page.insert(page.end(), tail.begin(), tail.end());
  return page;
}

struct Page {
  std::uint32_t count = 0;
  ByteView content;
};

Result<Page> read_page(ByteView bytes, std::uint32_t number) {
  ByteReader in(bytes, Endian::little);
  if (in.u32() != magic || in.u32() != version || in.u32() != number) {
    return lost(fmt::format("page {} is not one of its", number));
  }
  auto body = bytes.first(bytes.size() - crc_size);
  if (crc32_ubi(body) != load<std::uint32_t>(bytes.data() + body.size(), Endian::little)) {
    return lost(fmt::format("page {} does not match its CRC", number));
  }
  Page page{.count = in.u32(), .content = {}};
  auto size = in.u32();
  page.content = in.take(std::min<std::size_t>(size, bytes.size() - header_size - crc_size));
  return page;
}

}  // namespace

std::string imei_for(const Persona& persona, std::string_view serial) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(serial.data(), serial.data() + serial.size(), number, 16);
  if (error != std::errc{} || end != serial.data() + serial.size()) {
    number = Filler::for_text(serial).number();
  }
  auto digits = fmt::format("{:0>8.8}{:06}", persona.imei_prefix, number % 1'000'000);
  return digits + luhn_digit(digits);
}

EfsContent efs_for(const Persona& persona, std::string_view serial) {
  EfsContent content{imei_for(persona, serial), Buffer(calibration_size)};
  Filler::for_text(fmt::format("calibration {} {}", persona.id, serial)).fill(0, content.calibration);
  return content;
}

Result<EfsContent> read_efs(const Nand& nand, const Persona& persona) {
  auto block = efs_block(nand, persona);
  if (!block) {
    return lost("there is no good block for it");
  }
  auto first = *block * nand.geometry().pages_per_block;
  Buffer all;
  Buffer bytes(nand.geometry().page_size);
  std::uint32_t count = 1;
  for (std::uint32_t number = 0; number < count; ++number) {
    if (nand.state(first + number) == Nand::PageState::erased) {
      return lost(number == 0 ? "it is erased" : fmt::format("page {} is erased", number));
    }
    if (!nand.read(first + number, bytes)) {
      return lost(fmt::format("page {} can't be read", number));
    }
    TRY_ASSIGN(auto page, read_page(bytes, number));
    count = std::min(page.count, nand.geometry().pages_per_block);
    all.insert(all.end(), page.content.begin(), page.content.end());
  }

  ByteReader in(all, Endian::little);
  EfsContent content;
  content.imei = in.text(imei_size);
  auto calibration = in.rest();
  content.calibration.assign(calibration.begin(), calibration.end());
  if (in.failed()) {
    return lost("it is too short");
  }
  return content;
}

Result<void> write_efs(Nand& nand, const Persona& persona, const EfsContent& content) {
  auto block = efs_block(nand, persona);
  if (!block) {
    return fail(Code::usage).what(persona.id + " has no EFS2 partition with a good block");
  }
  ByteWriter out(Endian::little);
  out.text(content.imei, imei_size).bytes(content.calibration);
  auto all = out.take();
  auto piece = room(nand.geometry());
  auto count = static_cast<std::uint32_t>((all.size() + piece - 1) / piece);
  if (count > nand.geometry().pages_per_block) {
    return fail(Code::usage).what("EFS content is larger than its block");
  }
  auto first = *block * nand.geometry().pages_per_block;
  bool taken = nand.erase(*block);
  for (std::uint32_t number = 0; taken && number < count; ++number) {
    auto content_here = ByteView(all).subspan(number * piece, std::min(piece, all.size() - number * piece));
    taken = nand.program(first + number, make_page(number, count, content_here, nand.geometry().page_size));
  }
  if (!taken) {
    return fail(Code::io).what("the virtual chip did not take EFS");
  }
  return {};
}

}  // namespace modemedic::twin
