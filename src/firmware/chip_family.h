#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What a package's own names and numbers say of the chip it is for. Families are called as in data/models.toml:
/// "9x07", "sdx55".
namespace modemedic::firmware {

/// "9x07" of "prog_nand_firehose_9x07.mbn"; of a name that is not known its last word; empty when it has none.
std::string family_of_programmer(std::string_view path);

/// "9x07" of contents.xml's "MDM9607", "sdx55" of "SDX55"; an unknown one as it stands, in lower case.
std::string family_of_chipid(std::string_view chipid);

/// "9x07" of "update/mdm9607-boot.img"; empty for a name that says nothing.
std::string family_of_image(std::string_view path);

/// Of the HW_ID in a certificate, whose upper half is the chip's own number; empty for one that is not known.
std::string family_of_hardware(std::uint64_t hardware_id);

}  // namespace modemedic::firmware
