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

/// The content of one of them; empty when there is none of that path.
std::string_view embedded(std::string_view path);

}  // namespace modemedic::knowledge
