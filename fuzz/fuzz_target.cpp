#include "fuzz_target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace modemedic::fuzz {

std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

const Target* find_target(std::string_view name) {
  auto found = std::find_if(targets().begin(), targets().end(), [&](const Target& one) { return one.name == name; });
  return found == targets().end() ? nullptr : &*found;
}

void must(bool holds, const char* promise) {
  if (!holds) {
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
  }
}

void must_be_told(const Error& error) {
  must(!error.what.empty(), "an error says what happened");
  must(printable(error.what, 100'000) == error.what, "an error can be printed");
}

void PrintableEvents::emit(const Event& event) {
  if (const auto* log = std::get_if<event::Log>(&event)) {
    must(printable(log->text, 100'000) == log->text, "what is logged can be printed");
  }
}

std::string file_with(ByteView bytes) {
  struct File {
    File() {
      // Not on a disk, where there is a choice: it is written thousands of times a second.
      name = std::filesystem::exists("/dev/shm") ? "/dev/shm/modemedic-fuzz-XXXXXX" : "/tmp/modemedic-fuzz-XXXXXX";
      handle = ::mkstemp(name.data());
      must(handle >= 0, "a temporary file can be made");
    }

    ~File() { ::unlink(name.c_str()); }

    std::string name;
    int handle = -1;
  };

  static File file;
  must(::ftruncate(file.handle, 0) == 0, "a temporary file can be emptied");
  must(::pwrite(file.handle, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
       "a temporary file can be written");
  return file.name;
}

}  // namespace modemedic::fuzz
