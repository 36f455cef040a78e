#include "virtual/usbip_server.h"

#include "virtual/echo_device.h"

#include <cerrno>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace modemedic::twin {
namespace {

using std::chrono::milliseconds;
using Manner = EchoFunction::Manner;

// Wire bytes: USB/IP 1.1.1 as the facts have it (usbip-and-guest.md), written out by hand.

std::string word(std::uint32_t value) {
  return fmt::format("{:08x}", value);
}

std::string zeros(std::size_t bytes) {
  std::string text(2 * bytes, '0');
  return text;
}

std::string hex_of(std::string_view text) {
  return hex(as_bytes(text));
}

std::string import_request(std::string_view busid) {
  return "0111 8003 00000000" + hex_of(busid) + zeros(32 - busid.size());
}

constexpr std::string_view devlist_request = "0111 8005 00000000";
constexpr std::uint32_t devid = 0x00010001;

struct Submit {
  std::uint32_t seqnum;
  std::uint32_t direction;
  std::uint32_t endpoint;
  std::uint32_t length;
  std::uint32_t flags = 0;
  std::string setup = "0000000000000000";
  std::uint32_t device = devid;
};

std::string submit(const Submit& urb) {
  return word(1) + word(urb.seqnum) + word(urb.device) + word(urb.direction) + word(urb.endpoint) + word(urb.flags) +
         word(urb.length) + word(0) + "ffffffff" + word(0) + urb.setup;
}

std::string submit_out(std::uint32_t seqnum, std::string_view text, std::uint32_t flags = 0) {
  return submit({seqnum, 0, 1, static_cast<std::uint32_t>(text.size()), flags}) + hex_of(text);
}

std::string submit_in(std::uint32_t seqnum, std::uint32_t length, std::uint32_t endpoint = 1) {
  return submit({seqnum, 1, endpoint, length});
}

std::string unlink(std::uint32_t seqnum, std::uint32_t victim) {
  return word(2) + word(seqnum) + word(devid) + word(0) + word(0) + word(victim) + zeros(24);
}

std::string ret_submit(std::uint32_t seqnum, std::string_view status, std::uint32_t actual) {
  return word(3) + word(seqnum) + zeros(12) + std::string(status) + word(actual) + zeros(20);
}

std::string ret_unlink(std::uint32_t seqnum, std::string_view status) {
  return word(4) + word(seqnum) + zeros(12) + std::string(status) + zeros(24);
}

constexpr std::string_view ok = "00000000";
constexpr std::string_view stall = "ffffffe0";      // -32
constexpr std::string_view unlinked = "ffffff98";   // -104
constexpr std::string_view shut_down = "ffffff94";  // -108

std::string compact(std::string text) {
  std::erase(text, ' ');
  return text;
}

/// A client of plain sockets.
class Client {
public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    timeval patience{10, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int on = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }

  void send(std::string_view hex_text) { send_bytes(from_hex(compact(std::string(hex_text))).value()); }

  void send_bytes(ByteView bytes) {
    while (!bytes.empty()) {
      auto count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) {
        return;  // the server hung up; what the test expects of it shows on receive
      }
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  /// So many bytes in hex; fewer when the connection ends, or when nothing comes.
  std::string receive(std::size_t size) { return compact(hex(receive_bytes(size))); }

  Buffer receive_bytes(std::size_t size) {
    Buffer bytes(size);
    std::size_t have = 0;
    while (have < size) {
      auto count = recv(socket_.get(), bytes.data() + have, size - have, 0);
      if (count <= 0) {
        silent_ = count < 0 && errno != ECONNRESET;
        break;
      }
      have += static_cast<std::size_t>(count);
    }
    bytes.resize(have);
    return bytes;
  }

  bool hung_up() { return receive(1).empty() && !silent_; }

  int socket() const { return socket_.get(); }

private:
  Descriptor socket_;
  bool silent_ = false;  ///< nothing came, although the connection stood
};

class UsbIpServerTest : public testing::Test {
public:
  UsbIpServerTest() : server(UsbIpServer::listen("127.0.0.1", 0, timers).value()), stop(eventfd(0, EFD_CLOEXEC)) {
    server->export_modem(modem, "1-1");
    server->export_modem(other, "1-2");
  }

  ~UsbIpServerTest() override { halt(); }

protected:
  void serve() {
    thread = std::thread([this] { EXPECT_TRUE(server->run(stop.get())); });
  }

  void halt() {
    if (thread.joinable()) {
      eventfd_write(stop.get(), 1);
      thread.join();
    }
  }

  Client connect() const { return Client(server->port()); }

  Client import() const {
    auto client = connect();
    client.send(import_request("1-1"));
    EXPECT_THAT(client.receive(320), testing::StartsWith("0111000300000000"));
    return client;
  }

  SteadyClock clock;
  Timers timers{clock};
  EchoDevice modem{timers};
  EchoDevice other{timers};
  std::unique_ptr<UsbIpServer> server;
  Descriptor stop;
  std::thread thread;
};

std::string device_block(std::string_view busid) {
  auto path = "/sys/devices/virtual/usb1/" + std::string(busid);
  return hex_of(path) + zeros(256 - path.size()) + hex_of(busid) + zeros(32 - busid.size()) +
         "00000001 00000001 00000003 05c6 9008 0102 00 00 00 01 01 02";
}

TEST_F(UsbIpServerTest, ListsItsModems) {
  modem.appear(Manner::echo);
  other.appear(Manner::echo);
  serve();
  auto client = connect();
  client.send(devlist_request);
  auto interfaces = "ffffff00 ff000000";
  EXPECT_EQ(client.receive(12 + 2 * (312 + 8)), compact("0111 0005 00000000 00000002" + device_block("1-1") +
                                                        interfaces + device_block("1-2") + interfaces));
  EXPECT_TRUE(client.hung_up()) << "one request a connection, as usbipd has it";
}

TEST_F(UsbIpServerTest, ListsOnlyWhatCanBeImported) {
  modem.appear(Manner::echo);
  serve();
  auto importer = import();
  auto client = connect();
  client.send(devlist_request);
  EXPECT_EQ(client.receive(100), "011100050000000000000000");
}

TEST_F(UsbIpServerTest, GivesAModemToOneClientAtATime) {
  modem.appear(Manner::echo);
  serve();
  {
    auto first = connect();
    first.send(import_request("1-1"));
    EXPECT_EQ(first.receive(320), compact("0111 0003 00000000" + device_block("1-1")));
    auto second = connect();
    second.send(import_request("1-1"));
    EXPECT_EQ(second.receive(100), "0111000300000001");
    auto nobody = connect();
    nobody.send(import_request("1-9"));
    EXPECT_EQ(nobody.receive(100), "0111000300000001");
    auto absent = connect();
    absent.send(import_request("1-2"));
    EXPECT_EQ(absent.receive(100), "0111000300000001");
  }
  // The first has hung up: the server sees it before it answers whoever connects then.
  std::string answer;
  for (int i = 0; i < 100 && answer != "0111000300000000"; ++i) {
    auto third = connect();
    third.send(import_request("1-1"));
    answer = third.receive(8);
  }
  EXPECT_EQ(answer, "0111000300000000");
}

TEST_F(UsbIpServerTest, CarriesTransfersBothWays) {
  modem.appear(Manner::echo);
  serve();
  auto client = import();
  client.send(submit_in(7, 16384) + submit_out(8, "ping"));
  EXPECT_EQ(client.receive(48 + 48 + 4), ret_submit(8, ok, 4) + ret_submit(7, ok, 4) + compact(hex_of("ping")));
}

TEST_F(UsbIpServerTest, TakesUrbsInPiecesAndInHeaps) {
  modem.appear(Manner::echo);
  serve();
  auto client = import();
  auto whole = from_hex(compact(submit_out(1, "one") + submit_out(2, "two") + submit_in(3, 64))).value();
  for (auto byte : whole) {
    client.send_bytes(ByteView(&byte, 1));
  }
  EXPECT_EQ(client.receive(147),
            ret_submit(1, ok, 3) + ret_submit(2, ok, 3) + ret_submit(3, ok, 3) + compact(hex_of("one")));
  std::string heap;
  for (std::uint32_t i = 0; i < 300; ++i) {
    heap += submit_in(1000 + 2 * i, 512) + submit_out(1001 + 2 * i, "transfer");
  }
  client.send(heap);
  EXPECT_EQ(client.receive(48 + 3), ret_submit(1000, ok, 3) + compact(hex_of("two")));
  EXPECT_EQ(client.receive(48), ret_submit(1001, ok, 8));
  for (std::uint32_t i = 1; i < 300; ++i) {
    ASSERT_EQ(client.receive(48 + 8 + 48),
              ret_submit(1000 + 2 * i, ok, 8) + compact(hex_of("transfer")) + ret_submit(1001 + 2 * i, ok, 8));
  }
}

TEST_F(UsbIpServerTest, HonoursBothFormsOfAZlp) {
  modem.appear(Manner::echo);
  serve();
  auto client = import();
  std::string packet(512, 'x');
  client.send(submit_out(1, packet) + submit_out(2, packet, 0x40) + submit_out(3, "") + submit_out(4, "short", 0x40));
  EXPECT_EQ(client.receive(192),
            ret_submit(1, ok, 512) + ret_submit(2, ok, 512) + ret_submit(3, ok, 0) + ret_submit(4, ok, 5));
  halt();
  using Seen = EchoFunction::Seen;
  EXPECT_THAT(modem.function()->seen,
              testing::ElementsAre(Seen{512, false}, Seen{512, true}, Seen{0, true}, Seen{5, true}));
}

TEST_F(UsbIpServerTest, AnswersControlRequests) {
  modem.appear(Manner::echo);
  serve();
  auto client = import();
  client.send(submit({1, 1, 0, 18, 0, "8006000100001200"}));
  EXPECT_EQ(client.receive(48 + 18), ret_submit(1, ok, 18) +
                                         "12010002000000"
                                         "40c6050890"
                                         "0201"
                                         "000200"
                                         "01");
  client.send(submit({2, 0, 0, 0, 0, "0009010000000000"}));
  EXPECT_EQ(client.receive(48), ret_submit(2, ok, 0));
  client.send(submit({3, 1, 0, 255, 0, "800600030000ff00"}));
  EXPECT_EQ(client.receive(48 + 4), ret_submit(3, ok, 4) + "04030904");
  client.send(submit({4, 1, 0, 255, 0, "8006000f0000ff00"}));
  EXPECT_EQ(client.receive(48), ret_submit(4, stall, 0));
  client.send(submit({5, 1, 0, 2, 0, "8006000100001200"}));
  EXPECT_EQ(client.receive(48 + 2), ret_submit(5, ok, 2) + "1201") << "no more than the client has room for";
}

TEST_F(UsbIpServerTest, StallsOnEndpointsThatAreNotThere) {
  modem.appear(Manner::echo);
  serve();
  auto client = import();
  client.send(submit_in(1, 64, 4) + submit({2, 0, 3, 2}) + "aabb" + submit_in(3, 64, 17) + submit({4, 0, 0x10001, 0}));
  EXPECT_EQ(client.receive(192),
            ret_submit(1, stall, 0) + ret_submit(2, stall, 0) + ret_submit(3, stall, 0) + ret_submit(4, stall, 0));
}

TEST_F(UsbIpServerTest, PassesAStallOn) {
  modem.appear(Manner::stall);
  serve();
  auto client = import();
  client.send(submit_out(1, "ping"));
  EXPECT_EQ(client.receive(48), ret_submit(1, stall, 0));
}

TEST_F(UsbIpServerTest, UnlinksWhatWaitsAndOnlyThat) {
  modem.appear(Manner::deaf);
  serve();
  auto client = import();
  client.send(submit_in(1, 64) + submit_out(2, "ping") + submit_out(3, "pong"));
  client.send(unlink(10, 1) + unlink(11, 3) + unlink(12, 2) + unlink(13, 2) + unlink(14, 99));
  EXPECT_EQ(client.receive(240), ret_unlink(10, unlinked) + ret_unlink(11, unlinked) + ret_unlink(12, unlinked) +
                                     ret_unlink(13, ok) + ret_unlink(14, ok))
      << "and no RET_SUBMIT for any of them";
  halt();
  EXPECT_FALSE(modem.function()->out(1)->waiting());
}

TEST_F(UsbIpServerTest, RunsTheModemsTimers) {
  modem.appear(Manner::slow);
  serve();
  auto client = import();
  auto start = clock.now();
  client.send(submit_out(1, "ping") + submit_out(2, "pong") + submit_in(3, 64));
  EXPECT_EQ(client.receive(48), ret_submit(1, ok, 4));
  EXPECT_GE(clock.now() - start, milliseconds(100));
  EXPECT_LT(clock.now() - start, milliseconds(1000));
  EXPECT_THAT(client.receive(100),
              testing::AllOf(testing::HasSubstr(ret_submit(2, ok, 4)), testing::HasSubstr(compact(hex_of("ping")))));
}

TEST_F(UsbIpServerTest, KeepsWaitingTransfersWholeWhileMoreComes) {
  modem.appear(Manner::slow);
  serve();
  auto client = import();
  std::vector<std::string> sent;
  std::string heap;
  for (std::uint32_t i = 0; i < 40; ++i) {
    sent.emplace_back(16384, static_cast<char>('A' + i));
    heap += submit_out(i + 1, sent.back());
    heap += submit({1000 + i, 0, 9, 16384}) + std::string(32768, 'e');  // to nobody: fills the buffer up
  }
  client.send(heap);
  std::size_t stalls = 0;
  std::size_t taken = 0;
  while (stalls + taken < 80) {
    auto reply = client.receive(48);
    ASSERT_EQ(reply.size(), 96U);
    (reply.substr(40, 8) == stall ? stalls : taken) += 1;
  }
  for (std::uint32_t i = 0; i < 40; ++i) {
    client.send(submit_in(5000 + i, 20000));
    ASSERT_EQ(client.receive(48 + 16384), ret_submit(5000 + i, ok, 16384) + compact(hex_of(sent[i])));
  }
}

TEST_F(UsbIpServerTest, EndsTheImportWhenTheModemSwitches) {
  modem.heard = [this](std::string_view text) {
    if (text == "switch") {
      timers.after(milliseconds(20), [this] { modem.leave(); });
      timers.after(milliseconds(40), [this] { modem.appear(Manner::echo); });
    }
  };
  modem.appear(Manner::echo);
  serve();
  auto client = import();
  client.send(submit_out(1, "switch") + submit_in(2, 64) + submit_in(3, 64));
  EXPECT_EQ(client.receive(150),
            ret_submit(1, ok, 6) + ret_submit(2, ok, 6) + compact(hex_of("switch")) + ret_submit(3, shut_down, 0));
  EXPECT_TRUE(client.hung_up());

  std::string list;
  for (int i = 0; i < 10000 && list.size() <= 24; ++i) {
    auto again = connect();
    again.send(devlist_request);
    list = again.receive(12 + 312 + 8);
  }
  ASSERT_EQ(list.size(), 2U * (12 + 312 + 8));
  EXPECT_EQ(list.substr(600, 16), "0000000100000002") << "another device number";
  auto importer = connect();
  importer.send(import_request("1-1"));
  EXPECT_EQ(importer.receive(8), "0111000300000000") << "although the old client has not closed yet";
}

TEST_F(UsbIpServerTest, StopsAtOnce) {
  modem.appear(Manner::deaf);
  serve();
  auto client = import();
  client.send(submit_in(1, 64));
  auto start = clock.now();
  halt();
  EXPECT_LT(clock.now() - start, milliseconds(500));
  EXPECT_TRUE(client.hung_up());
}

TEST_F(UsbIpServerTest, HangsUpOnWhatIsNoUsbIp) {
  modem.appear(Manner::echo);
  serve();
  for (const auto& nonsense :
       {std::string("0110 8005 00000000"), std::string("0111 8004 00000000"), compact(hex_of("GET / HTTP/1.1\r\n\r\n")),
        "0111 0005" + zeros(4), std::string(2000, 'f')}) {
    auto client = connect();
    client.send(nonsense);
    EXPECT_TRUE(client.hung_up()) << nonsense;
  }
  auto unterminated = connect();
  unterminated.send("0111 8003 00000000" + std::string(64, '3'));
  EXPECT_EQ(unterminated.receive(100), "0111000300000001") << "a name without an end is no name of ours";
}

TEST_F(UsbIpServerTest, HangsUpOnHostileUrbs) {
  modem.appear(Manner::deaf);
  serve();
  std::string too_many;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    too_many += submit_in(i, 1);
  }
  std::string too_big;
  for (std::uint32_t i = 0; i < 100; ++i) {
    too_big += submit_in(i, 1U << 20U);
  }
  auto cases = {
      submit_in(1, (1U << 20U) + 1),
      submit_in(1, 0xFFFFFFFF),
      submit({1, 0, 1, 0x7FFFFFFF}),
      submit({1, 1, 1, 64, 0, "0000000000000000", 0x00010002}),
      word(5) + zeros(44),
      word(3) + zeros(44),
      submit_in(1, 64) + submit_in(1, 64),
      too_many,
      too_big,
  };
  for (const auto& urbs : cases) {
    auto client = connect();
    client.send(import_request("1-1"));
    ASSERT_THAT(client.receive(320), testing::StartsWith("0111000300000000")) << "the last one gave it back";
    client.send(urbs);
    EXPECT_TRUE(client.hung_up()) << urbs.substr(0, 96);
  }
  halt();
  EXPECT_TRUE(modem.function()->in(0x81)->drained());
}

TEST_F(UsbIpServerTest, AHalfRequestHoldsNobodyUp) {
  modem.appear(Manner::echo);
  serve();
  auto half = connect();
  half.send("0111 80");
  auto half_import = connect();
  half_import.send("0111 8003 00000000 312d31");
  auto client = import();
  client.send(submit_out(1, "ping").substr(0, 99));
  auto other_client = connect();
  other_client.send(devlist_request);
  EXPECT_EQ(other_client.receive(12), "011100050000000000000000");
}

TEST_F(UsbIpServerTest, ASlowReaderIsWaitedForAndLosesNothing) {
  modem.appear(Manner::echo);
  serve();
  auto client = import();
  std::string transfer(16000, 'z');
  auto pair = from_hex(compact(submit_out(1, transfer) + submit_in(2, 16384))).value();
  // Sends without reading until nothing goes any more: then every buffer between here and the modem is full.
  std::uint64_t sent = 0;
  pollfd writable{client.socket(), POLLOUT, 0};
  while (sent < 256_MiB && poll(&writable, 1, 200) == 1) {
    auto rest = ByteView(pair).subspan(sent % pair.size());
    auto count = ::send(client.socket(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ASSERT_GT(count, 0);
    sent += static_cast<std::uint64_t>(count);
  }
  EXPECT_LT(sent, 64_MiB) << "the server took more than it could hand on";

  auto expected = from_hex(ret_submit(1, ok, 16000) + ret_submit(2, ok, 16000) + compact(hex_of(transfer))).value();
  for (std::uint64_t i = 0; i < sent / pair.size(); ++i) {
    ASSERT_TRUE(client.receive_bytes(expected.size()) == expected) << i;
  }
  client.send_bytes(ByteView(pair).subspan(sent % pair.size()));
  EXPECT_TRUE(client.receive_bytes(expected.size()) == expected);
}

TEST(UsbIpServer, SaysWhereItCannotListen) {
  SteadyClock clock;
  Timers timers{clock};
  auto first = UsbIpServer::listen("127.0.0.1", 0, timers);
  ASSERT_TRUE(first);
  auto second = UsbIpServer::listen("127.0.0.1", (*first)->port(), timers);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::io);
  EXPECT_THAT(second.error().what, testing::HasSubstr(fmt::format("listen on 127.0.0.1:{}", (*first)->port())));
  auto nowhere = UsbIpServer::listen("not an address", 0, timers);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Code::usage);
}

}  // namespace
}  // namespace modemedic::twin
