#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The modem's own file system over DIAG: subsystem 19 (EFS2), and NV items. Bodies without HDLC framing; every number
/// is little-endian. Nothing here writes: of the subsystem's commands only those that read are known.
///
/// The numbers of HELLO, OPEN, CLOSE, READ, READDIR and STAT are from the facts (at-diag.md), the layouts as they are
/// publicly described; no second witness has seen them (docs/protocols/efs2.md says of which).
namespace modemedic::protocol::efs2 {

enum Command : std::uint16_t {
  hello = 0,
  query = 1,
  open = 2,
  close = 3,
  read = 4,
  readlink = 7,
  opendir = 11,
  readdir = 13,        ///< by the facts; by public descriptions this is CLOSEDIR,
  readdir_older = 12,  ///< and READDIR is this
  stat = 15,
  statfs = 19,
};

constexpr std::uint8_t subsystem_command = 0x4b;
constexpr std::uint8_t subsystem = 0x13;
constexpr std::uint8_t nv_read_command = 0x26;

constexpr std::size_t longest_path = 1024;  ///< bytes; no device takes longer ones
constexpr std::uint32_t read_at_once = 1024;
constexpr std::size_t nv_item_size = 128;

Buffer hello_request();
Buffer query_request();
Buffer open_request(std::string_view path);  ///< to read
Buffer close_request(std::int32_t file);
Buffer read_request(std::int32_t file, std::uint32_t offset);  ///< read_at_once bytes
Buffer readlink_request(std::string_view path);
Buffer opendir_request(std::string_view path);
/// @param command  readdir or readdir_older
Buffer readdir_request(std::uint16_t command, std::uint32_t directory, std::int32_t number);
/// Where READDIR is readdir_older this closes a directory. Never sent to another.
Buffer closedir_request(std::uint32_t directory);
Buffer statfs_request(std::string_view path);
Buffer nv_read_request(std::uint16_t item);

/// What follows the command in an answer to it; nothing when the frame is no answer to that command.
std::optional<ByteView> answer_to(std::uint16_t command, ByteView frame);

/// The frame says that this very request is refused: the code in front of its beginning (0x13 bad command, 0x14 bad
/// parameters, 0x15 bad length, 0x18 bad mode, 0x47 not allowed).
bool refuses(ByteView frame, ByteView request);

struct Hello {
  std::uint32_t version = 0;
  std::uint32_t features = 0;
};

std::optional<Hello> parse_hello(ByteView answer);

/// The answer to OPEN.
struct Opened {
  std::int32_t file = -1;
  std::int32_t error = 0;
};

std::optional<Opened> parse_opened(ByteView answer);

struct Data {
  std::int32_t file = -1;
  std::uint32_t offset = 0;
  std::int32_t count = 0;
  std::int32_t error = 0;
  ByteView bytes;  ///< `count` of them, or none
};

/// Nothing when there are fewer bytes than it says.
std::optional<Data> parse_data(ByteView answer);

struct Directory {
  std::uint32_t directory = 0;
  std::int32_t error = 0;
};

std::optional<Directory> parse_directory(ByteView answer);

enum class Kind : std::int32_t { file = 0, directory = 1, link = 2 };

struct Entry {
  std::uint32_t directory = 0;
  std::int32_t number = 0;
  std::int32_t error = 0;
  std::int32_t kind = 0;  ///< Kind, or what nobody knows
  std::int32_t mode = 0;
  std::int32_t size = 0;
  std::int32_t changed = 0;  ///< seconds since 1970
  std::string name;          ///< any bytes; empty behind the last
};

std::optional<Entry> parse_entry(ByteView answer);

/// The target of a link; nothing when there is none.
std::optional<std::string> parse_link(ByteView answer);

/// CLOSE, and CLOSEDIR: nothing but an error number.
std::optional<std::int32_t> parse_error(ByteView answer);

/// The numbers of STATFS, in their order; nobody has seen what each of them means.
std::optional<std::vector<std::uint32_t>> parse_statfs(ByteView answer);

struct NvItem {
  enum Status : std::uint16_t { done = 0, inactive = 5, not_allowed = 6 };

  std::uint16_t item = 0;
  ByteView bytes;  ///< nv_item_size
  std::uint16_t status = done;
};

/// @param frame  whole, with its command
std::optional<NvItem> parse_nv_item(ByteView frame);

}  // namespace modemedic::protocol::efs2
