#include "base/wake_pipe.h"

#include <thread>

#include <gmock/gmock.h>
#include <poll.h>

namespace modemedic {
namespace {

bool readable(const WakePipe& pipe, int patience_ms) {
  pollfd wanted{pipe.readable(), POLLIN, 0};
  return poll(&wanted, 1, patience_ms) == 1;
}

TEST(WakePipe, WakesWhoWaits) {
  auto pipe = WakePipe::make().value();
  EXPECT_FALSE(readable(pipe, 0));
  std::thread waker([&] { pipe.wake(); });
  EXPECT_TRUE(readable(pipe, 10'000));
  waker.join();
  EXPECT_TRUE(readable(pipe, 0)) << "it stays so";
}

TEST(WakePipe, NeverBlocksWhoWakes) {
  auto pipe = WakePipe::make().value();
  for (int i = 0; i < 200'000; ++i) {
    pipe.wake();
  }
  EXPECT_TRUE(readable(pipe, 0));
}

}  // namespace
}  // namespace modemedic
