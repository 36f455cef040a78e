#include "virtual/in_process_bus.h"

#include "virtual/echo_device.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Manner = EchoFunction::Manner;
using usb::Zlp;

Buffer bytes_of(std::size_t size, int value = 0x5A) {
  Buffer bytes(size, static_cast<std::byte>(value));
  return bytes;
}

class InProcessBusTest : public testing::Test {
protected:
  InProcessBusTest() {
    bus.plug(modem, "1-1");
    bus.plug(other, "1-2");
  }

  std::unique_ptr<usb::Pipe> open(std::uint8_t interface_number = 0) {
    auto pipe = bus.open(bus.snapshot().value().at(0), interface_number);
    EXPECT_TRUE(pipe) << pipe.error().what;
    return pipe ? std::move(*pipe) : nullptr;
  }

  Deadline in(Duration patience) const { return Deadline::in(clock, patience); }

  std::string receive(usb::Pipe& pipe, std::size_t room = 16384, Duration patience = seconds(1)) {
    Buffer into(room);
    auto count = pipe.receive(into, in(patience));
    if (!count) {
      return std::string(name(count.error().code));
    }
    return std::string(as_text(ByteView(into).first(*count)));
  }

  std::string send(usb::Pipe& pipe, std::string_view text, Duration patience = seconds(1)) {
    auto sent = pipe.send(as_bytes(text), Zlp::never, in(patience));
    return sent ? "sent" : std::string(name(sent.error().code));
  }

  SimulatedClock clock;
  Timers timers{clock};
  EchoDevice modem{timers};
  EchoDevice other{timers};
  InProcessBus bus{clock, timers};
};

TEST_F(InProcessBusTest, SaysWhenTheModemBabblesAndGoesOn) {
  modem.appear(Manner::babble);
  auto pipe = open();
  EXPECT_EQ(send(*pipe, "AT"), "sent");
  EXPECT_EQ(receive(*pipe), name(Code::device_protocol));
  EXPECT_EQ(receive(*pipe), name(Code::timeout)) << "said once";
  EXPECT_EQ(send(*pipe, "AT"), "sent");
  EXPECT_EQ(receive(*pipe), name(Code::device_protocol));
}

TEST_F(InProcessBusTest, ShowsWhatIsThereInTheOrderOfPorts) {
  EXPECT_TRUE(bus.snapshot().value().empty());
  other.appear(Manner::echo);
  modem.appear(Manner::echo);
  auto devices = bus.snapshot().value();
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[0].port, "1-1");
  EXPECT_EQ(devices[1].port, "1-2");
  EXPECT_EQ(devices[0].fingerprint, echo_shape());
}

TEST_F(InProcessBusTest, WaitsForAChangeAndNotLonger) {
  EXPECT_FALSE(bus.wait_change(in(seconds(60))).value());
  EXPECT_EQ(clock.now(), TimePoint(seconds(60)));

  timers.after(seconds(2), [&] { modem.appear(Manner::echo); });
  timers.after(seconds(5), [&] { modem.leave(); });
  timers.after(seconds(6), [&] { modem.appear(Manner::echo); });
  EXPECT_TRUE(bus.wait_change(in(seconds(60))).value());
  EXPECT_EQ(clock.now(), TimePoint(seconds(62)));
  EXPECT_TRUE(bus.wait_change(in(seconds(60))).value()) << "nobody has looked since";
  auto first = bus.snapshot().value().at(0).enumeration;

  EXPECT_TRUE(bus.wait_change(in(seconds(60))).value());
  EXPECT_EQ(clock.now(), TimePoint(seconds(65)));
  EXPECT_TRUE(bus.snapshot().value().empty());
  EXPECT_TRUE(bus.wait_change(in(seconds(60))).value());
  EXPECT_NE(bus.snapshot().value().at(0).enumeration, first);
  EXPECT_FALSE(bus.wait_change(in(seconds(1))).value());
}

TEST_F(InProcessBusTest, CarriesTransfersBothWays) {
  modem.appear(Manner::echo);
  for (std::uint8_t interface_number : {std::uint8_t{0}, std::uint8_t{1}}) {
    auto pipe = open(interface_number);
    EXPECT_EQ(send(*pipe, "one"), "sent");
    EXPECT_EQ(send(*pipe, "two"), "sent");
    EXPECT_EQ(receive(*pipe), "one");
    EXPECT_EQ(receive(*pipe), "two");
    EXPECT_TRUE(pipe->flush(in(seconds(1))));
  }
  EXPECT_EQ(clock.now(), TimePoint{}) << "nothing of this takes time";
}

TEST_F(InProcessBusTest, CutsATransferWhereTheRoomEnds) {
  modem.appear(Manner::echo);
  auto pipe = open();
  EXPECT_EQ(send(*pipe, "abcdefgh"), "sent");
  EXPECT_EQ(receive(*pipe, 3), "abc");
  EXPECT_EQ(receive(*pipe, 3), "def");
  EXPECT_EQ(receive(*pipe, 3), "gh");
}

TEST_F(InProcessBusTest, CutsATransferThatComesWhileItWaits) {
  modem.appear(Manner::slow);
  auto pipe = open();
  timers.after(milliseconds(1), [&] { modem.function()->in(0x81)->write(bytes_of(5, 'x')); });
  EXPECT_EQ(receive(*pipe, 3), "xxx");
  EXPECT_EQ(receive(*pipe, 3), "xx");
}

TEST_F(InProcessBusTest, EndsAFullTransferWithZeroBytes) {
  modem.appear(Manner::echo);
  auto pipe = open();
  ASSERT_TRUE(pipe->send(bytes_of(16384), Zlp::if_multiple, in(seconds(1))));
  EXPECT_EQ(receive(*pipe).size(), 16384U);
  EXPECT_EQ(receive(*pipe), "");
  EXPECT_EQ(receive(*pipe, 16, milliseconds(1)), "timeout");
}

TEST_F(InProcessBusTest, SendsAZlpWhereItIsDue) {
  modem.appear(Manner::echo);
  auto pipe = open();

  struct Case {
    std::size_t size;
    Zlp zlp;
    bool ended;
  };

  for (auto [size, zlp, ended] :
       {Case{511, Zlp::never, true}, Case{512, Zlp::never, false}, Case{512, Zlp::if_multiple, true},
        Case{513, Zlp::if_multiple, true}, Case{16384, Zlp::never, false}, Case{0, Zlp::never, true}}) {
    modem.function()->seen.clear();
    ASSERT_TRUE(pipe->send(bytes_of(size), zlp, in(seconds(1))));
    EXPECT_EQ(modem.function()->seen.at(0), (EchoFunction::Seen{size, ended})) << size;
  }
  bus.habits.send_zlp = false;
  modem.function()->seen.clear();
  ASSERT_TRUE(pipe->send(bytes_of(512), Zlp::if_multiple, in(seconds(1))));
  EXPECT_EQ(modem.function()->seen.at(0), (EchoFunction::Seen{512, false}));
}

TEST_F(InProcessBusTest, MovesTheClockToWhatTheModemDoesNext) {
  modem.appear(Manner::slow);
  auto pipe = open();
  EXPECT_EQ(send(*pipe, "ping"), "sent");
  EXPECT_EQ(clock.now(), TimePoint(milliseconds(100)));
  EXPECT_EQ(receive(*pipe), "ping");
  EXPECT_EQ(clock.now(), TimePoint(milliseconds(100)));
}

TEST_F(InProcessBusTest, ATimeoutTakesTheTransferBack) {
  modem.appear(Manner::slow);
  auto pipe = open();
  EXPECT_EQ(send(*pipe, "ping", milliseconds(99)), "timeout");
  EXPECT_EQ(clock.now(), TimePoint(milliseconds(99)));
  EXPECT_EQ(receive(*pipe, 16, milliseconds(500)), "timeout");
  EXPECT_EQ(clock.now(), TimePoint(milliseconds(599)));
  EXPECT_TRUE(modem.function()->seen.empty());

  modem.appear(Manner::deaf);
  auto deaf = open();
  auto sent = deaf->send(bytes_of(70), Zlp::never, in(seconds(5)));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().what, "the modem took nothing of 70 bytes within 5 s");
  EXPECT_EQ(sent.error().device, "port 1-1");
}

TEST_F(InProcessBusTest, ADeadlineThatPassedStillTakesWhatIsThere) {
  modem.appear(Manner::echo);
  auto pipe = open();
  EXPECT_EQ(send(*pipe, "now", Duration::zero()), "sent");
  EXPECT_EQ(receive(*pipe, 16, Duration::zero()), "now");
  EXPECT_EQ(receive(*pipe, 16, Duration::zero()), "timeout");
}

TEST_F(InProcessBusTest, AStallIsANo) {
  modem.appear(Manner::stall);
  auto pipe = open();
  EXPECT_EQ(send(*pipe, "ping"), "device_refused");
}

TEST_F(InProcessBusTest, AModemThatLeavesIsLost) {
  modem.appear(Manner::deaf);
  auto pipe = open();
  timers.after(seconds(3), [&] { modem.leave(); });
  EXPECT_EQ(send(*pipe, "ping", seconds(10)), "modem_lost");
  EXPECT_EQ(clock.now(), TimePoint(seconds(3)));
  EXPECT_EQ(send(*pipe, "ping"), "modem_lost");
  EXPECT_EQ(receive(*pipe), "modem_lost");
  EXPECT_FALSE(pipe->flush(in(seconds(1))));

  modem.appear(Manner::echo);
  EXPECT_EQ(send(*pipe, "ping"), "modem_lost") << "another enumeration is another device";
  EXPECT_EQ(clock.now(), TimePoint(seconds(3)));

  auto again = open();
  timers.after(seconds(1), [&] { modem.appear(Manner::echo); });
  EXPECT_EQ(receive(*again, 16, seconds(10)), "modem_lost");
  EXPECT_EQ(clock.now(), TimePoint(seconds(4)));
}

TEST_F(InProcessBusTest, WhatCameBeforeTheModemLeftIsStillRead) {
  modem.appear(Manner::echo);
  auto pipe = open();
  EXPECT_EQ(send(*pipe, "last words"), "sent");
  modem.leave();
  EXPECT_EQ(receive(*pipe), "last words");
  EXPECT_EQ(receive(*pipe), "modem_lost");
}

TEST_F(InProcessBusTest, OpensOnlyWhatWasSeenAndIsStillThere) {
  modem.appear(Manner::echo);
  auto seen = bus.snapshot().value().at(0);
  modem.appear(Manner::echo);
  EXPECT_EQ(bus.open(seen, 0).error().code, Code::modem_lost);
  modem.leave();
  EXPECT_EQ(bus.open(seen, 0).error().code, Code::modem_lost);
  usb::DeviceInfo nowhere{"9-9", 1, {}};
  EXPECT_EQ(bus.open(nowhere, 0).error().code, Code::modem_lost);
  modem.appear(Manner::echo);
  EXPECT_EQ(bus.open(bus.snapshot().value().at(0), 7).error().code, Code::bug);
}

TEST_F(InProcessBusTest, GivesAnInterfaceToOneAtATime) {
  modem.appear(Manner::echo);
  auto seen = bus.snapshot().value().at(0);
  {
    auto pipe = bus.open(seen, 0);
    ASSERT_TRUE(pipe);
    EXPECT_EQ(bus.open(seen, 0).error().code, Code::busy);
    EXPECT_TRUE(bus.open(seen, 1)) << "another interface is free";
  }
  EXPECT_TRUE(bus.open(seen, 0)) << "closing gives it back";
}

TEST_F(InProcessBusTest, ReadsAheadAsLongAsItIsOpen) {
  modem.appear(Manner::echo);
  auto pipe = open();
  auto& in_endpoint = *modem.function()->in(0x81);
  for (int i = 0; i < 5; ++i) {
    in_endpoint.write(bytes_of(3, 'a' + i));
    EXPECT_TRUE(in_endpoint.drained()) << "the modem needn't wait for receive()";
  }
  EXPECT_EQ(receive(*pipe), "aaa");
  EXPECT_EQ(receive(*pipe), "bbb");
}

TEST_F(InProcessBusTest, ReadsAheadWithinBounds) {
  modem.appear(Manner::echo);
  auto pipe = open();
  auto& in_endpoint = *modem.function()->in(0x81);
  int written = 0;
  while (in_endpoint.drained() && written < 10000) {
    in_endpoint.write(bytes_of(1, written++ % 100));
  }
  EXPECT_LE(written, 100);
  for (int i = 0; i < written; ++i) {
    EXPECT_EQ(receive(*pipe), std::string(1, static_cast<char>(i % 100)));
  }
  EXPECT_TRUE(in_endpoint.drained());
  EXPECT_EQ(receive(*pipe, 16, milliseconds(1)), "timeout");
}

TEST_F(InProcessBusTest, AHostWithoutAPendingInTransferLeavesTheModemWaiting) {
  bus.habits.keep_in_pending = false;
  modem.appear(Manner::echo);
  auto pipe = open();
  EXPECT_EQ(send(*pipe, "one"), "sent");
  EXPECT_FALSE(modem.function()->in(0x81)->drained());
  EXPECT_EQ(receive(*pipe), "one");
  EXPECT_EQ(receive(*pipe, 16, milliseconds(5)), "timeout");
  EXPECT_EQ(send(*pipe, "two"), "sent");
  EXPECT_FALSE(modem.function()->in(0x81)->drained());
  EXPECT_EQ(receive(*pipe), "two");
}

TEST_F(InProcessBusTest, ClosingLeavesNoTransferBehind) {
  modem.appear(Manner::echo);
  open().reset();
  auto& in_endpoint = *modem.function()->in(0x81);
  in_endpoint.write(bytes_of(3, 'a'));
  EXPECT_FALSE(in_endpoint.drained());
  auto pipe = open();
  EXPECT_EQ(receive(*pipe), "aaa") << "what nobody read is for the next who opens";
}

TEST_F(InProcessBusTest, HandsOverTheCallersOwnBytes) {
  modem.appear(Manner::deaf);
  auto pipe = open();
  auto bytes = bytes_of(16384);
  const std::byte* seen = nullptr;
  modem.function()->out(0x01)->on_submit = [&] {
    seen = modem.function()->out(0x01)->front().data.data();
    modem.function()->out(0x01)->accept();
  };
  ASSERT_TRUE(pipe->send(bytes, Zlp::never, in(seconds(1))));
  EXPECT_EQ(seen, bytes.data());
}

}  // namespace
}  // namespace modemedic::twin
