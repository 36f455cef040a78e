// Paths as an archive, md5.txt or a rawprogram file spells them.

#include "firmware/safe_path.h"

#include "firmware/normal_form.h"
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
    auto form = normal_form(*path);
    fuzz::must(form.likeness.size() <= path->size(), "what two spellings have in common is no longer than either");
    fuzz::must(form.is_ascii == (form.likeness.find('\x01') == std::string::npos), "a likeness is plain, or it is not");
  }
}
