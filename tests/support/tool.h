#pragma once

#include "base/bytes.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

/// Public tools as witnesses: what we make must look right to them, not only to us.
namespace modemedic::test {

/// A directory that is gone when the test is.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "modemedic-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }

  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

  std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

inline void write_file(const std::string& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline Buffer read_file(const std::string& path) {
  std::error_code error;
  auto size = std::filesystem::file_size(path, error);
  Buffer bytes(error ? 0 : size);
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

inline std::string text_of(const std::string& path) {
  auto bytes = read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void write_text(const std::string& path, std::string_view text) {
  write_file(path, as_bytes(text));
}

/// Is a tool of that name installed?
inline bool have(const std::string& tool) {
  return std::system(("PATH=$PATH:/usr/sbin command -v " + tool + " >/dev/null 2>&1").c_str()) == 0;
}

struct Outcome {
  int status = -1;  ///< as wait() tells it: 0 is success
  std::string output;
};

/// Runs a shell command, standard error with its output.
inline Outcome run(const std::string& command) {
  Outcome outcome;
  auto* pipe = ::popen(("PATH=$PATH:/usr/sbin; " + command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) {
    return outcome;
  }
  char piece[4096];
  for (auto count = std::fread(piece, 1, sizeof piece, pipe); count > 0;
       count = std::fread(piece, 1, sizeof piece, pipe)) {
    outcome.output.append(piece, count);
  }
  outcome.status = ::pclose(pipe);
  return outcome;
}

}  // namespace modemedic::test
