#include "usb/fake_usbip_server.h"
#include "usb/usbip_bus.h"

#include <atomic>
#include <random>

#include <gmock/gmock.h>

namespace modemedic::usb {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Connection = FakeUsbIpServer::Connection;

class UsbIpPipeTest : public testing::Test {
protected:
  /// A pipe to a device that does this with its bulk URBs.
  std::unique_ptr<Pipe> pipe_to(FakeUsbIpServer::Session bulk) {
    server_.set_session(FakeUsbIpServer::echo);
    bus_ = std::move(*UsbIpBus::connect("127.0.0.1", server_.port(), clock_));
    auto device = bus_->snapshot()->front();
    server_.set_session(std::move(bulk));
    auto pipe = bus_->open(device, 0);
    EXPECT_TRUE(pipe) << pipe.error().what;
    return std::move(*pipe);
  }

  Deadline in(Duration patience) { return Deadline::in(clock_, patience); }

  Result<Buffer> received(Pipe& pipe, std::size_t limit = 64_KiB) {
    Buffer bytes(limit);
    TRY_ASSIGN(auto count, pipe.receive(bytes, in(5s)));
    bytes.resize(count);
    return bytes;
  }

  SteadyClock clock_;
  FakeUsbIpServer server_;
  std::unique_ptr<UsbIpBus> bus_;
};

TEST_F(UsbIpPipeTest, CarriesBytesBothWays) {
  auto pipe = pipe_to(FakeUsbIpServer::echo);
  std::mt19937 random(1);
  for (std::size_t size : {1U, 48U, 511U, 512U, 513U, 4096U, 16384U}) {
    Buffer bytes(size);
    for (auto& byte : bytes) {
      byte = static_cast<std::byte>(random());
    }
    ASSERT_TRUE(pipe->send(bytes, Zlp::never, in(5s)));
    auto back = received(*pipe);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, bytes);
  }
  EXPECT_TRUE(pipe->flush(in(5s)));
}

TEST_F(UsbIpPipeTest, AsksForAZlpOnlyWhenOneIsDue) {
  std::atomic<unsigned> next = 0;
  std::array<std::uint32_t, 5> flags{};
  auto pipe = pipe_to([&](Connection& connection) {
    while (auto urb = connection.read_urb()) {
      if (!urb->header.in) {
        flags.at(next++) = urb->header.flags;
        connection.reply(urb->header.seqnum, 0, urb->header.length);
      }
    }
  });
  EXPECT_TRUE(pipe->send(Buffer(512), Zlp::never, in(5s)));
  EXPECT_TRUE(pipe->send(Buffer(512), Zlp::if_multiple, in(5s)));
  EXPECT_TRUE(pipe->send(Buffer(16384), Zlp::if_multiple, in(5s)));
  EXPECT_TRUE(pipe->send(Buffer(513), Zlp::if_multiple, in(5s)));
  EXPECT_TRUE(pipe->send({}, Zlp::if_multiple, in(5s)));
  EXPECT_TRUE(pipe->flush(in(5s)));
  EXPECT_EQ(flags, (std::array<std::uint32_t, 5>{0, 0x40, 0x40, 0, 0}));
}

TEST_F(UsbIpPipeTest, HasInTransfersPendingFromTheStart) {
  auto pipe = pipe_to([](Connection& connection) {
    // Talks before it was sent anything, and so much that one pending transfer would not do.
    for (int i = 0; i < 4; ++i) {
      auto urb = connection.read_urb();
      if (urb && urb->header.in) {
        connection.reply(urb->header.seqnum, 0, 5, as_bytes("hello"));
      }
    }
    while (connection.read_urb()) {
    }
  });
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(as_text(*received(*pipe)), "hello");
  }
}

TEST_F(UsbIpPipeTest, HandsOutATransferInPiecesAndAZeroLengthOneAsSuch) {
  auto pipe = pipe_to([](Connection& connection) {
    auto first = connection.read_urb();
    auto second = connection.read_urb();
    auto third = connection.read_urb();
    connection.reply(first->header.seqnum, 0, 10, as_bytes("0123456789"));
    connection.reply(second->header.seqnum, 0, 0);
    connection.reply(third->header.seqnum, 0, 3, as_bytes("abc"));
    while (connection.read_urb()) {
    }
  });
  EXPECT_EQ(as_text(*received(*pipe, 4)), "0123");
  EXPECT_EQ(as_text(*received(*pipe, 4)), "4567");
  EXPECT_EQ(as_text(*received(*pipe, 4)), "89");
  EXPECT_EQ(as_text(*received(*pipe, 4)), "");
  EXPECT_EQ(as_text(*received(*pipe, 4)), "abc");
}

TEST_F(UsbIpPipeTest, QueuesSeveralSendsAndFlushesThemAll) {
  std::atomic<int> taken = 0;
  std::atomic<bool> go = false;
  auto pipe = pipe_to([&](Connection& connection) {
    while (auto urb = connection.read_urb()) {
      if (!urb->header.in) {
        while (!go) {
          std::this_thread::yield();
        }
        ++taken;
        connection.reply(urb->header.seqnum, 0, urb->header.length);
      }
    }
  });
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(pipe->send(Buffer(16384), Zlp::if_multiple, in(5s)));
  }
  EXPECT_EQ(taken, 0);
  auto flushed = pipe->flush(in(20ms));
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, Code::timeout);
  go = true;
  EXPECT_TRUE(pipe->flush(in(5s)));
  EXPECT_EQ(taken, 8);
}

TEST_F(UsbIpPipeTest, SaysWhenTheModemTakesNothing) {
  auto pipe = pipe_to([](Connection& connection) {
    while (connection.read_urb()) {
    }
  });
  Result<void> sent;
  int count = 0;
  while (sent && count < 1000) {
    sent = pipe->send(Buffer(16384), Zlp::never, in(20ms));
    ++count;
  }
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::timeout);
  EXPECT_LE(count, 64);
}

TEST_F(UsbIpPipeTest, SaysWhenTheModemSendsNothing) {
  auto pipe = pipe_to(FakeUsbIpServer::echo);
  Buffer bytes(10);
  auto before = clock_.now();
  auto count = pipe->receive(bytes, in(30ms));
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, Code::timeout);
  EXPECT_GE(clock_.now() - before, 30ms);
  ASSERT_TRUE(pipe->send(as_bytes("later"), Zlp::never, in(5s)));
  EXPECT_EQ(as_text(*received(*pipe)), "later");
}

TEST_F(UsbIpPipeTest, GoesOnWhereADeadlineCutATransfer) {
  // 16 MiB don't fit into the sockets' buffers: the first send times out in the middle of its bytes.
  std::atomic<bool> go = false;
  std::atomic<std::size_t> sum = 0;
  auto pipe = pipe_to([&](Connection& connection) {
    for (int i = 0; i < 4; ++i) {
      connection.read_urb();
    }
    while (!go) {
      std::this_thread::yield();
    }
    while (auto urb = connection.read_urb()) {
      if (!urb->header.in) {
        for (auto byte : urb->data) {
          sum += std::to_integer<std::size_t>(byte);
        }
        connection.reply(urb->header.seqnum, 0, urb->header.length);
      }
    }
  });
  auto sent = pipe->send(Buffer(16_MiB, std::byte{1}), Zlp::never, in(50ms));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::timeout);
  go = true;
  ASSERT_TRUE(pipe->send(Buffer(3, std::byte{2}), Zlp::never, in(20s)));
  ASSERT_TRUE(pipe->flush(in(20s)));
  EXPECT_EQ(sum, 16_MiB + 6);
}

TEST_F(UsbIpPipeTest, DeliversWhatCameBeforeTheModemLeft) {
  auto pipe = pipe_to([](Connection& connection) {
    auto urb = connection.read_urb();
    connection.reply(urb->header.seqnum, 0, 4, as_bytes("last"));
    for (int i = 0; i < 3; ++i) {
      connection.read_urb();
    }
  });
  EXPECT_EQ(as_text(*received(*pipe)), "last");
  for (int i = 0; i < 2; ++i) {
    auto bytes = received(*pipe);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, Code::modem_lost);
    EXPECT_FALSE(bytes.error().hint.empty());
  }
  EXPECT_EQ(pipe->flush(in(5s)).has_value(), true);
  Result<void> sent;
  for (int i = 0; i < 100 && sent; ++i) {
    sent = pipe->send(Buffer(16384), Zlp::never, in(5s));
  }
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::modem_lost);
}

TEST_F(UsbIpPipeTest, SaysInWordsHowAnOutTransferFailed) {
  const std::tuple<int, Code, const char*> statuses[] = {
      {-32, Code::device_protocol, "stalled"},
      {-108, Code::modem_lost, "shut down"},
      {-71, Code::modem_lost, "bus protocol error"},
      {-5, Code::device_protocol, "status -5"},
  };
  for (auto [status, code, words] : statuses) {
    auto pipe = pipe_to([status = status](Connection& connection) {
      while (auto urb = connection.read_urb()) {
        if (!urb->header.in) {
          connection.reply(urb->header.seqnum, status, 0);
        }
      }
    });
    ASSERT_TRUE(pipe->send(as_bytes("x"), Zlp::never, in(5s)));
    auto flushed = pipe->flush(in(5s));
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().code, code);
    EXPECT_THAT(flushed.error().what, HasSubstr(words));
    EXPECT_EQ(received(*pipe).error().code, code);
  }
}

TEST_F(UsbIpPipeTest, BelievesNoLyingServer) {
  const std::vector<std::function<void(Connection&, std::uint32_t in, std::uint32_t out)>> lies = {
      [](Connection& c, auto in, auto) { c.reply(in, 0, 16385, Buffer(16385)); },
      [](Connection& c, auto in, auto) { c.reply(in, 0, 0x7fffffff); },
      [](Connection& c, auto in, auto) { c.reply(in, 0, -1); },
      [](Connection& c, auto in, auto) { c.reply(in + 1000, 0, 0); },
      [](Connection& c, auto in, auto) { c.reply(in, 0, 0), c.reply(in, 0, 0); },
      [](Connection& c, auto, auto out) { c.reply(out, 0, 6); },
      [](Connection& c, auto, auto out) { c.reply(out, 0, 4); },
      [](Connection& c, auto, auto) { c.write(Buffer(48, std::byte{0xff})); },
      [](Connection& c, auto, auto) { c.write(as_bytes("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n\r\n")); },
      [](Connection& c, auto in, auto) {
        protocol::usbip::UrbHeader header;
        header.command = protocol::usbip::UrbCommand::ret_unlink;
        header.seqnum = in;
        c.write(protocol::usbip::encode(header));
      },
      [](Connection& c, auto in, auto) { c.reply(in, -75, 0); },
  };
  for (std::size_t i = 0; i < lies.size(); ++i) {
    auto pipe = pipe_to([&lies, i](Connection& connection) {
      std::uint32_t in = 0;
      while (auto urb = connection.read_urb()) {
        if (urb->header.in) {
          in = in == 0 ? urb->header.seqnum : in;
        } else {
          lies[i](connection, in, urb->header.seqnum);
        }
      }
    });
    ASSERT_TRUE(pipe->send(as_bytes("hello"), Zlp::never, in(5s)));
    Result<Buffer> bytes = received(*pipe);
    while (bytes) {
      bytes = received(*pipe);
    }
    EXPECT_EQ(bytes.error().code, Code::device_protocol) << "lie " << i << ": " << bytes.error().what;
  }
}

TEST_F(UsbIpPipeTest, TakesHalfAReplyForALostModem) {
  for (std::size_t bytes : {1U, 47U, 50U}) {
    auto pipe = pipe_to([bytes](Connection& connection) {
      for (int i = 0; i < 4; ++i) {
        auto urb = connection.read_urb();
        if (i == 3) {
          protocol::usbip::UrbHeader header;
          header.command = protocol::usbip::UrbCommand::ret_submit;
          header.seqnum = urb->header.seqnum;
          header.length = 100;
          auto whole = protocol::usbip::encode(header);
          Buffer part(whole.begin(), whole.end());
          part.resize(bytes);
          connection.write(part);
        }
      }
    });
    auto got = received(*pipe);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Code::modem_lost);
  }
}

TEST_F(UsbIpPipeTest, LetsAFloodingModemWait) {
  std::atomic<std::size_t> taken = 0;
  auto pipe = pipe_to([&](Connection& connection) {
    Buffer data(16384, std::byte{'f'});
    while (auto urb = connection.read_urb()) {
      if (urb->header.in) {
        connection.reply(urb->header.seqnum, 0, 16384, data);
        taken += data.size();
      }
    }
  });
  // Whoever only flushes never reads what the modem says: it must not fill the memory.
  Result<void> sent;
  for (int i = 0; i < 4000 && sent; ++i) {
    sent = pipe->send(Buffer(1), Zlp::never, in(1ms));
  }
  EXPECT_FALSE(sent);
  for (int i = 0; i < 100 && taken < 4_MiB; ++i) {
    EXPECT_FALSE(pipe->flush(in(100ms)));
  }
  EXPECT_FALSE(pipe->flush(in(100ms)));
  EXPECT_LE(taken, 5_MiB);
  EXPECT_GE(taken, 4_MiB);
}

TEST_F(UsbIpPipeTest, KeepsTheOrderOfAFastTalk) {
  auto pipe = pipe_to(FakeUsbIpServer::echo);
  std::mt19937 random(2);
  Buffer sent_bytes;
  Buffer got;
  for (int i = 0; i < 2000; ++i) {
    Buffer bytes(1 + random() % 3000);
    for (auto& byte : bytes) {
      byte = static_cast<std::byte>(random());
    }
    ASSERT_TRUE(pipe->send(bytes, random() % 2 == 0 ? Zlp::never : Zlp::if_multiple, in(5s)));
    sent_bytes.insert(sent_bytes.end(), bytes.begin(), bytes.end());
    if (random() % 3 == 0) {
      auto some = received(*pipe, 1 + random() % 5000);
      ASSERT_TRUE(some) << some.error().what;
      got.insert(got.end(), some->begin(), some->end());
    }
  }
  while (got.size() < sent_bytes.size()) {
    auto some = received(*pipe);
    ASSERT_TRUE(some) << some.error().what;
    got.insert(got.end(), some->begin(), some->end());
  }
  EXPECT_EQ(got, sent_bytes);
}

}  // namespace
}  // namespace modemedic::usb
