#pragma once

#include "base/digest.h"

#include <filesystem>
#include <fstream>
#include <string>

namespace modemedic::tests {

/// A backup as `modemedic backup` makes them, unpacked: of one page of EFS2.
inline void write_backup(const std::filesystem::path& folder, const std::string& revision, const std::string& imei,
                         const std::string& partition = "EFS2") {
  const std::string page(2048, 'E');
  auto file = "data/00-" + partition + ".bin";
  std::filesystem::create_directories(folder / "data");
  std::ofstream(folder / file, std::ios::binary) << page;
  std::ofstream(folder / "manifest.json")
      << R"({"format": "modemedic-backup", "version": 1, "made_by": "a test", "time": "2026-11-21T09:30:00Z",)"
      << R"("modem": {"imei": ")" << imei << R"(", "model": "", "revision": ")" << revision
      << R"(", "chip_serial": "", "hwid": "", "pk_hash": ""},)"
      << R"("geometry": {"page_size": 2048, "pages_per_block": 64, "blocks": 2048}, "fill": 255, "bad_blocks": [],)"
      << R"("table": [], "programmer": {"name": "", "sha256": ""},)"
      << R"("pieces": [{"name": ")" << partition << R"(", "file": ")" << file
      << R"(", "start": 2432, "sectors": 64, "stored": 1, "erased_tail": 63, "sha256": ")"
      << hex_digits(digest<Sha256>(as_bytes(page))) << R"(", "unreadable": [], "time": "2026-11-21T09:30:00Z"}]})";
}

}  // namespace modemedic::tests
