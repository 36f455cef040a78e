#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::firmware {

/// Finds revision names in a stream of bytes that comes in pieces of any size. An image says what it is in plain text
/// somewhere; this reads along while the image is hashed, and costs little of that pass.
class RevisionScan {
public:
  /// No more distinct names than this are kept: an image that holds more says nothing.
  static constexpr std::size_t most = 64;

  void feed(ByteView chunk);

  /// The names in order of first sight, each once. Ends the stream: what is fed afterwards is another one.
  const std::vector<std::string>& found();

private:
  void judge(std::string_view text, std::size_t from, std::size_t until);

  std::string tail_;         ///< the stream's last bytes, where a name may still be growing
  std::size_t settled_ = 0;  ///< anchors before this place of the tail have been judged
  std::vector<std::string> found_;
};

}  // namespace modemedic::firmware
