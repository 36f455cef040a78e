#pragma once

#include "base/bytes.h"
#include "firmware/intel_hex.h"
#include "firmware/maker_scan.h"
#include "firmware/revision_scan.h"
#include "firmware/signing.h"
#include "firmware/ubi_watch.h"
#include "firmware/yaffs2.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::firmware {

/// What the bytes of one file tell beside its digest.
struct FileFacts {
  std::vector<std::string> revisions;  ///< revision names found in it
  std::vector<std::string> makers;     ///< vendors other than Quectel whose marks it holds
  std::optional<Signing> signing;
  std::optional<UbiReport> ubi;  ///< of a UBI image
  /// Of a file that is called a YAFFS2 image, or a program in Intel HEX: what is wrong with it; empty: it is whole.
  std::optional<std::string> yaffs2_problem;
  std::optional<std::string> hex_problem;
};

/// Reads along while a file is hashed. What it looks for follows from the file's name; the rest of a package costs no
/// more than its digest.
class FileScan {
public:
  FileScan(std::string_view path, std::uint64_t size);

  void feed(ByteView chunk);

  /// @param content  the whole file, where it was kept
  FileFacts finish(const Buffer* content);

private:
  std::uint64_t size_;
  bool is_image_;
  bool may_be_signed_;
  std::optional<Yaffs2Scan> yaffs2_;
  std::optional<IntelHexReader> hex_;
  RevisionScan revisions_;
  MakerScan makers_;
  UbiWatch ubi_;
  Buffer prefix_;
};

}  // namespace modemedic::firmware
