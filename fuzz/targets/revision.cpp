// Revision names, alone and in a stream.

#include "firmware/revision.h"

#include "firmware/revision_scan.h"
#include "fuzz_target.h"

using namespace modemedic;
using namespace modemedic::firmware;

MODEMEDIC_FUZZ(revision) {
  auto text = as_text(bytes);
  if (auto revision = parse_revision(text)) {
    fuzz::must(revision->text == text, "a name is the whole text");
    fuzz::must(text.starts_with(revision->short_text()), "the short name begins it");
    auto again = parse_revision(revision->short_text());
    fuzz::must(again && again->order_code == revision->order_code, "the short name is a name, too");
  }
  if (auto found = find_revision(text)) {
    auto alone = parse_revision(found->text);
    fuzz::must(alone && *alone == *found, "what was found is a name by itself");
  }
  RevisionScan whole;
  whole.feed(bytes);
  RevisionScan split;
  split.feed(bytes.first(bytes.size() / 3));
  split.feed(bytes.subspan(bytes.size() / 3));
  fuzz::must(whole.found() == split.found(), "it does not matter how the bytes arrive");
}
