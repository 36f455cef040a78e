// Virtual devices on this machine's own USB, reached by libusb. Needs Linux's vhci_hcd and root, as the guest has them
// (docs/guest.md); elsewhere these tests are skipped.

#include "usb/libusb_bus.h"
#include "usb/vhci_host.h"
#include "virtual/echo_device.h"
#include "virtual/usbip_server.h"

#include <thread>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

namespace modemedic::twin {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Manner = EchoFunction::Manner;

class Vhci : public testing::Test {
protected:
  void SetUp() override {
    auto opened = usb::VhciHost::open();
    if (!opened) {
      GTEST_SKIP() << opened.error().what;
    }
    vhci = std::move(*opened);
    server->plug_into(*vhci);
    server->export_modem(modem, "1-1");
    server->export_modem(other, "1-2");
    modem.heard = [this](std::string_view text) { obey(text); };
    auto started = usb::LibusbBus::start(clock, sysfs);
    ASSERT_TRUE(started) << started.error().what;
    bus = std::move(*started);
  }

  void TearDown() override {
    if (thread.joinable()) {
      eventfd_write(stop.get(), 1);
      thread.join();
      ASSERT_TRUE(wait_for([](const auto& seen) { return seen.empty(); }));
    }
  }

  void serve() {
    thread = std::thread([this] { EXPECT_TRUE(server->run(stop.get())); });
  }

  /// In the server's thread.
  void obey(std::string_view text) {
    if (text == "leave") {
      timers.after(0s, [this] { modem.leave(); });
    } else if (text == "switch") {
      timers.after(0s, [this] { modem.appear(Manner::echo); });
    } else if (text == "deafen") {
      timers.after(0s, [this] { modem.appear(Manner::deaf); });
    }
  }

  /// Our devices on the bus, as soon as `enough` likes them.
  bool wait_for(const std::function<bool(const std::vector<usb::DeviceInfo>&)>& enough) {
    auto deadline = Deadline::in(clock, 20s);
    for (;;) {
      auto all = bus->snapshot();
      EXPECT_TRUE(all) << all.error().what;
      devices.clear();
      std::ranges::copy_if(*all, std::back_inserter(devices),
                           [](const auto& device) { return device.fingerprint.pid == echo_shape().pid; });
      if (enough(devices)) {
        return true;
      }
      auto changed = bus->wait_change(deadline);
      if (!changed || !*changed) {
        return false;
      }
    }
  }

  bool wait_for_one() {
    return wait_for([](const auto& seen) { return seen.size() == 1; });
  }

  std::unique_ptr<usb::Pipe> open(std::uint8_t interface_number = 0) {
    auto pipe = bus->open(devices.at(0), interface_number);
    EXPECT_TRUE(pipe) << pipe.error().what;
    return pipe ? std::move(*pipe) : nullptr;
  }

  Deadline soon() const { return Deadline::in(clock, 5s); }

  std::string receive(usb::Pipe& pipe) const {
    Buffer buffer(65536);
    auto count = pipe.receive(buffer, soon());
    return count ? std::string(as_text(ByteView(buffer).first(*count))) : "error: " + count.error().what;
  }

  SteadyClock clock;
  usb::Sysfs sysfs;
  Timers timers{clock};
  EchoDevice modem{timers};
  EchoDevice other{timers};
  std::optional<usb::VhciHost> vhci;
  std::unique_ptr<UsbIpServer> server = UsbIpServer::listen("127.0.0.1", 0, timers).value();
  Descriptor stop{eventfd(0, EFD_CLOEXEC)};
  std::thread thread;
  std::unique_ptr<usb::LibusbBus> bus;
  std::vector<usb::DeviceInfo> devices;
};

/// libusb itself lists the devices and tells of them. In a process of its own: what a context of libusb discovers is
/// decided for all that follow.
class VhciWithoutSysfs : public Vhci {
protected:
  VhciWithoutSysfs() { sysfs = usb::Sysfs("/nowhere"); }
};

TEST_F(VhciWithoutSysfs, ListsOpensAndFollows) {
  modem.appear(Manner::echo);
  other.appear(Manner::echo);
  serve();
  ASSERT_TRUE(wait_for([](const auto& seen) { return seen.size() == 2; }));
  EXPECT_EQ(devices[0].fingerprint, echo_shape());
  EXPECT_TRUE(devices[0].port.ends_with("-1")) << devices[0].port;
  auto before = devices[0];
  auto pipe = open();
  ASSERT_TRUE(pipe);
  ASSERT_TRUE(pipe->send(as_bytes("hello"), usb::Zlp::never, soon()));
  EXPECT_EQ(receive(*pipe), "hello");
  ASSERT_TRUE(pipe->send(as_bytes("switch"), usb::Zlp::never, soon()));
  ASSERT_TRUE(wait_for([&](const auto& seen) {
    return seen.size() == 2 && seen[0].port == before.port && seen[0].enumeration != before.enumeration;
  }));
  EXPECT_FALSE(bus->open(before, 0));
  EXPECT_TRUE(open());
}

TEST_F(Vhci, ShowsLibusbTheWholeFingerprint) {
  modem.appear(Manner::echo);
  other.appear(Manner::echo);
  serve();
  ASSERT_TRUE(wait_for([](const auto& seen) { return seen.size() == 2; }));
  auto expected = echo_shape();
  EXPECT_EQ(devices[0].fingerprint, expected);
  EXPECT_TRUE(devices[0].port.ends_with("-1")) << devices[0].port;
  EXPECT_TRUE(devices[1].port.ends_with("-2")) << devices[1].port;
  EXPECT_NE(devices[0].enumeration, devices[1].enumeration);
}

TEST_F(Vhci, CarriesTransfersOfEverySizeBothWays) {
  modem.appear(Manner::echo);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto pipe = open();
  ASSERT_TRUE(pipe);
  for (std::size_t size : {1U, 511U, 512U, 513U, 1024U, 8192U, 16383U}) {
    std::string text(size, static_cast<char>('a' + size % 26));
    ASSERT_TRUE(pipe->send(as_bytes(text), usb::Zlp::if_multiple, soon()));
    EXPECT_EQ(receive(*pipe), text);
    if (size % 512 == 0) {
      // The URB is larger than the transfer, so the ZLP that ends it is no transfer of its own.
      EXPECT_TRUE(modem.function()->seen.back().ended) << size;
    }
  }
  ASSERT_TRUE(pipe->send(as_bytes(std::string(512, 'z')), usb::Zlp::never, soon()));
  EXPECT_EQ(receive(*pipe).size(), 512);
  EXPECT_FALSE(modem.function()->seen.back().ended);
}

TEST_F(Vhci, KeepsOrderWithManyTransfersInFlight) {
  modem.appear(Manner::echo);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto pipe = open();
  ASSERT_TRUE(pipe);
  for (auto i = 0; i < 200; ++i) {
    ASSERT_TRUE(pipe->send(as_bytes(fmt::format("transfer {}", i)), usb::Zlp::never, soon()));
  }
  ASSERT_TRUE(pipe->flush(soon()));
  for (auto i = 0; i < 200; ++i) {
    ASSERT_EQ(receive(*pipe), fmt::format("transfer {}", i));
  }
}

TEST_F(Vhci, SendsInSeveralTransfersWhatIsTooLargeForOne) {
  modem.appear(Manner::sink);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto pipe = open();
  ASSERT_TRUE(pipe);
  Buffer bytes(3_MiB + 512);
  ASSERT_TRUE(pipe->send(bytes, usb::Zlp::if_multiple, soon()));
  ASSERT_TRUE(pipe->flush(soon()));
  EXPECT_EQ(modem.function()->bytes, bytes.size());
}

TEST_F(Vhci, SaysWhenTheModemTakesNothing) {
  modem.appear(Manner::deaf);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto pipe = open();
  ASSERT_TRUE(pipe);
  auto started = clock.now();
  ASSERT_TRUE(pipe->send(as_bytes("hello?"), usb::Zlp::never, soon()));
  auto flushed = pipe->flush(Deadline::in(clock, 200ms));
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, Code::timeout);
  Buffer buffer(512);
  auto received = pipe->receive(buffer, Deadline::in(clock, 200ms));
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, Code::timeout);
  pipe.reset();
  EXPECT_LT(clock.now() - started, 2s);
}

TEST_F(Vhci, TellsAStallApart) {
  modem.appear(Manner::stall);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto pipe = open();
  ASSERT_TRUE(pipe);
  ASSERT_TRUE(pipe->send(as_bytes("AT"), usb::Zlp::never, soon()));
  auto flushed = pipe->flush(soon());
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, Code::device_protocol);
  EXPECT_THAT(flushed.error().what, HasSubstr("stall"));
}

TEST_F(Vhci, TellsAModemThatBabblesApart) {
  modem.appear(Manner::babble);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto pipe = open();
  ASSERT_TRUE(pipe);
  for (auto i = 0; i < 2; ++i) {
    ASSERT_TRUE(pipe->send(as_bytes("AT"), usb::Zlp::never, soon()));
    Buffer buffer(512);
    auto received = pipe->receive(buffer, soon());
    ASSERT_FALSE(received);
    EXPECT_EQ(received.error().code, Code::device_protocol);
    EXPECT_THAT(received.error().what, HasSubstr("OVERFLOW"));
  }
}

TEST_F(Vhci, TellsAModemThatLeaves) {
  modem.appear(Manner::echo);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto pipe = open();
  ASSERT_TRUE(pipe);
  ASSERT_TRUE(pipe->send(as_bytes("leave"), usb::Zlp::never, soon()));
  Result<std::size_t> received = 0;
  for (auto i = 0; i < 3 && received; ++i) {  // its echo may still come
    Buffer buffer(512);
    received = pipe->receive(buffer, soon());
  }
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, Code::modem_lost) << received.error().what;
  auto gone = devices.at(0);
  EXPECT_TRUE(wait_for([](const auto& seen) { return seen.empty(); }));
  auto again = bus->open(gone, 0);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::modem_lost);
}

TEST_F(Vhci, FollowsAModeSwitchOnItsPort) {
  modem.appear(Manner::echo);
  serve();
  ASSERT_TRUE(wait_for_one());
  for (auto i = 0; i < 5; ++i) {
    auto before = devices.at(0);
    auto pipe = open();
    ASSERT_TRUE(pipe);
    ASSERT_TRUE(pipe->send(as_bytes("switch"), usb::Zlp::never, soon()));
    ASSERT_TRUE(
        wait_for([&](const auto& seen) { return seen.size() == 1 && seen[0].enumeration != before.enumeration; }));
    EXPECT_EQ(devices[0].port, before.port);
  }
}

/// As the kernel tells it: a modem at USB 3 speed whose boot ROM knows USB 2 alone.
TEST_F(Vhci, TellsTheOtherHalfOfAConnector) {
  modem.appear(Manner::echo, usb::Speed::super);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto running = devices.at(0);
  EXPECT_EQ(running.fingerprint, echo_shape(usb::Speed::super));
  EXPECT_TRUE(running.companion.ends_with("-1")) << running.companion;
  EXPECT_NE(running.companion, running.port);
  auto pipe = open();
  ASSERT_TRUE(pipe);
  ASSERT_TRUE(pipe->send(as_bytes("switch"), usb::Zlp::never, soon()));
  ASSERT_TRUE(
      wait_for([](const auto& seen) { return seen.size() == 1 && seen[0].fingerprint.speed == usb::Speed::high; }));
  EXPECT_EQ(devices[0].port, running.companion);
}

TEST_F(Vhci, NamesWhoHoldsAnInterface) {
  modem.appear(Manner::echo);
  serve();
  ASSERT_TRUE(wait_for_one());
  auto first = open();
  ASSERT_TRUE(first);
  auto started = clock.now();
  auto second = bus->open(devices.at(0), 0);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::busy) << second.error().what;
  EXPECT_LT(clock.now() - started, 3s);
  EXPECT_TRUE(open(1)) << "another interface is free";
  first.reset();
  EXPECT_TRUE(open(0));
}

}  // namespace
}  // namespace modemedic::twin
