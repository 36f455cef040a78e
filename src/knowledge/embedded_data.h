#pragma once

#include <span>
#include <string_view>

namespace modemedic::knowledge {

/// A text file of data/ as it was when the program was built.
struct EmbeddedFile {
  std::string_view path;  ///< relative to data/, such as "personas/eg25-g.toml"
  std::string_view content;
};

/// Every embedded file, in no particular order.
std::span<const EmbeddedFile> embedded_data();

}  // namespace modemedic::knowledge
