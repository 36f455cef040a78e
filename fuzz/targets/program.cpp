// ELF, SBL and MBN headers, who signed them, and boot images.

#include "firmware/boot_image.h"
#include "firmware/mbn.h"
#include "firmware/signing.h"
#include "fuzz_target.h"

using namespace modemedic;
using namespace modemedic::firmware;

MODEMEDIC_FUZZ(program) {
  if (auto size = check_elf(bytes)) {
    fuzz::must(*size <= bytes.size(), "an ELF that is whole ends within its file");
  }
  if (auto size = check_sbl(bytes)) {
    fuzz::must(*size <= bytes.size(), "an SBL that is whole ends within its file");
  }
  if (auto size = check_boot_image(bytes)) {
    fuzz::must(*size <= bytes.size(), "a boot image that is whole ends within its file");
  }
  read_boot_image_shape(bytes);
  read_signing(bytes, bytes.size());
  read_signing(bytes.first(bytes.size() / 2), bytes.size());
}
