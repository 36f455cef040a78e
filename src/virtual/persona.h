#pragma once

#include "base/error.h"
#include "base/units.h"
#include "firmware/partition.h"
#include "usb/fingerprint.h"
#include "virtual/nand.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::twin {

/// How the persona's Firehose programmer differs from the 9x07 one of facts/programmer-9x07.md.
struct ProgrammerTraits {
  std::string target_name = "9x07";
  std::uint32_t default_payload = 8192;  ///< bytes; what a configure that asks for nothing gets
  std::uint32_t max_payload = 16384;     ///< bytes
  bool later_family = false;             ///< patch, getsha256digest, setbootablestoragedrive, longer greeting
  std::uint8_t erased_fill = 0xFF;       ///< what erased pages read as (some programmers: 0xEE)
  std::string build_date = "Apr 21 2021 @ 15:42:43";
};

/// How a modem of this persona is put together: data/personas/*.toml.
struct Persona {
  std::string id;        ///< "eg25-g"
  std::string model;     ///< what ATI says: "EG25"
  std::string product;   ///< USB product string: "EG25-G"
  std::string summary;   ///< one line for `virtual personas`
  std::string chip;      ///< "9x07", "9x15"
  std::string revision;  ///< the firmware it comes with when --revision isn't given
  Geometry geometry;
  std::uint32_t spare_size = 64;  ///< bytes a page
  NandTiming timing;              ///< used when timing is asked for
  firmware::PartitionTable table;
  std::map<std::string, std::string> fastboot_names;  ///< partitions that fastboot knows by another name than the table
  std::uint64_t hwid = 0;                             ///< 0x000480e100000000
  std::string pk_hash;                                ///< 64 hex digits
  bool fused = false;
  std::string flash_name;   ///< FLASH_NAME of getstorageinfo
  std::string imei_prefix;  ///< type allocation code, 8 digits
  std::vector<std::uint64_t> factory_bad_blocks;
  usb::Fingerprint running;   ///< each mode's USB shape
  usb::Fingerprint edl;       ///< 9x15: none, its boot ROM has no Sahara
  usb::Fingerprint download;  ///< Sahara, or DLOAD on a 9x15, under the normal PID, bcd 0.00
  usb::Fingerprint fastboot;
  usb::Fingerprint dump;        ///< 9x15: none
  bool dark_when_torn = false;  ///< torn TZ, RPM or aboot: nothing on USB instead of Sahara
  ProgrammerTraits programmer;
  std::uint32_t edl_ms = 2000;       ///< from the DIAG command to 05c6:9008
  std::uint32_t fastboot_ms = 2000;  ///< from power-on, or AT+QFASTBOOT, to fastboot
  std::uint32_t boot_ms = 15000;     ///< from power-on to a running modem on USB
  std::uint32_t at_ready_ms = 3000;  ///< from then until AT answers
};

/// An EC20 and its kin: DLOAD and streaming download instead of Sahara and Firehose, YAFFS2 instead of UBI.
inline bool is_9x15(const Persona& persona) {
  return persona.chip == "9x15";
}

/// Reads one persona, strictly.
/// @param file  its name, for the error's text
/// @return Code::usage, naming the file and the key that is missing, unknown or wrong
Result<Persona> parse_persona(std::string_view file, std::string_view content);

/// All personas that were built in, ordered by id.
/// @return Code::bug when one doesn't parse (a test reads them all)
Result<std::vector<Persona>> personas();

/// @return Code::usage with the known ids when there is none of that name
Result<Persona> find_persona(std::string_view id);

}  // namespace modemedic::twin
