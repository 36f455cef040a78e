#include "firmware/contents_xml.h"

#include "firmware/safe_xml.h"

#include <string_view>

#include <pugixml.hpp>

namespace modemedic::firmware {

namespace {

std::string text_of(const pugi::xml_document& document, std::string_view name) {
  auto node = document.find_node([&](const pugi::xml_node& candidate) { return name == candidate.name(); });
  std::string_view text = node.text().get();
  auto begin = text.find_first_not_of(" \t\r\n");
  auto end = text.find_last_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string{} : printable(text.substr(begin, end - begin + 1), 64);
}

}  // namespace

Result<Contents> parse_contents(ByteView xml, const std::string& file) {
  pugi::xml_document document;
  TRY(parse_safe_xml(xml, file, document));
  return Contents{text_of(document, "chipid"), text_of(document, "product_name")};
}

}  // namespace modemedic::firmware
