#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Streaming download, what a loader (NPRG, ENPRG) speaks once it runs (facts: dload-streaming.md). Bodies without HDLC
/// framing, numbers little-endian.
///
/// There is no way here to say `13`, `1d`, `19 01` or an open without a name: each of them wipes a modem or hangs its
/// loader.
namespace modemedic::protocol::streaming {

enum class Command : std::uint8_t {
  hello = 0x01,
  hello_answer = 0x02,
  write = 0x07,
  written = 0x08,
  reset = 0x0b,
  reset_done = 0x0c,
  error = 0x0d,
  log = 0x0e,
  close = 0x15,
  closed = 0x16,
  security = 0x17,
  security_done = 0x18,
  table = 0x19,
  table_answer = 0x1a,
  open = 0x1b,
  opened = 0x1c,
};

/// Data bytes of one write, at most: a longer frame vanishes without an answer.
constexpr std::size_t largest_write = 1024;

/// Bytes of a partition table, at most.
constexpr std::size_t largest_table = 512;

/// "0:" and the name and its NUL: what the table's entries have room for.
constexpr std::size_t longest_name = 16;

Buffer hello();
Buffer security_trusted();
/// Never the form that overrides a table (19 01): it erases the chip, or the most of it.
Buffer partition_table(ByteView table);
/// A custom open (0e): erases the partition, all of it, before any data.
/// @param name  "0:SBL1"
Buffer open(std::string_view name);
Buffer close();
Buffer reset();
/// A whole frame that goes out as it is: HDLC and both flags.
/// @param offset  in the image
/// @param data    at most largest_write bytes
Buffer write_frame(std::uint32_t offset, ByteView data);

/// What the loader says of itself and its flash.
struct Target {
  std::uint8_t version = 0;
  std::uint8_t lowest_version = 0;
  std::uint32_t block_size = 0;  ///< that it likes best in writes
  std::uint32_t flash_base = 0;
  std::string flash_name;
  std::uint16_t window = 0;  ///< frames; it takes one at a time whatever it says here
  std::vector<std::uint32_t> sectors;
  std::uint8_t features = 0;
};

constexpr std::uint8_t multi_image_feature = 8;

/// Nothing when the body is no answer to hello, or cut short.
std::optional<Target> parse_target(ByteView body);
Buffer target(const Target& target);

enum class TableAnswer : std::uint8_t { accepted = 0, differs = 1, not_recognised = 2, erase_failed = 3 };
enum class OpenAnswer : std::uint8_t {
  opened = 0,
  payload_too_long = 1,
  payload_not_expected = 2,
  payload_required = 3,
  block_0_protected = 4,
};

/// In words: "opened", "it wants no name"; the number for a status that isn't known.
std::string meaning(TableAnswer answer);
std::string meaning(OpenAnswer answer);

/// What came in a 0d: a code, and the loader's own text without its end of line.
struct LoaderError {
  std::uint32_t code = 0;
  std::string text;
};

/// Nothing when the body is no error.
std::optional<LoaderError> parse_error(ByteView body);
/// Both frames' bodies that report an error: the log (0e) with the text and a newline, then the error (0d).
std::vector<Buffer> error_frames(const LoaderError& error);

/// In words: "the command came out of sequence".
std::string meaning_of_error(std::uint32_t code);

}  // namespace modemedic::protocol::streaming
