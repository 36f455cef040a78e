// What libFuzzer calls. All targets are in one program; the name it is called by says which one runs.

#include "fuzz_target.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

const modemedic::fuzz::Target* chosen = nullptr;

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): libFuzzer's names
extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** arguments) {
  std::string_view name = (*arguments)[0];
  name.remove_prefix(name.find_last_of('/') + 1);
  chosen = modemedic::fuzz::find_target(name);
  if (chosen == nullptr) {
    std::fprintf(stderr, "no target %.*s; there are:\n", static_cast<int>(name.size()), name.data());
    for (const auto& target : modemedic::fuzz::targets()) {
      std::fprintf(stderr, "  %.*s\n", static_cast<int>(target.name.size()), target.name.data());
    }
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  chosen->run(std::as_bytes(std::span(data, size)));
  return 0;
}

// NOLINTEND(readability-identifier-naming)
