#pragma once

#include "base/descriptor.h"
#include "base/error.h"

namespace modemedic {

/// Wakes a thread that waits in poll(): its reading end becomes readable, and stays so.
class WakePipe {
public:
  /// @return Code::io when there is no descriptor left
  static Result<WakePipe> make();

  /// From any thread, any number of times.
  void wake() const;

  int readable() const { return reading_.get(); }

private:
  WakePipe(Descriptor reading, Descriptor writing) : reading_(std::move(reading)), writing_(std::move(writing)) {}

  Descriptor reading_;
  Descriptor writing_;
};

}  // namespace modemedic
