#include "firmware/rawprogram.h"

#include "firmware/bad_file.h"
#include "firmware/number_text.h"
#include "firmware/safe_path.h"
#include "firmware/safe_xml.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace modemedic::firmware {

namespace {

constexpr std::size_t most_commands = 4096;
/// What a 9x07 programmer takes; more is a NAK in the middle of a flash (docs/protocols/firehose.md).
constexpr std::size_t longest_attribute = 80;
constexpr std::size_t most_attributes = 64;

/// Names match in any case, as the programmer's own parser does.
constexpr std::array standard_attributes = {
    "pages_per_block",
    "sector_size_in_bytes",
    "num_partition_sectors",
    "physical_partition_number",
    "start_sector",
    "filename",
    "label",
    "file_sector_offset",
    "last_sector",
    "sparse",
    "size_in_kb",
    "start_byte_hex",
    "partofsingleimage",
    "readbackverify",
};

bool is_standard(std::string_view name) {
  auto folded = fold_case(name);
  return std::any_of(standard_attributes.begin(), standard_attributes.end(),
                     [&](const char* standard) { return folded == standard; });
}

bool fits_the_device(std::string_view text) {
  auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return text.size() <= longest_attribute && std::none_of(text.begin(), text.end(), control);
}

/// One element of the file on its way to a RawCommand.
class CommandReader {
public:
  CommandReader(const pugi::xml_node& node, std::size_t number, const std::string& file)
      : node_(node), number_(number), file_(file) {}

  Result<RawCommand> read() {
    TRY(read_kind());
    TRY(read_attributes());
    TRY(read_numbers());
    TRY(read_file());
    return std::move(command_);
  }

private:
  Failure bad(std::string_view what) const {
    return bad_file(file_, fmt::format("command {} <{}>: {}", number_, printable(node_.name(), 40), what));
  }

  Result<void> read_kind() {
    auto tag = fold_case(node_.name());
    if (tag != "program" && tag != "erase") {
      return bad("only <program> and <erase> are known; what else this package wants is not safe to guess");
    }
    command_.kind = tag == "program" ? RawCommand::Kind::program : RawCommand::Kind::erase;
    if (node_.first_child()) {
      return bad("it holds other elements or text");
    }
    return {};
  }

  Result<void> read_attributes() {
    for (const auto& attribute : node_.attributes()) {
      std::string_view name = attribute.name();
      if (!fits_the_device(name) || !fits_the_device(attribute.value())) {
        return bad(fmt::format("the attribute {} is longer than {} characters, or holds control characters",
                               printable(name, 40), longest_attribute));
      }
      if (find(name) != nullptr) {
        return bad(fmt::format("it has the attribute {} twice", printable(name)));
      }
      if (command_.attributes.size() == most_attributes) {
        return bad(fmt::format("it has more than {} attributes", most_attributes));
      }
      command_.attributes.emplace_back(name, attribute.value());
    }
    return {};
  }

  const std::string* find(std::string_view name) const {
    auto folded = fold_case(name);
    auto found = std::find_if(command_.attributes.begin(), command_.attributes.end(),
                              [&](const auto& attribute) { return fold_case(attribute.first) == folded; });
    return found == command_.attributes.end() ? nullptr : &found->second;
  }

  Result<std::uint64_t> number(std::string_view name) const {
    const auto* text = find(name);
    if (text == nullptr) {
      return bad(fmt::format("it has no {}", name));
    }
    auto value = number_of(*text);
    if (!value) {
      return bad(fmt::format("{}=\"{}\" is no number", name, printable(*text)));
    }
    // The programmer counts in 32 bits: a larger number would wrap there to some other place of the chip.
    if (*value > std::numeric_limits<std::uint32_t>::max()) {
      return bad(fmt::format("{}=\"{}\" does not fit into 32 bits", name, printable(*text)));
    }
    return *value;
  }

  Result<void> read_numbers() {
    TRY_ASSIGN(command_.range.start.n, number("start_sector"));
    TRY_ASSIGN(command_.range.count.n, number("num_partition_sectors"));
    TRY_ASSIGN(auto page_size, number("SECTOR_SIZE_IN_BYTES"));
    TRY_ASSIGN(auto pages_per_block, number("PAGES_PER_BLOCK"));
    command_.page_size = static_cast<std::uint32_t>(page_size);
    command_.pages_per_block = static_cast<std::uint32_t>(pages_per_block);
    if (command_.range.count.n == 0) {
      return bad("num_partition_sectors is 0");
    }
    TRY(must_be_zero("physical_partition_number"));
    return must_be_zero("file_sector_offset");
  }

  Result<void> must_be_zero(std::string_view name) const {
    if (find(name) == nullptr) {
      return {};
    }
    TRY_ASSIGN(auto value, number(name));
    return value == 0 ? Result<void>{} : bad(fmt::format("{}=\"{}\", and a NAND knows only 0", name, value));
  }

  Result<void> read_file() {
    if (command_.kind == RawCommand::Kind::erase) {
      return {};
    }
    const auto* filename = find("filename");
    if (filename == nullptr || filename->empty()) {
      return bad("it names no file");
    }
    const auto* sparse = find("sparse");
    if (sparse != nullptr && fold_case(*sparse) != "false" && *sparse != "0") {
      return bad("sparse images are not for a NAND");
    }
    command_.filename = *filename;
    return {};
  }

  pugi::xml_node node_;
  std::size_t number_;
  const std::string& file_;
  RawCommand command_;
};

Result<pugi::xml_node> only_root(const pugi::xml_document& document, std::string_view name, const std::string& file) {
  auto root = document.document_element();
  if (fold_case(root.name()) != name) {
    return bad_file(file, fmt::format("its root is <{}>, not <{}>", printable(root.name(), 40), name));
  }
  return root;
}

/// "BlockSize = 128 KB" -> 131072, of the comment whose key it is.
Result<void> read_comment(std::string_view comment, const std::string& file, RawHeader& header) {
  auto equals = comment.find('=');
  if (equals == std::string_view::npos) {
    return {};
  }
  auto trim = [](std::string_view text) {
    auto begin = text.find_first_not_of(" \t\r\n");
    auto end = text.find_last_not_of(" \t\r\n");
    return begin == std::string_view::npos ? std::string_view{} : text.substr(begin, end - begin + 1);
  };
  auto key = fold_case(trim(comment.substr(0, equals)));
  auto* field = key == "blocksize"               ? &header.block_size
                : key == "pagesize"              ? &header.page_size
                : key == "num_partition_sectors" ? &header.chip_sectors
                                                 : nullptr;
  if (field == nullptr) {
    return {};
  }
  auto value = trim(comment.substr(equals + 1));
  std::uint64_t unit = 1;
  if (fold_case(value).ends_with("kb")) {
    value = trim(value.substr(0, value.size() - 2));
    unit = 1024;
  }
  auto parsed = number_of(value);
  if (!parsed || *parsed > std::numeric_limits<std::uint32_t>::max()) {
    return bad_file(file, fmt::format("the comment \"{}\" gives no number", printable(trim(comment))));
  }
  *field = *parsed * unit;
  return {};
}

}  // namespace

bool RawCommand::vendor_tagged() const {
  return std::any_of(attributes.begin(), attributes.end(),
                     [](const auto& attribute) { return !is_standard(attribute.first); });
}

Result<std::vector<RawCommand>> parse_rawprogram(ByteView xml, const std::string& file) {
  pugi::xml_document document;
  TRY(parse_safe_xml(xml, file, document));
  TRY_ASSIGN(auto root, only_root(document, "data", file));
  std::vector<RawCommand> commands;
  for (auto node : root.children()) {
    if (node.type() == pugi::node_comment) {
      continue;
    }
    if (commands.size() == most_commands) {
      return bad_file(file, fmt::format("it has more than {} commands", most_commands));
    }
    TRY_ASSIGN(auto command, CommandReader(node, commands.size() + 1, file).read());
    commands.push_back(std::move(command));
  }
  if (commands.empty()) {
    return bad_file(file, "it has no commands");
  }
  return commands;
}

Result<RawHeader> parse_raw_header(ByteView xml, const std::string& file) {
  pugi::xml_document document;
  TRY(parse_safe_xml(xml, file, document));
  RawHeader header;
  for (const auto& parent : {document.root(), document.document_element()}) {
    for (auto node : parent.children()) {
      if (node.type() == pugi::node_comment) {
        TRY(read_comment(node.value(), file, header));
      }
    }
  }
  return header;
}

Result<PatchCount> count_patches(ByteView xml, const std::string& file) {
  pugi::xml_document document;
  TRY(parse_safe_xml(xml, file, document));
  PatchCount count;
  for (auto node : document.document_element().children()) {
    if (node.type() == pugi::node_element) {
      auto& kind = fold_case(node.attribute("filename").value()) == "disk" ? count.on_disk : count.in_files;
      ++kind;
    }
  }
  return count;
}

}  // namespace modemedic::firmware
