#pragma once

#include "virtual/efs.h"

#include <cstdint>
#include <string>
#include <vector>

namespace modemedic::twin {

/// An entry of the file system as DIAG shows it.
struct EfsNode {
  enum class Kind : std::uint32_t { file = 0, directory = 1, link = 2 };

  std::string path;  ///< absolute, any bytes
  Kind kind = Kind::file;
  std::uint32_t mode = 0100600;
  Buffer content;  ///< of a file; of a link its target
};

/// Parents before what is in them; the root is not among them.
using EfsTree = std::vector<EfsNode>;

/// What a twin with this EFS shows: its IMEI as NV item 550 and its calibration as files of RF NV.
EfsTree efs_tree(const EfsContent& content);

/// An IMEI as NV item 550 has it: a length, then ten half bytes from the low one on, the first of them 0xA.
Buffer imei_item(std::string_view imei);

}  // namespace modemedic::twin
