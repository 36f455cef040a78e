#pragma once

#include "base/bytes.h"

#include <optional>
#include <variant>

/// HDLC-like framing of DIAG, DLOAD and streaming download: 0x7E ends a frame, 0x7D escapes, CRC-16/X-25
/// little-endian before the flag (facts: at-diag.md; check value: body 3a -> a1 6e).
namespace modemedic::protocol {

/// CRC-16/X-25 (ITU-T X.25): polynomial 1021 reflected, initial and final xor FFFF.
std::uint16_t crc16_x25(ByteView bytes);

/// The body with its CRC, escaped, ended by a flag; a flag in front too when `leading_flag`.
Buffer hdlc_frame(ByteView body, bool leading_flag = false);

/// Takes frames out of a byte stream, cut anywhere.
class HdlcReader {
public:
  /// Streaming loaders look at no CRC of what they receive.
  enum class Crc { checked, ignored };

  /// @param limit  bytes a frame may have, unescaped and with CRC; a longer one is dropped up to its flag
  explicit HdlcReader(std::size_t limit = 64_KiB, Crc crc = Crc::checked) : limit_(limit), crc_(crc) {}

  void feed(ByteView bytes);

  struct BadFrame {};

  using Next = std::variant<Buffer, BadFrame>;

  /// The next frame's body without CRC, BadFrame for one with a wrong CRC or too long; nothing when more is needed.
  std::optional<Next> next();

private:
  std::optional<Next> end_frame();

  std::size_t limit_;
  Crc crc_;
  Buffer pending_;
  std::size_t taken_ = 0;
  Buffer frame_;
  bool escaped_ = false;
  bool too_long_ = false;
};

}  // namespace modemedic::protocol
