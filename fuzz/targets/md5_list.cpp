// md5.txt

#include "firmware/md5_list.h"

#include "firmware/safe_path.h"
#include "fuzz_target.h"

using namespace modemedic::firmware;

MODEMEDIC_FUZZ(md5_list) {
  auto list = parse_md5_list(bytes, "md5.txt");
  if (!list) {
    return;
  }
  for (const auto& [folded, line] : list->lines) {
    auto again = safe_path(line.path);
    modemedic::fuzz::must(again && *again == line.path, "a path in it is safe");
    modemedic::fuzz::must(list->find(line.path) == &line, "a line is found by its path");
  }
}
