#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <string>

namespace modemedic::plan {

/// One change of the flash that a person asks a boot loader in fastboot for: it guards nothing itself, so this is as
/// much as can be proven of it without a package. Only prove_fastboot_step() makes one, and only one is sent.
class ProvenFastbootStep {
public:
  enum class Kind { erase, flash };

  Kind kind() const { return kind_; }

  const std::string& partition() const { return partition_; }

  ByteView image() const { return image_; }

private:
  friend Result<ProvenFastbootStep> prove_fastboot_step(Kind kind, const std::string& family,
                                                        const std::string& partition, ByteView image);

  ProvenFastbootStep(Kind kind, std::string partition, ByteView image)
      : kind_(kind), partition_(std::move(partition)), image_(image) {}

  Kind kind_;
  std::string partition_;
  ByteView image_;
};

/// Shows that the partition is one that fastboot may touch, so that neither the module's own nor what leads into
/// fastboot is lost, and that the boot loader would not write this image otherwise than it is meant.
/// @param family     of the modem: "9x15", else a 9x07's partitions are taken
/// @param partition  as fastboot has it
/// @param image      of flash; must outlive the step
/// @return Code::refused with rule erase-all or partition
Result<ProvenFastbootStep> prove_fastboot_step(ProvenFastbootStep::Kind kind, const std::string& family,
                                               const std::string& partition, ByteView image = {});

}  // namespace modemedic::plan
