#include "usb/usbip_bus.h"

#include "usb/fake_usbip_server.h"

#include <gmock/gmock.h>

namespace modemedic::usb {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class UsbIpBusTest : public testing::Test {
protected:
  std::unique_ptr<UsbIpBus> connected() {
    auto bus = UsbIpBus::connect("127.0.0.1", server_.port(), clock_);
    EXPECT_TRUE(bus) << bus.error().what;
    return bus ? std::move(*bus) : nullptr;
  }

  Deadline in(Duration patience) { return Deadline::in(clock_, patience); }

  SteadyClock clock_;
  FakeUsbIpServer server_;
};

TEST_F(UsbIpBusTest, SaysWhenNoServerAnswers) {
  auto port = server_.port();
  server_.stop();
  auto bus = UsbIpBus::connect("127.0.0.1", port, clock_);
  ASSERT_FALSE(bus);
  EXPECT_EQ(bus.error().code, Code::io);
  EXPECT_THAT(bus.error().what, HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_FALSE(bus.error().hint.empty());
}

TEST_F(UsbIpBusTest, SaysWhenANameMeansNothing) {
  auto bus = UsbIpBus::connect("no-such-host.invalid", 3240, clock_);
  ASSERT_FALSE(bus);
  EXPECT_EQ(bus.error().code, Code::io);
}

TEST_F(UsbIpBusTest, ShowsADeviceWithAllItsDescriptorsTell) {
  auto devices = connected()->snapshot();
  ASSERT_TRUE(devices);
  ASSERT_EQ(devices->size(), 1U);
  const auto& device = devices->front();
  EXPECT_EQ(device.port, "1-1");
  const auto& shape = device.fingerprint;
  EXPECT_EQ(shape.vid, 0x05c6);
  EXPECT_EQ(shape.pid, 0x9008);
  EXPECT_EQ(shape.manufacturer, "Qualcomm CDMA");
  EXPECT_EQ(shape.product, "QUSB__BULK");
  EXPECT_EQ(shape.serial, "");
  EXPECT_EQ(shape.speed, Speed::high);
  ASSERT_EQ(shape.interfaces.size(), 1U);
  EXPECT_TRUE(bulk_pair(shape.interfaces[0]));
}

TEST_F(UsbIpBusTest, AsksADeviceForItsDescriptorsOnce) {
  auto bus = connected();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(bus->snapshot());
  }
  EXPECT_EQ(server_.imports(), 1);
}

TEST_F(UsbIpBusTest, ListsDevicesByPort) {
  server_.set_devices({edl_device("2-1", 9), edl_device("1-1.4", 3), edl_device("1-1", 2)});
  auto devices = connected()->snapshot();
  ASSERT_TRUE(devices);
  std::vector<std::string> ports;
  for (const auto& device : *devices) {
    ports.push_back(device.port);
  }
  EXPECT_THAT(ports, testing::ElementsAre("1-1", "1-1.4", "2-1"));
}

TEST_F(UsbIpBusTest, ListsADeviceThatSomebodyElseHasAsFarAsItIsKnown) {
  server_.set_import_status(2);
  auto devices = connected()->snapshot();
  ASSERT_TRUE(devices);
  ASSERT_EQ(devices->size(), 1U);
  EXPECT_EQ(devices->front().fingerprint.pid, 0x9008);
  EXPECT_EQ(devices->front().fingerprint.interfaces.size(), 1U);
  EXPECT_THAT(devices->front().fingerprint.product, IsEmpty());
}

TEST_F(UsbIpBusTest, ListsADeviceThatLiesAboutItselfAsFarAsItIsKnown) {
  server_.set_session([](FakeUsbIpServer::Connection& connection) {
    while (auto urb = connection.read_urb()) {
      connection.reply(urb->header.seqnum, 0, 0x7fffffff);
    }
  });
  auto devices = connected()->snapshot();
  ASSERT_TRUE(devices);
  ASSERT_EQ(devices->size(), 1U);
  EXPECT_THAT(devices->front().fingerprint.product, IsEmpty());
}

TEST_F(UsbIpBusTest, SeesADeviceComeAndGo) {
  auto bus = connected();
  ASSERT_TRUE(bus->snapshot());
  EXPECT_FALSE(*bus->wait_change(in(50ms)));
  std::thread later([this] {
    std::this_thread::sleep_for(50ms);
    server_.set_devices({});
  });
  EXPECT_TRUE(*bus->wait_change(in(10s)));
  later.join();
  EXPECT_THAT(*bus->snapshot(), IsEmpty());
  EXPECT_FALSE(*bus->wait_change(in(30ms)));
  server_.set_devices({edl_device("1-1", 4)});
  EXPECT_TRUE(*bus->wait_change(in(10s)));
  EXPECT_EQ(bus->snapshot()->size(), 1U);
}

TEST_F(UsbIpBusTest, TellsTwoEnumerationsOnOnePortApart) {
  auto bus = connected();
  auto before = bus->snapshot()->front();
  server_.set_devices({edl_device("1-1", 5)});
  EXPECT_TRUE(*bus->wait_change(in(10s)));
  auto after = bus->snapshot()->front();
  EXPECT_EQ(before.port, after.port);
  EXPECT_NE(before.enumeration, after.enumeration);
  auto pipe = bus->open(before, 0);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().code, Code::modem_lost);
  EXPECT_TRUE(bus->open(after, 0));
}

TEST_F(UsbIpBusTest, DoesNotOpenADeviceThatChangedSinceItWasSeen) {
  auto bus = connected();
  auto before = bus->snapshot()->front();
  server_.set_devices({edl_device("1-1", 5)});
  auto pipe = bus->open(before, 0);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().code, Code::modem_lost);
  server_.set_devices({});
  pipe = bus->open(before, 0);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().code, Code::modem_lost);
}

TEST_F(UsbIpBusTest, OpensADeviceForOneUserAtATime) {
  auto bus = connected();
  auto device = bus->snapshot()->front();
  {
    auto first = bus->open(device, 0);
    ASSERT_TRUE(first);
    auto second = bus->open(device, 0);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::busy);
  }
  EXPECT_TRUE(bus->open(device, 0));
}

TEST_F(UsbIpBusTest, SaysWhenSomebodyElseHasTheDevice) {
  auto bus = connected();
  auto device = bus->snapshot()->front();
  server_.set_import_status(1);
  auto pipe = bus->open(device, 0);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().code, Code::busy);
}

TEST_F(UsbIpBusTest, OpensNoInterfaceWithoutBulkEndpoints) {
  auto bus = connected();
  auto device = bus->snapshot()->front();
  auto pipe = bus->open(device, 3);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().code, Code::device_protocol);
  EXPECT_TRUE(bus->open(device, 0));
}

TEST_F(UsbIpBusTest, KnowsThatAnOpenDeviceIsThereThoughTheServerHidesIt) {
  auto bus = connected();
  auto device = bus->snapshot()->front();
  auto pipe = bus->open(device, 0);
  ASSERT_TRUE(pipe);
  server_.set_devices({});  // as usbipd does with what is attached
  EXPECT_FALSE(*bus->wait_change(in(50ms)));
  EXPECT_EQ(bus->snapshot()->size(), 1U);
  pipe->reset();
  EXPECT_TRUE(*bus->wait_change(in(10s)));
}

TEST_F(UsbIpBusTest, SeesAnOpenDeviceGoWhenTheServerHangsUp) {
  server_.set_session([](FakeUsbIpServer::Connection& connection) {
    while (auto urb = connection.read_urb()) {
      if (!connection.answer_control(*urb) && !urb->header.in) {
        return;  // told to go
      }
    }
  });
  auto bus = connected();
  auto device = bus->snapshot()->front();
  auto pipe = bus->open(device, 0);
  ASSERT_TRUE(pipe);
  server_.set_devices({});
  EXPECT_FALSE(*bus->wait_change(in(30ms)));
  ASSERT_TRUE((*pipe)->send(as_bytes("go"), Zlp::never, in(5s)));
  EXPECT_TRUE(*bus->wait_change(in(10s)));
  EXPECT_THAT(*bus->snapshot(), IsEmpty());
}

TEST_F(UsbIpBusTest, SaysThatTheModemIsLostWhenTheServerIsGone) {
  auto bus = connected();
  ASSERT_TRUE(bus->snapshot());
  server_.stop();
  auto devices = bus->snapshot();
  ASSERT_FALSE(devices);
  EXPECT_EQ(devices.error().code, Code::modem_lost);
  EXPECT_THAT(devices.error().what, HasSubstr("is gone"));
  ASSERT_NE(devices.error().cause, nullptr);
  auto changed = bus->wait_change(in(30s));
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::modem_lost);
}

TEST_F(UsbIpBusTest, BelievesNoLyingServer) {
  const std::pair<const char*, const char*> lies[] = {
      {"nothing", ""},
      {"half a header", "0111 00"},
      {"another version", "0106 0005 00000000 00000000"},
      {"another reply", "0111 0003 00000000 00000000"},
      {"a status", "0111 0005 00000001 00000000"},
      {"too many devices", "0111 0005 00000000 ffffffff"},
      {"half a device", "0111 0005 00000000 00000001 2f2f"},
      {"a web server", "485454502f312e3120343030204261642052657175657374"},
  };
  for (auto [what, bytes] : lies) {
    server_.set_raw([sent = bytes](FakeUsbIpServer::Connection& connection) {
      connection.read(8);
      connection.write(*from_hex(sent));
    });
    auto bus = UsbIpBus::connect("127.0.0.1", server_.port(), clock_);
    ASSERT_FALSE(bus) << what;
    EXPECT_TRUE(bus.error().code == Code::device_protocol || bus.error().code == Code::modem_lost) << what;
    EXPECT_FALSE(bus.error().hint.empty()) << what;
  }
}

}  // namespace
}  // namespace modemedic::usb
