// contents.xml

#include "firmware/contents_xml.h"

#include "firmware/chip_family.h"
#include "fuzz_target.h"

MODEMEDIC_FUZZ(contents_xml) {
  auto contents = modemedic::firmware::parse_contents(bytes, "contents.xml");
  if (contents) {
    modemedic::fuzz::must(modemedic::printable(contents->chipid, 1000) == contents->chipid, "its texts can be printed");
    modemedic::firmware::family_of_chipid(contents->chipid);
  }
}
