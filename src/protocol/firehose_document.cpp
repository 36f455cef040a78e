#include "protocol/firehose_host.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::protocol::firehose {

namespace {

/// What the 9x07 programmer's parser takes (facts: programmer-9x07.md).
constexpr std::size_t longest_document = 4095;
constexpr std::size_t longest_name = 80;
constexpr std::size_t longest_value = 80;
constexpr std::size_t longest_string = 63;
constexpr std::size_t packet = 512;

/// It counts with 32 bits, and takes all ones for "the whole chip" or "not given" (trap 5).
constexpr std::uint64_t largest_number = std::numeric_limits<std::uint32_t>::max() - 1;

/// A tag with its attributes, in the order in which the field's tools write them.
class Tag {
public:
  explicit Tag(std::string_view name) : name_(name) {}

  Tag& with(std::string_view name, std::string_view value) {
    attributes_.emplace_back(name, value);
    return *this;
  }

  Tag& with(std::string_view name, std::uint64_t value) { return with(name, std::to_string(value)); }

  Tag& with(const Geometry& geometry) {
    return with("PAGES_PER_BLOCK", geometry.pages_per_block).with("SECTOR_SIZE_IN_BYTES", geometry.page_size);
  }

  /// Where to; sticky ones that change what a sector is are always set back.
  Tag& with(Sectors start, Sectors count) {
    return with("num_partition_sectors", count.n).with("physical_partition_number", "0").with("start_sector", start.n);
  }

  Tag& plain_sectors() { return with("get_spare", "0").with("ecc_disabled", "0"); }

  const Attributes& attributes() const { return attributes_; }

  std::string text() const {
    auto text = fmt::format(R"(<?xml version="1.0" encoding="UTF-8" ?><data><{})", name_);
    for (const auto& [name, value] : attributes_) {
      text += fmt::format(" {}=\"{}\"", name, escape_attribute(value));
    }
    text += " /></data>";
    if (text.size() % packet == 0) {
      text += ' ';
    }
    return text;
  }

private:
  std::string_view name_;
  Attributes attributes_;
};

/// The last part of a path, in letters that every parser takes, so short that it fits escaped as well.
std::string plain_filename(std::string_view path) {
  auto slash = path.find_last_of("/\\");
  auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  std::string plain;
  for (char c : name) {
    auto next = escape_attribute(std::string(1, c >= ' ' && c <= '~' ? c : '_'));
    if (escape_attribute(plain).size() + next.size() > longest_string) {
      break;
    }
    plain += c >= ' ' && c <= '~' ? c : '_';
  }
  return plain.empty() ? "image" : plain;
}

Tag tag_of(const Configure& command) {
  return Tag("configure")
      .with("MemoryName", "nand")
      .with("Verbose", "0")
      .with("AlwaysValidate", "0")
      .with("MaxDigestTableSizeInBytes", "2048")
      .with("MaxPayloadSizeToTargetInBytes", command.payload)
      .with("ZlpAwareHost", "1")
      .with("SkipStorageInit", "0")
      .with("SkipWrite", command.skip_write ? "1" : "0");
}

Tag tag_of(const Nop&) {
  // It needs an attribute, and this one should be 0 anyway.
  return Tag("nop").with("Verbose", "0");
}

Tag tag_of(const GetStorageInfo&) {
  return Tag("getstorageinfo").with("physical_partition_number", "0");
}

Tag tag_of(const Erase& command) {
  auto tag = Tag("erase").with(command.geometry).with(command.range.start, command.range.count);
  for (const auto& [name, value] : command.verbatim) {
    tag.with(name, value);
  }
  return tag;
}

Tag tag_of(const Program& command) {
  return Tag("program")
      .with(command.geometry)
      .with("filename", plain_filename(command.filename))
      .with(command.start, command.geometry.sectors_for(command.size))
      .plain_sectors();
}

Tag tag_of(const Read& command) {
  return Tag("read")
      .with(command.geometry)
      .with("filename", "read")
      .with(command.range.start, command.range.count)
      .with("bad_block_at_end", command.keep_positions ? "0" : "1")
      .plain_sectors();
}

Tag tag_of(const Digest& command) {
  return Tag("getsha256digest")
      .with(command.geometry)
      .with(command.range.start, command.range.count)
      .with("bad_block_at_end", "0")
      .plain_sectors();
}

Tag tag_of(const Power& command) {
  return Tag("power").with("value", "reset").with("DelayInSeconds", command.delay_seconds);
}

Tag tag_of(const Command& command) {
  return std::visit([](const auto& one) { return tag_of(one); }, command);
}

Result<void> check_range(const Geometry& geometry, const SectorRange& range) {
  if (geometry.page_size == 0 || geometry.pages_per_block == 0) {
    return fail(Code::bug).what("a Firehose command for pages of 0 bytes or blocks of 0 pages");
  }
  auto [start, count] = range;
  if (count.n == 0) {
    return fail(Code::bug).what("a Firehose command for no sectors");
  }
  if (start.n > largest_number || count.n > largest_number) {
    return fail(Code::bug).what(
        fmt::format("a Firehose command for {} sectors from {}: the programmer counts with 32 "
                    "bits, and takes all ones for the whole chip",
                    count.n, start.n));
  }
  if (geometry.blocks != 0 && range.end() > geometry.chip_sectors()) {
    return fail(Code::bug).what(fmt::format("a Firehose command for sectors {} to {} of a chip of {}", start.n,
                                            range.end().n, geometry.chip_sectors().n));
  }
  return {};
}

bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'; };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), part);
}

/// Every attribute of ours: a package's erase may set none of them, because it would stick to later commands
/// (SkipWrite="1" turns their programs into nothing, with ACK). A filename does no harm.
Element own_attributes() {
  Element own;
  for (const auto& command : {Command(Configure{}), Command(GetStorageInfo{}), Command(Read{}), Command(Power{})}) {
    const auto tag = tag_of(command);
    for (const auto& [name, value] : tag.attributes()) {
      if (name != "filename") {
        own.attributes.emplace_back(name, value);
      }
    }
  }
  return own;
}

Failure bad_attribute(std::string_view name, std::string_view why) {
  return fail(Code::package_bad)
      .what(fmt::format("an erase of the package has the attribute '{}', which {}", printable(name), why))
      .hint("it can't be passed on as it stands, and without it the erase may mean something else: ask the vendor");
}

/// A package's own attributes must reach the device unchanged: leaving `vendor` out once turned a guarded erase into
/// one of the whole chip.
Result<void> check_verbatim(const Erase& command) {
  auto seen = own_attributes();
  for (const auto& [name, value] : command.verbatim) {
    if (!is_name(name) || name.size() > longest_name) {
      return bad_attribute(name, "is no name of an attribute");
    }
    if (seen.find(name) != nullptr) {
      return bad_attribute(name, "overrules another");
    }
    auto printing = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (!printing || escape_attribute(value).size() > longest_value) {
      return bad_attribute(name, "has a value that is too long for the programmer, or not plain text");
    }
    seen.attributes.emplace_back(name, value);
  }
  if (tag_of(command).text().size() > longest_document) {
    return bad_attribute(command.verbatim.back().first, "makes the command too long for the programmer");
  }
  return {};
}

}  // namespace

Result<void> check(const Command& command) {
  if (const auto* erase = std::get_if<Erase>(&command)) {
    TRY(check_range(erase->geometry, erase->range));
    return check_verbatim(*erase);
  }
  if (const auto* program = std::get_if<Program>(&command)) {
    if (program->geometry.page_size == 0) {
      return fail(Code::bug).what("a Firehose command for pages of 0 bytes");
    }
    return check_range(program->geometry, {program->start, program->geometry.sectors_for(program->size)});
  }
  if (const auto* read = std::get_if<Read>(&command)) {
    return check_range(read->geometry, read->range);
  }
  if (const auto* digest = std::get_if<Digest>(&command)) {
    return check_range(digest->geometry, digest->range);
  }
  if (const auto* configure = std::get_if<Configure>(&command)) {
    if (configure->payload == 0 || configure->payload % packet != 0) {
      return fail(Code::bug).what(fmt::format("a Firehose payload of {} bytes", configure->payload));
    }
  }
  return {};
}

Buffer document(const Command& command) {
  auto text = tag_of(command).text();
  auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace modemedic::protocol::firehose
