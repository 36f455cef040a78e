#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::plan {

/// A chip without places, as the proof of a streaming plan needs it: what each partition holds, and what a power-on
/// makes of it. Whether a torn boot loader still finds its way into download mode differs from modem to modem: the
/// worst is taken for true.
class PowerOn {
public:
  enum class Holds {
    as_found,  ///< old firmware, whole or not: nobody can read it
    blank,
    torn,
    renewed,  ///< the package's image, whole
  };

  /// @param first    what the boot ROM starts
  /// @param loaders  what that starts, to the boot loader that speaks fastboot
  /// @param kernel   without it the boot loader waits in fastboot
  /// @param firmware the rest of what is renewed
  PowerOn(std::string first, std::vector<std::string> loaders, std::string kernel, std::vector<std::string> firmware);

  void set(std::string_view partition, Holds holds) { chip_[std::string(partition)] = holds; }

  Holds holds(std::string_view partition) const;

  /// fastboot's own flag, which brings a modem back there. What was found may be reachable by it alone.
  enum class Flag { as_found, erased, set };

  /// Why nothing but a boot pin would help after a power-on now; empty: it ends in download mode or in fastboot, or
  /// starts firmware of one piece, or what was there before is as it was.
  std::string dead_end(Flag flag) const;

  /// A power-on would end in fastboot whatever else the chip holds.
  bool ends_in_fastboot() const;

private:
  bool all_hold(const std::vector<std::string>& partitions, Holds holds) const;
  bool first_is_gone() const;

  std::string first_;
  std::vector<std::string> loaders_;
  std::string kernel_;
  std::vector<std::string> firmware_;
  std::map<std::string, Holds, std::less<>> chip_;
};

}  // namespace modemedic::plan
