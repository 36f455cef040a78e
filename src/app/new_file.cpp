#include "app/new_file.h"

#include "base/bytes.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

namespace modemedic::app {

Result<void> write_new_file(const std::string& path, const std::string& text) {
  auto attempt = "write " + printable(path);
  auto* file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr && errno == EEXIST) {
    return fail(Code::usage).what(printable(path) + " exists already").hint("name another file, or remove it first");
  }
  if (file == nullptr) {
    return fail_errno(errno, attempt);
  }
  bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  auto number = errno;
  if (std::fclose(file) != 0 && written) {
    number = errno;
    written = false;
  }
  if (!written) {
    std::remove(path.c_str());
    return fail_errno(number, attempt);
  }
  return {};
}

}  // namespace modemedic::app
