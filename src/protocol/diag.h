#pragma once

#include "base/bytes.h"

#include <optional>
#include <string>

/// DIAG requests and answers this tool uses (facts: at-diag.md). Bodies without HDLC framing.
namespace modemedic::protocol::diag {

Buffer version_request();        ///< 00: a good proof that a port is DIAG
Buffer build_id_request();       ///< 7c: the software revision string
Buffer switch_to_edl_request();  ///< 4b 65 01 00
Buffer download_mode_request();  ///< 3a
Buffer reset_request();          ///< 29 02 00

/// Build date of a version answer; nothing when the frame is none.
std::optional<std::string> parse_version(ByteView body);

/// Software revision of an extended build id answer; nothing when the frame is none.
std::optional<std::string> parse_build_id(ByteView body);

}  // namespace modemedic::protocol::diag
