#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <string>

namespace pugi {
class xml_document;
}

namespace modemedic::firmware {

/// Parses XML of a stranger: UTF-8 (a BOM may stand before it), at most 1 MiB, no DOCTYPE and therefore no entities but
/// the five of XML itself; no other file is ever opened. Comments are kept.
/// @param file  its name, for the error
/// @return Code::package_bad
Result<void> parse_safe_xml(ByteView xml, const std::string& file, pugi::xml_document& document);

}  // namespace modemedic::firmware
