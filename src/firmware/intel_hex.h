#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>

/// Intel HEX (Intel, Hexadecimal Object File Format Specification, 1988), in which the loaders of a 9x15 come:
/// NPRG9x15.hex, ENPRG9x15.hex.
namespace modemedic::firmware {

/// A program that goes into memory in one run.
struct HexProgram {
  std::uint32_t address = 0;  ///< of its first byte
  std::uint32_t start = 0;    ///< where it is entered: in it
  Buffer bytes;
};

/// Reads a program out of the lines of a HEX file. Strict: each line must go on where the one before ended, since a
/// hole is a line that got lost. What's wrong is said once, for the first line at fault.
class IntelHexReader {
public:
  /// More is no loader: the memory it goes into is smaller.
  static constexpr std::size_t largest_program = 4_MiB;

  /// @param file  its name, for errors
  explicit IntelHexReader(std::string file) : file_(std::move(file)) {}

  /// Takes the next bytes of the file, cut anywhere.
  /// @return Code::package_bad, naming the line: no HEX, wrong checksum, a kind of record that no loader has, a hole or
  ///         an overlap, an address beyond 4 GiB, something behind the end
  Result<void> feed(ByteView text);

  /// To be asked at the end of the file.
  /// @return Code::package_bad also when the end record is missing, there is no data, or it starts elsewhere
  Result<HexProgram> finish();

private:
  Result<void> take_line();
  Result<void> take_record(ByteView record);
  Result<void> take_data(std::uint16_t offset, ByteView data);
  Failure bad(std::string what) const;

  std::string file_;
  std::string line_;
  std::uint64_t number_ = 1;  ///< of the line
  HexProgram program_;
  std::optional<std::uint32_t> start_;
  std::uint64_t upper_ = 0;  ///< what a data record's offset is added to
  bool ended_ = false;
  std::optional<Error> failure_;
};

/// A whole file at once.
Result<HexProgram> parse_intel_hex(ByteView text, const std::string& file);

/// The file's text: 16 bytes a line, CRLF, as the vendor's are.
std::string make_intel_hex(const HexProgram& program);

}  // namespace modemedic::firmware
