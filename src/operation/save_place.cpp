#include "operation/save_place.h"

#include "base/bytes.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace modemedic::operation {

namespace fs = std::filesystem;

namespace {

/// For a file's name: "2026-11-21T09:30:00Z" without its colons.
std::string plain(std::string_view text) {
  std::string name;
  std::ranges::copy_if(text, std::back_inserter(name), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
  });
  return name;
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

}  // namespace

Result<void> prepare(const SavePlace& place) {
  std::error_code error;
  if (fs::create_directories(place.folder, error); error) {
    return fail_errno(error.value(), "make " + printable(place.folder.string()));
  }
  fs::permissions(place.folder, fs::perms::owner_all, error);  // somebody else's shows when it is written to
  return {};
}

fs::path partial(const fs::path& copy) {
  return copy.string() + ".partial";
}

Result<fs::path> claim_copy(const SavePlace& place, const std::string& serial, std::string_view extension,
                            const std::function<Result<bool>(const fs::path& partial)>& claim) {
  constexpr int most_tries = 1000;
  auto stem = fmt::format("{}_{}", serial.empty() ? "port-" + plain(place.port) : serial, plain(place.time));
  for (int i = 0; i < most_tries; ++i) {
    auto path = place.folder / fmt::format("{}{}{}", stem, i == 0 ? "" : fmt::format("-{}", i), extension);
    if (is_there(path)) {
      continue;
    }
    TRY_ASSIGN(auto claimed, claim(partial(path)));
    if (claimed && !is_there(path)) {  // one that has become whole in between is not written over
      return path;
    }
  }
  return fail(Code::io).what("no free name for a backup in " + printable(place.folder.string()));
}

}  // namespace modemedic::operation
