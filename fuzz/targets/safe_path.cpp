// Paths as an archive, md5.txt or a rawprogram file spells them.

#include "firmware/safe_path.h"

#include "fuzz_target.h"

using namespace modemedic;
using namespace modemedic::firmware;

MODEMEDIC_FUZZ(safe_path) {
  auto text = as_text(bytes);
  for (const auto& path : {safe_path(text), resolve_path("update/firehose", text)}) {
    if (!path) {
      continue;
    }
    auto again = safe_path(*path);
    fuzz::must(again && *again == *path, "a safe path is safe");
    fuzz::must(path->front() != '/' && ("/" + *path + "/").find("/../") == std::string::npos, "it does not climb");
    fuzz::must(path->find('\\') == std::string::npos && path->find('\0') == std::string::npos, "it is plain");
  }
}
