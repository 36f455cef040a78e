// patch_*.xml

#include "firmware/rawprogram.h"
#include "fuzz_target.h"

MODEMEDIC_FUZZ(patch) {
  modemedic::firmware::count_patches(bytes, "patch_p2K_b128K.xml");
}
