#pragma once

#include "firmware/revision.h"
#include "virtual/filler.h"
#include "virtual/generator.h"
#include "virtual/persona.h"
#include "virtual/signing_authority.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace modemedic::twin {

/// Makes the binary files of one package, each of the size it is told. Their content follows from persona, revision,
/// options and the file's path.
class ImageMaker {
public:
  ImageMaker(const Persona& persona, const firmware::Revision& revision, const GeneratorOptions& options);

  /// A program of the boot chain, or a programmer.
  /// @param software_id  SW_ID of a signed image
  /// @param text         its code begins with it
  GeneratedFile elf(std::string path, std::uint64_t size, std::uint32_t load_address, std::uint32_t software_id,
                    std::string text = {}) const;

  GeneratedFile sbl(std::string path, std::uint64_t size) const;

  /// Bytes of a boot image's parts.
  struct BootSizes {
    std::uint64_t kernel = 0;
    std::uint64_t ramdisk = 0;
    std::uint64_t device_tree = 0;
  };

  GeneratedFile boot(std::string path, const BootSizes& sizes, std::string name, std::string command_line) const;

  /// A UBI image with one volume whose data begin with `text`.
  GeneratedFile ubi(std::string path, std::string volume, std::uint64_t size, bool is_static, std::string text) const;

  /// A program with a 40-byte header.
  GeneratedFile mbn(std::string path, std::uint64_t size, std::uint32_t image_id, std::uint32_t load_address) const;

  /// A YAFFS2 image: a file `version` with `text`, and one with the rest.
  /// @param size  of the image: a whole number of pages with their spare areas
  GeneratedFile yaffs2(std::string path, std::uint64_t size, std::string text) const;

  /// A program in Intel HEX that is loaded and started at `address`.
  /// @param size  of the program
  /// @param text  stands in its middle
  GeneratedFile hex(std::string path, std::uint64_t size, std::uint32_t address, std::string_view text) const;

  static GeneratedFile bytes(std::string path, Buffer content);

  Filler filler_for(const std::string& path) const;

private:
  firmware::MbnSignature sign(ByteView image, std::uint32_t software_id) const;

  Geometry geometry_;
  std::string identity_;
  SigningAuthority authority_;
  SignedFor modem_;
  bool signs_;
};

}  // namespace modemedic::twin
