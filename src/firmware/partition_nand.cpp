#include "firmware/partition_nand.h"

#include "firmware/bad_file.h"
#include "firmware/number_text.h"
#include "firmware/safe_xml.h"

#include <limits>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace modemedic::firmware {

namespace {

constexpr std::size_t most_partitions = 256;
constexpr std::size_t longest_name = 16;
constexpr std::uint32_t the_rest = 0xFFFFFFFF;

std::string_view trim(std::string_view text) {
  auto begin = text.find_first_not_of(" \t\r\n");
  auto end = text.find_last_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin, end - begin + 1);
}

/// The number in a child element, nothing when it isn't there.
Result<std::optional<std::uint32_t>> number_in(const pugi::xml_node& partition, const char* name,
                                               const std::string& file) {
  auto node = partition.child(name);
  if (!node) {
    return std::optional<std::uint32_t>{};
  }
  auto text = trim(node.text().get());
  auto value = number_of(text);
  if (!value || *value > std::numeric_limits<std::uint32_t>::max()) {
    return bad_file(file, fmt::format("<{}>{}</{}> is no number of 32 bits", name, printable(text, 40), name));
  }
  return std::optional(static_cast<std::uint32_t>(*value));
}

Result<UserPartition> read_partition(const pugi::xml_node& node, const std::string& file) {
  UserPartition partition;
  partition.name = trim(node.child("name").text().get());
  if (partition.name.starts_with("0:")) {
    partition.name.erase(0, 2);
  }
  if (partition.name.empty() || partition.name.size() > longest_name || printable(partition.name) != partition.name) {
    return bad_file(file, fmt::format("'{}' is no partition's name", printable(partition.name, 40)));
  }
  TRY_ASSIGN(auto blocks, number_in(node, "size_blocks", file));
  TRY_ASSIGN(auto kib, number_in(node, "size_kb", file));
  TRY_ASSIGN(auto pad, number_in(node, "pad_kb", file));
  partition.in_blocks = blocks.has_value();
  auto size = blocks ? blocks : kib;
  partition.size = size == the_rest ? std::nullopt : size;
  partition.pad_kib = static_cast<std::uint16_t>(pad.value_or(0));
  return partition;
}

}  // namespace

Result<std::vector<UserPartition>> parse_partition_nand(ByteView xml, const std::string& file) {
  pugi::xml_document document;
  TRY(parse_safe_xml(xml, file, document));
  std::vector<UserPartition> table;
  for (const auto& node : document.document_element().child("partition_entries").children("partition")) {
    if (table.size() == most_partitions) {
      return bad_file(file, fmt::format("it has more than {} partitions", most_partitions));
    }
    TRY_ASSIGN(auto partition, read_partition(node, file));
    table.push_back(std::move(partition));
  }
  if (table.empty()) {
    return bad_file(file, "it has no partitions");
  }
  return table;
}

}  // namespace modemedic::firmware
