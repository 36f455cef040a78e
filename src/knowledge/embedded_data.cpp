#include "knowledge/embedded_data.h"

#include <algorithm>

namespace modemedic::knowledge {

std::string_view embedded(std::string_view path) {
  auto files = embedded_data();
  auto file = std::ranges::find(files, path, &EmbeddedFile::path);
  return file == files.end() ? std::string_view() : file->content;
}

}  // namespace modemedic::knowledge
