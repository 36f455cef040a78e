#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "operation/run_firehose.h"
#include "plan/plan.h"

#include <cstdint>
#include <functional>
#include <stop_token>

namespace modemedic::operation {

/// Programs one image of a package into its erased partition. What the programmer only hints at (`mismatch with
/// new_sector_address`, facts: trap 3) or refuses half-way is read back; an image that is not right is erased and
/// programmed again.
class ImageProgrammer {
public:
  ImageProgrammer(FirehoseLink& link, const firmware::Package& package, const plan::ChipReport& chip, Events& events)
      : link_(link), package_(package), chip_(chip), events_(events) {}

  /// @param tries  how often at most it is programmed
  /// @param sent   told the bytes sent so far; starts anew with each try
  /// @return Code::device_refused when it can't be written well; Code::package_bad when the file changed meanwhile;
  ///         Code::interrupted
  Result<void> program(const firmware::Image& image, unsigned tries, const std::function<void(std::uint64_t)>& sent,
                       const std::stop_token& stop);

private:
  /// How one try went: nothing when it is to be believed, else what the programmer said.
  using Doubt = std::optional<std::string>;

  Result<Doubt> try_once(const firmware::Image& image, const std::function<void(std::uint64_t)>& sent,
                         const std::stop_token& stop);
  Result<void> erase_again(const firmware::Image& image);

  FirehoseLink& link_;
  const firmware::Package& package_;
  const plan::ChipReport& chip_;
  Events& events_;
};

}  // namespace modemedic::operation
