#include "virtual/device_link.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A boot ROM that has asked for something and waits until the host has read the question.
class DeviceLinkTest : public testing::Test {
protected:
  void ask_without_a_reader() { link.run(ask()); }

  DeviceTask ask() {
    co_await link.sent(Buffer(20), false);
    co_await link.received();
  }

  void send(ByteView bytes) {
    out.submit(bytes, false, [this](UrbStatus status, std::size_t actual) {
      EXPECT_EQ(status, UrbStatus::ok);
      taken.push_back(actual);
    });
  }

  SimulatedClock clock;
  Timers timers{clock};
  OutEndpoint out;
  InEndpoint in;
  DeviceLink link{out, in, timers};
  std::vector<std::size_t> taken;
  const Buffer data = Buffer(512);
};

TEST_F(DeviceLinkTest, DropsZeroLengthTransfersWhereTheyComeWhenToldTo) {
  link.drop_zlps(true);
  ask_without_a_reader();
  send({});
  send({});
  EXPECT_THAT(taken, ElementsAre(0, 0)) << "although the task waits for something else";
  send(data);
  EXPECT_THAT(taken, ElementsAre(0, 0)) << "what has bytes is the task's";
  send({});
  EXPECT_THAT(taken, ElementsAre(0, 0)) << "and nothing overtakes it";
}

TEST_F(DeviceLinkTest, KeepsZeroLengthTransfersForTheTaskOtherwise) {
  ask_without_a_reader();
  send({});
  EXPECT_THAT(taken, IsEmpty());
  link.drop_zlps(true);
  link.drop_zlps(false);
  send({});
  EXPECT_THAT(taken, IsEmpty());
}

}  // namespace
}  // namespace modemedic::twin
