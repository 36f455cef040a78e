#include "operation/run_fastboot.h"
#include "operation/run_firehose.h"
#include "operation/run_sahara.h"
#include "virtual/timers.h"

#include <gtest/gtest.h>

/// A modem that never stops sending and never says anything: no wait may be renewed by it.
namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;

/// Takes everything, and sends the same transfer for ever, 8 in a millisecond as high-speed USB has it.
class BabblingPipe final : public usb::Pipe {
public:
  explicit BabblingPipe(std::vector<std::string> first = {}, std::string then = "")
      : first_(std::move(first)), then_(std::move(then)) {}

  Result<void> send(ByteView /*bytes*/, usb::Zlp /*zlp*/, Deadline /*deadline*/) override {
    answered_ = first_.size();
    return {};
  }

  Result<void> flush(Deadline /*deadline*/) override { return {}; }

  Result<std::size_t> receive(std::span<std::byte> into, Deadline /*deadline*/) override {
    if (clock.now().time_since_epoch() > 1h) {
      return fail(Code::bug).what("an hour has gone by");
    }
    clock.advance_to(clock.now() + 125us);
    const auto& text = answered_ > 0 ? first_[first_.size() - answered_--] : then_;
    auto bytes = as_bytes(text);
    std::copy(bytes.begin(), bytes.end(), into.begin());
    return bytes.size();
  }

  twin::SimulatedClock clock;

private:
  std::vector<std::string> first_;
  std::string then_;
  std::size_t answered_ = 0;
};

TEST(EmptyTransfers, AreNoHello) {
  BabblingPipe pipe;
  auto end = run_sahara(pipe, pipe.clock, {{13, as_bytes("x")}});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::timeout);
  EXPECT_LT(pipe.clock.now().time_since_epoch(), 1min);
}

TEST(EmptyTransfers, AreNoAnswerOfABootLoader) {
  BabblingPipe pipe;
  auto reply = run_fastboot(pipe, pipe.clock, "getvar:version", 2s);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::timeout);
}

TEST(EmptyTransfers, AreNoAnswerOfAProgrammer) {
  BabblingPipe pipe;
  EventRecorder events;
  FirehoseLink link(pipe, pipe.clock, events);
  auto reply = link.run(protocol::firehose::Nop{});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::timeout);
}

TEST(EmptyTransfers, AreNoRawData) {
  BabblingPipe pipe({"<?xml version=\"1.0\" ?><data><response value=\"ACK\" rawmode=\"true\" /></data>"});
  EventRecorder events;
  FirehoseLink link(pipe, pipe.clock, events);
  auto reply = link.read({Geometry{}, {{0}, {64}}, false}, [](ByteView) { return Result<void>{}; });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::timeout);
}

TEST(ALogWithoutEnd, KeepsNobodyWhoBringsAProgrammerOutOfRawMode) {
  BabblingPipe pipe({}, "<log value=\"waiting\"/>");
  EventRecorder events;
  FirehoseLink link(pipe, pipe.clock, events);
  auto left = link.leave_raw_mode(2048, 64_KiB);
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().code, Code::device_protocol);
}

}  // namespace
}  // namespace modemedic::operation
