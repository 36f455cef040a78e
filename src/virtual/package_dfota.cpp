#include "virtual/package_dfota.h"

#include "virtual/filler.h"

#include <utility>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

GeneratedFile file_of(std::string path, std::string content) {
  auto size = content.size();
  return {std::move(path), size,
          [content = std::move(content)](const std::function<bool(ByteView)>& sink) { sink(as_bytes(content)); }};
}

GeneratedFile patch(std::string path, std::uint64_t size) {
  auto filler = Filler::for_text(path);
  return {std::move(path), size, [filler, size](const std::function<bool(ByteView)>& sink) {
            Buffer bytes(static_cast<std::size_t>(size));
            filler.fill(0, bytes);
            sink(bytes);
          }};
}

}  // namespace

std::vector<GeneratedFile> generate_dfota(const firmware::Revision& from, const firmware::Revision& to) {
  std::vector<GeneratedFile> files;
  files.push_back(file_of("META-INF/com/google/android/updater-script",
                          fmt::format("# {} to {}\napply_patch_check(\"boot\");\n", from.text, to.text)));
  files.push_back(patch("META-INF/com/google/android/update-binary", 20'000));
  files.push_back(patch("patch/boot.img.p", 40'000));
  files.push_back(patch("patch/system.p", 60'000));
  return files;
}

}  // namespace modemedic::twin
