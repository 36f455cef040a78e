#pragma once

#include "virtual/efs_tree.h"

#include <map>
#include <optional>

namespace modemedic::twin {

/// Device side of DIAG's subsystem 19 and of NV items, over a tree: reads only, every other command of the subsystem is
/// refused (docs/protocols/efs2.md).
class Efs2Device {
public:
  /// By which number READDIR goes: the facts say 13; by public descriptions it is 12, and 13 closes a directory.
  enum class Numbering { facts, older };

  explicit Efs2Device(EfsTree tree = {}, Numbering numbering = Numbering::facts)
      : tree_(std::move(tree)), numbering_(numbering) {}

  /// @param body  without framing
  /// @return nothing when the request is not of this subsystem, or when the device refuses it
  std::optional<Buffer> answer(ByteView body);

private:
  using Files = std::map<std::int32_t, std::size_t>;         ///< number -> index in the tree
  using Directories = std::map<std::uint32_t, std::string>;  ///< number -> path

  std::optional<Buffer> answer_efs(std::uint16_t command, ByteView body);
  Buffer open(ByteView body);
  Buffer close(ByteView body);
  Buffer read(ByteView body) const;
  Buffer readlink(ByteView body) const;
  Buffer opendir(ByteView body);
  Buffer readdir(ByteView body) const;
  Buffer closedir(ByteView body);
  Buffer stat(ByteView body) const;
  std::optional<Buffer> nv_item(ByteView body) const;
  const EfsNode* find(std::string_view path) const;

  EfsTree tree_;
  Numbering numbering_;
  Files files_;
  Directories directories_;
  std::uint32_t next_ = 1;
};

}  // namespace modemedic::twin
