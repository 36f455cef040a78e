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
/// programmed again, and so is one that the programmer stopped taking in the middle, once it takes commands again.
class ImageProgrammer {
public:
  /// @param chip  brought up to date where a block may have turned bad
  ImageProgrammer(FirehoseLink& link, const firmware::Package& package, const plan::ProvenPlan& plan,
                  plan::ChipReport& chip, Events& events)
      : link_(link), package_(package), plan_(plan), chip_(chip), events_(events) {}

  /// @param tries  how often at most it is programmed
  /// @param sent   told the bytes sent so far; starts anew with each try
  /// @return whether it was read back; Code::device_refused when it can't be written well; Code::package_bad when the
  /// file changed meanwhile;
  ///         Code::interrupted
  Result<bool> program(const firmware::Image& image, unsigned tries, const std::function<void(std::uint64_t)>& sent,
                       const std::stop_token& stop);

private:
  /// How one try went: nothing when it is to be believed, else what the programmer said.
  using Doubt = std::optional<std::string>;

  Result<Doubt> try_once(const firmware::Image& image, const std::function<void(std::uint64_t)>& sent,
                         const std::stop_token& stop);
  Result<Doubt> regain(Error error);
  Result<void> erase_again(const firmware::Image& image);

  FirehoseLink& link_;
  const firmware::Package& package_;
  const plan::ProvenPlan& plan_;
  plan::ChipReport& chip_;
  Events& events_;
};

}  // namespace modemedic::operation
