// fuzz_replay TARGET FILE-OR-FOLDER…: gives a target the inputs that were kept of it, and none at all.

#include "fuzz_target.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

namespace {

namespace fs = std::filesystem;

modemedic::Buffer read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  modemedic::Buffer bytes(fs::file_size(path));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

/// In a fixed order, so that a failure repeats.
std::vector<fs::path> files_at(const fs::path& path) {
  if (!fs::is_directory(path)) {
    return fs::exists(path) ? std::vector{path} : std::vector<fs::path>{};  // a new target has none yet
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const auto* target = argc < 2 ? nullptr : modemedic::fuzz::find_target(argv[1]);
  if (target == nullptr) {
    std::fprintf(stderr, "fuzz_replay TARGET FILE-OR-FOLDER...\n");
    return 2;
  }
  target->run({});
  for (int i = 2; i < argc; ++i) {
    for (const auto& file : files_at(argv[i])) {
      std::printf("%s\n", file.c_str());
      std::fflush(stdout);  // the last line names the input, if it ends badly
      target->run(read(file));
    }
  }
  return 0;
}
