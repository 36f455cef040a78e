// Our client of USB/IP, against a server that says what it likes. One descriptor, no port: the server's end of a pair
// of sockets holds all its words before the client reads.

#include "usb/usbip_client.h"

#include "fuzz_target.h"
#include "peer/input.h"
#include "usb/descriptors.h"
#include "usb/usbip_pipe.h"

#include <sys/socket.h>
#include <unistd.h>

using namespace modemedic;
namespace usbip = modemedic::protocol::usbip;

namespace {

/// A socket on which these bytes wait, and then the end.
usb::Socket saying(ByteView bytes) {
  int ends[2];
  fuzz::must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "a pair of sockets can be made");
  auto room = 1 << 20;
  ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  auto written = ::write(ends[1], bytes.data(), bytes.size());
  fuzz::must(written == static_cast<ssize_t>(bytes.size()), "a socket takes what it is given");
  // The client may write: its words lie there until both ends go.
  ::shutdown(ends[1], SHUT_WR);
  static int kept = -1;
  if (kept >= 0) {
    ::close(kept);
  }
  kept = ends[1];
  return usb::Socket(ends[0]);
}

/// Replies to URBs, in the order in which the client counts them.
Buffer replies(fuzz::Input& input) {
  Buffer all;
  for (std::uint32_t number = 1; !input.empty() && all.size() < 100'000; ++number) {
    auto what = input.u8();
    usbip::UrbHeader reply;
    reply.command = what % 32 == 31 ? usbip::UrbCommand::ret_unlink : usbip::UrbCommand::ret_submit;
    reply.seqnum = input.near(number);
    reply.status = what < 0xC0 ? 0 : static_cast<std::int8_t>(input.u8());
    auto data = input.bytes();
    reply.length = static_cast<std::int32_t>(input.near(static_cast<std::uint32_t>(data.size())));
    auto header = usbip::encode(reply);
    all.insert(all.end(), header.begin(), header.end());
    all.insert(all.end(), data.begin(), data.end());
  }
  return all;
}

/// A device descriptor, its configuration and its strings as a real one sends them, each byte the input's choice.
Buffer descriptors(fuzz::Input& input) {
  static const Buffer device = *from_hex("12010002000000407c2c2501180301020301");
  static const Buffer configuration = *from_hex("09022000010100a0fa0904000002ffffff000705810200020007050102000200");
  Buffer all;
  std::uint32_t number = 0;
  auto add = [&](ByteView right) {
    Buffer data(right.begin(), right.end());
    for (auto changes = input.u8() % 8; changes > 0 && !data.empty(); --changes) {
      data[input.below(data.size())] = static_cast<std::byte>(input.u8());
    }
    usbip::UrbHeader reply;
    reply.command = usbip::UrbCommand::ret_submit;
    reply.seqnum = ++number;
    reply.length = static_cast<std::int32_t>(data.size());
    auto header = usbip::encode(reply);
    all.insert(all.end(), header.begin(), header.end());
    all.insert(all.end(), data.begin(), data.end());
  };
  add(device);
  add(ByteView(configuration).first(9));
  add(configuration);
  add(*from_hex("04030904"));
  while (!input.empty()) {
    add(input.bytes());
  }
  return all;
}

}  // namespace

MODEMEDIC_FUZZ(usbip_client) {
  fuzz::Input input(bytes);
  SteadyClock clock;
  auto deadline = Deadline::in(clock, std::chrono::seconds(2));
  auto what = input.u8() % 4;
  if (what == 0) {
    usb::parse_device(input.rest());
    usb::parse_total_length(input.rest());
    usb::parse_language(input.rest());
    usb::parse_string(input.rest());
    auto value = bytes.size() % 2 == 0 ? std::optional<std::uint8_t>(1) : std::nullopt;
    for (auto configuration : {input.rest(), usb::find_configuration(input.rest(), value)}) {
      for (const auto& interface : usb::parse_interfaces(configuration)) {
        usb::bulk_pair(interface);
      }
    }
    return;
  }
  auto words = what == 1   ? descriptors(input)
               : what == 2 ? replies(input)
                           : Buffer(input.rest().begin(), input.rest().end());
  usb::Imported imported{saying(words), {}};
  if (what != 2) {
    auto shape = usb::describe_device(imported, clock, deadline);
    if (!shape) {
      fuzz::must_be_told(shape.error());
    }
    return;
  }
  usb::BulkPair pair{{0x81, usb::TransferType::bulk, 512, 0}, {0x01, usb::TransferType::bulk, 512, 0}};
  auto pipe = usb::UsbIpPipe::open(std::move(imported), pair, clock, std::make_shared<usb::UsbIpHolds>(), "1-1");
  if (!pipe) {
    return;
  }
  const Buffer out(100, std::byte{1});
  Buffer into(1000);
  for (int i = 0; i < 200; ++i) {
    auto sent = i % 3 == 0 ? (*pipe)->send(out, usb::Zlp::never, deadline) : Result<void>{};
    auto received = (*pipe)->receive(into, deadline);
    if (!sent || !received) {
      break;
    }
    fuzz::must(*received <= into.size(), "no more comes than there is room for");
  }
}
