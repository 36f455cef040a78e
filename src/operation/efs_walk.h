#pragma once

#include "base/events.h"
#include "protocol/efs2_wire.h"
#include "usb/pipe.h"

#include <cstdint>
#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

/// The modem's own files and NV items, read over DIAG while it runs. Nothing is written to the modem.
namespace modemedic::operation {

/// What is at one path. All texts are the modem's own, of any bytes.
struct EfsEntry {
  std::string path = {};  ///< "/nvm/num/550"
  protocol::efs2::Kind kind = protocol::efs2::Kind::file;
  std::int32_t mode = 0;     ///< as the modem told it
  std::int32_t size = 0;     ///< likewise; what was read counts
  std::int32_t changed = 0;  ///< seconds since 1970
  Buffer content = {};       ///< of a file
  std::string target = {};   ///< of a link
  std::string trouble = {};  ///< why it is not all there; empty: it is
};

/// What the modem told of its file system as a whole.
struct EfsSummary {
  std::uint32_t version = 0;  ///< of the protocol
  std::uint32_t features = 0;
  std::vector<std::uint32_t> statfs;  ///< empty: it told none
  std::uint16_t readdir = 0;          ///< the number it takes for READDIR: 13, or 12
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t troubles = 0;
};

/// How far a modem is believed: one that has more is not read to its end.
struct EfsBounds {
  std::uint64_t entries = 50'000;
  std::uint64_t file = 8_MiB;    ///< bytes
  std::uint64_t bytes = 64_MiB;  ///< of all files
  std::size_t depth = 32;        ///< directories in one another
  Duration time = std::chrono::minutes(20);
};

using TakeEntry = std::function<Result<void>(const EfsEntry&)>;

/// Walks all directories from the root. Each entry is told once; `.`, `..`, and paths that were seen are left out.
/// @param pipe  of the DIAG interface, proven to be one
/// @param take  a failure of it ends the walk
/// @return Code::device_refused when the modem doesn't know the commands; Code::timeout, Code::modem_lost,
///         Code::interrupted; Code::device_protocol when the bounds were reached: what was told till then is right
Result<EfsSummary> walk_efs(usb::Pipe& pipe, const Clock& clock, const EfsBounds& bounds, const TakeEntry& take,
                            const std::stop_token& stop);

struct NvSummary {
  std::uint32_t read = 0;         ///< items that have a value
  std::uint32_t inactive = 0;     ///< that have none
  std::uint32_t not_allowed = 0;  ///< that the modem does not show
  std::uint32_t other = 0;
};

using TakeItem = std::function<Result<void>(std::uint16_t item, ByteView bytes)>;

/// Reads NV items 0 to `last`.
/// @return Code::device_refused when the modem doesn't know the command; the rest as above
Result<NvSummary> read_nv_items(usb::Pipe& pipe, const Clock& clock, std::uint16_t last, const TakeItem& take,
                                const std::stop_token& stop);

}  // namespace modemedic::operation
