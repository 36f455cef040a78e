#include "virtual/usbip_session.h"

#include "virtual/echo_device.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

namespace usbip = protocol::usbip;
using Manner = EchoFunction::Manner;

constexpr std::uint32_t devid = 0x00010001;

/// The same row of numbers each time.
class Random {
public:
  explicit Random(unsigned seed) : state_(seed) {}

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(state_() % limit); }

private:
  std::minstd_rand state_;
};

Buffer urb(usbip::UrbHeader header, std::size_t data = 0) {
  header.devid = devid;
  auto bytes = usbip::encode(header);
  Buffer whole(bytes.size() + data, std::byte{0x2A});
  std::ranges::copy(bytes, whole.begin());
  return whole;
}

/// A session over a modem of the given manner, which plays a client and keeps what came back.
class SessionTest : public testing::Test {
protected:
  void import(Manner manner) {
    modem.appear(manner);
    session = std::make_unique<UsbIpSession>(modem, devid, output);
  }

  Result<std::size_t> feed(Buffer bytes) {
    auto owner = std::make_shared<const Buffer>(std::move(bytes));
    return session->feed(*owner, owner);
  }

  /// Sorts what came back: each URB's replies, and each unlink's status.
  void read_replies() {
    auto rest = output.waiting();
    auto size = rest.size();
    while (!rest.empty()) {
      ASSERT_GE(rest.size(), usbip::urb_header_size);
      auto header = usbip::decode_urb(rest.first(usbip::urb_header_size));
      rest = rest.subspan(usbip::urb_header_size);
      if (header.command == usbip::UrbCommand::ret_unlink) {
        unlink_status[header.seqnum] = header.status;
        continue;
      }
      ASSERT_EQ(header.command, usbip::UrbCommand::ret_submit);
      ++replies[header.seqnum];
      if (in_seqnums.contains(header.seqnum)) {
        ASSERT_LE(static_cast<std::size_t>(header.length), rest.size());
        rest = rest.subspan(static_cast<std::size_t>(header.length));
      }
    }
    output.sent(size);
  }

  SimulatedClock clock;
  Timers timers{clock};
  EchoDevice modem{timers};
  OutputQueue output;
  std::unique_ptr<UsbIpSession> session;
  std::set<std::uint32_t> in_seqnums;
  std::map<std::uint32_t, int> replies;
  std::map<std::uint32_t, std::int32_t> unlink_status;
};

TEST_F(SessionTest, EachUrbEndsExactlyOnceWhateverTheClientDoes) {
  for (auto manner : {Manner::echo, Manner::slow, Manner::deaf, Manner::stall}) {
    import(manner);
    replies.clear();
    unlink_status.clear();
    in_seqnums.clear();
    Random random(static_cast<unsigned>(manner) + 1);
    std::map<std::uint32_t, std::uint32_t> victims;  // by the unlink's own number
    std::uint32_t seqnum = 0;
    std::vector<std::uint32_t> submitted;
    for (int step = 0; step < 3000; ++step) {
      usbip::UrbHeader header;
      header.seqnum = ++seqnum;
      header.endpoint = random.below(4);  // control, two that are there, one that isn't
      switch (random.below(4)) {
        case 0:
          header.in = true;
          header.length = static_cast<std::int32_t>(random.below(3000));
          header.setup[0] = static_cast<std::byte>(0x80);
          header.setup[1] = static_cast<std::byte>(random.below(12));
          header.setup[3] = static_cast<std::byte>(random.below(8));
          header.setup[6] = static_cast<std::byte>(random.below(256));
          in_seqnums.insert(seqnum);
          submitted.push_back(seqnum);
          ASSERT_TRUE(feed(urb(header)));
          break;
        case 1:
          header.command = usbip::UrbCommand::unlink;
          header.unlink_seqnum = 1 + random.below(seqnum);
          victims[seqnum] = header.unlink_seqnum;
          ASSERT_TRUE(feed(urb(header)));
          break;
        case 2:
          clock.advance_to(clock.now() + std::chrono::milliseconds(random.below(80)));
          timers.run_due();
          break;
        default:
          header.length = static_cast<std::int32_t>(random.below(2000));
          header.flags = random.below(2) == 0 ? usbip::urb_zero_packet : 0;
          submitted.push_back(seqnum);
          ASSERT_TRUE(feed(urb(header, static_cast<std::size_t>(header.length))));
      }
      read_replies();
    }
    clock.advance_to(clock.now() + std::chrono::seconds(1));
    timers.run_due();
    modem.leave();
    read_replies();

    std::map<std::uint32_t, int> ends = replies;
    for (auto [number, victim] : victims) {
      ASSERT_TRUE(unlink_status.contains(number));
      auto status = unlink_status[number];
      ASSERT_TRUE(status == 0 || status == -104) << status;
      ends[victim] += status == -104 ? 1 : 0;
    }
    for (auto number : submitted) {
      EXPECT_EQ(ends[number], 1) << "URB " << number << " of manner " << static_cast<int>(manner);
    }
    session.reset();
  }
}

TEST_F(SessionTest, SurvivesBytesThatWereTamperedWith) {
  Random random(7);
  int refused = 0;
  int eaten = 0;
  for (int round = 0; round < 1000; ++round) {
    import(round % 2 == 0 ? Manner::echo : Manner::deaf);
    for (int step = 0; step < 50; ++step) {
      usbip::UrbHeader header;
      header.command = random.below(4) != 0 ? usbip::UrbCommand::submit : usbip::UrbCommand::unlink;
      header.seqnum = random.below(1000);
      header.unlink_seqnum = random.below(1000);
      header.in = random.below(2) == 0;
      header.endpoint = random.below(20);
      header.length = static_cast<std::int32_t>(random.below(700));
      auto carries_data = header.command == usbip::UrbCommand::submit && !header.in;
      auto bytes = urb(header, carries_data ? static_cast<std::size_t>(header.length) : 0);
      bytes[random.below(48)] = static_cast<std::byte>(random.below(256));
      auto result = feed(std::move(bytes));
      eaten += result && *result > 0 ? 1 : 0;
      if (!result) {
        ++refused;
        break;
      }
    }
    EXPECT_LT(output.waiting().size(), 2 * UsbIpSession::most_output);
    output.sent(output.waiting().size());
    session.reset();
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(eaten, 1000);
}

TEST_F(SessionTest, LeavesNothingAtTheModemWhenTheClientGoes) {
  import(Manner::deaf);
  usbip::UrbHeader header;
  header.endpoint = 1;
  header.length = 4;
  header.seqnum = 1;
  ASSERT_TRUE(feed(urb(header, 4)));
  header.in = true;
  header.seqnum = 2;
  ASSERT_TRUE(feed(urb(header)));
  EXPECT_TRUE(modem.function()->out(1)->waiting());
  session.reset();
  EXPECT_FALSE(modem.function()->out(1)->waiting());
  modem.function()->in(0x81)->write(Buffer(3));
  EXPECT_FALSE(modem.function()->in(0x81)->drained());
  EXPECT_TRUE(output.empty());
}

}  // namespace
}  // namespace modemedic::twin
