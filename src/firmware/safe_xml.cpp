#include "firmware/safe_xml.h"

#include "firmware/bad_file.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace modemedic::firmware {

namespace {

constexpr std::size_t largest_xml = 1_MiB;

std::size_t line_of(ByteView xml, std::ptrdiff_t offset) {
  auto before = as_text(xml).substr(0, static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

}  // namespace

Result<void> parse_safe_xml(ByteView xml, const std::string& file, pugi::xml_document& document) {
  if (xml.size() > largest_xml) {
    return bad_file(file, fmt::format("it has {} bytes, far more than such a file needs", xml.size()));
  }
  if (as_text(xml).find('\0') != std::string_view::npos) {
    return bad_file(file, "it is no text");
  }
  // parse_doctype only so that we see one and refuse it. Without it pugixml knows no entities but XML's own five.
  constexpr auto options = pugi::parse_default | pugi::parse_comments | pugi::parse_doctype;
  auto outcome = document.load_buffer(xml.data(), xml.size(), options, pugi::encoding_utf8);
  if (outcome.status == pugi::status_bad_doctype) {
    return bad_file(file, "it has a DOCTYPE, which no firmware package needs");
  }
  if (!outcome) {
    return bad_file(
        file, fmt::format("line {}: no well-formed XML: {}", line_of(xml, outcome.offset), outcome.description()));
  }
  for (auto node : document.children()) {
    if (node.type() == pugi::node_doctype) {
      return bad_file(file, "it has a DOCTYPE, which no firmware package needs");
    }
  }
  return {};
}

}  // namespace modemedic::firmware
