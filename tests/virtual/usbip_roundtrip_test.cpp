#include "usb/usbip_bus.h"
#include "virtual/echo_device.h"
#include "virtual/usbip_server.h"

#include <string>
#include <thread>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

namespace modemedic::twin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Manner = EchoFunction::Manner;
using usb::Zlp;

/// Our client against our server, over a real socket. Each has tests of its own against the published bytes; here they
/// have to understand each other.
class UsbIpRoundTrip : public testing::Test {
public:
  UsbIpRoundTrip() : server_(UsbIpServer::listen("127.0.0.1", 0, timers).value()), stop_(eventfd(0, EFD_CLOEXEC)) {
    server_->export_modem(modem, "1-1");
  }

  ~UsbIpRoundTrip() override {
    if (thread_.joinable()) {
      eventfd_write(stop_.get(), 1);
      thread_.join();
    }
  }

protected:
  void serve(Manner manner) {
    modem.appear(manner);
    thread_ = std::thread([this] { EXPECT_TRUE(server_->run(stop_.get())); });
    auto connected = usb::UsbIpBus::connect("127.0.0.1", server_->port(), clock);
    ASSERT_TRUE(connected) << connected.error().what;
    bus = std::move(*connected);
  }

  UsbIpServer& server() { return *server_; }

  Deadline soon() const { return Deadline::in(clock, seconds(10)); }

  std::unique_ptr<usb::Pipe> open(std::uint8_t interface_number) {
    auto devices = bus->snapshot();
    EXPECT_TRUE(devices) << devices.error().what;
    auto pipe = bus->open(devices->at(0), interface_number);
    EXPECT_TRUE(pipe) << pipe.error().what;
    return std::move(*pipe);
  }

  SteadyClock clock;
  Timers timers{clock};
  EchoDevice modem{timers};
  std::unique_ptr<usb::UsbIpBus> bus;

private:
  std::unique_ptr<UsbIpServer> server_;
  Descriptor stop_;
  std::thread thread_;
};

TEST_F(UsbIpRoundTrip, ShowsTheWholeFingerprint) {
  serve(Manner::echo);
  auto devices = bus->snapshot();
  ASSERT_TRUE(devices) << devices.error().what;
  ASSERT_EQ(devices->size(), 1U);
  EXPECT_EQ(devices->front().port, "1-1");
  EXPECT_EQ(devices->front().fingerprint, echo_shape());
}

TEST_F(UsbIpRoundTrip, EchoesOnEachInterface) {
  serve(Manner::echo);
  for (std::uint8_t interface_number : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{0}}) {
    auto pipe = open(interface_number);
    for (std::size_t size : {1U, 511U, 512U, 513U, 8192U, 16383U, 40000U}) {
      Buffer sent(size, static_cast<std::byte>(size));
      ASSERT_TRUE(pipe->send(sent, Zlp::if_multiple, soon()));
      Buffer got(size);
      std::size_t have = 0;
      while (have < size) {
        auto count = pipe->receive(std::span(got).subspan(have), soon());
        ASSERT_TRUE(count) << size << ": " << count.error().what;
        have += *count;
      }
      EXPECT_EQ(got, sent);
    }
  }
}

TEST_F(UsbIpRoundTrip, LeavesTheAnswerToTheLastSendForTheNextHost) {
  serve(Manner::echo);
  Buffer into(64);
  for (int i = 0; i < 50; ++i) {  // an answer that is under way when the pipe closes would be lost now and then
    auto pipe = open(0);
    ASSERT_TRUE(pipe->send(as_bytes("HELLO"), Zlp::never, soon()));
    EXPECT_EQ(pipe->receive(into, soon()).value(), 5U);
    auto last = pipe->send_last(as_bytes("AGAIN!"), soon());
    ASSERT_TRUE(last) << last.error().what;
    pipe.reset();
    auto next = open(0);
    EXPECT_EQ(next->receive(into, soon()).value(), 6U);
  }
}

TEST_F(UsbIpRoundTrip, SaysWhenTheModemBabbles) {
  serve(Manner::babble);
  auto pipe = open(0);
  ASSERT_TRUE(pipe->send(as_bytes("AT"), Zlp::never, soon()));
  Buffer into(64);
  auto received = pipe->receive(into, soon());
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, Code::device_protocol) << received.error().what;
}

/// As many as a bus may have (USB 2.0, 4.1).
TEST_F(UsbIpRoundTrip, FindsOneAmong127Devices) {
  constexpr std::size_t most = 127;
  std::vector<std::unique_ptr<EchoDevice>> others;
  for (std::size_t i = 1; i < most; ++i) {
    others.push_back(std::make_unique<EchoDevice>(timers));
    others.back()->appear(Manner::deaf);
    server().export_modem(*others.back(), fmt::format("1-2.{}", i));
  }
  serve(Manner::echo);
  auto devices = bus->snapshot();
  ASSERT_TRUE(devices) << devices.error().what;
  ASSERT_EQ(devices->size(), most);
  EXPECT_EQ(devices->at(0).port, "1-1");
  EXPECT_EQ(devices->at(most - 1).fingerprint, echo_shape());
  auto pipe = open(0);
  ASSERT_TRUE(pipe->send(as_bytes("AT"), Zlp::never, soon()));
  Buffer into(64);
  EXPECT_EQ(pipe->receive(into, soon()).value(), 2U);
}

TEST_F(UsbIpRoundTrip, BranchesForAnotherThread) {
  serve(Manner::echo);
  auto device = bus->snapshot().value().at(0);
  auto branch = bus->branch(device);
  ASSERT_TRUE(branch) << branch.error().what;
  std::thread([&] {
    auto pipe = branch->bus->open(branch->device, 0);
    ASSERT_TRUE(pipe) << pipe.error().what;
    EXPECT_TRUE((*pipe)->send(as_bytes("HELLO"), Zlp::never, soon()));
  }).join();
  device.enumeration += 1;
  EXPECT_EQ(bus->branch(device).error().code, Code::modem_lost);
}

TEST_F(UsbIpRoundTrip, SeesAModemLeaveAndComeBackAsAnother) {
  modem.heard = [this](std::string_view text) {
    if (text == "switch") {
      timers.after(milliseconds(20), [this] { modem.leave(); });
      timers.after(milliseconds(60), [this] { modem.appear(Manner::echo); });
    }
  };
  serve(Manner::echo);
  auto before = bus->snapshot().value().at(0);
  auto pipe = bus->open(before, 0).value();
  ASSERT_TRUE(pipe->send(as_bytes("switch"), Zlp::never, soon()));
  Buffer into(64);
  EXPECT_EQ(pipe->receive(into, soon()).value(), 6U);
  auto lost = pipe->receive(into, soon());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::modem_lost);
  pipe.reset();

  std::vector<usb::DeviceInfo> devices;
  auto until = soon();
  while ((devices.empty() || devices[0].enumeration == before.enumeration) && !until.passed(clock)) {
    ASSERT_TRUE(bus->wait_change(until));
    devices = bus->snapshot().value();
  }
  ASSERT_EQ(devices.size(), 1U);
  EXPECT_NE(devices[0].enumeration, before.enumeration);
  EXPECT_TRUE(bus->open(devices[0], 0));
}

TEST_F(UsbIpRoundTrip, CarriesABulkOfDataWhole) {
  serve(Manner::sink);
  auto pipe = open(0);
  Buffer chunk(16384, std::byte{7});
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(pipe->send(chunk, Zlp::if_multiple, soon()));
  }
  ASSERT_TRUE(pipe->flush(soon()));
  EXPECT_EQ(modem.function()->bytes, 2000U * 16384U);
}

}  // namespace
}  // namespace modemedic::twin
