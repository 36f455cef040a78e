// The USB/IP server behind its socket: URBs of a client that does as it likes, on a device that answers.

#include "fuzz_target.h"
#include "peer/input.h"
#include "virtual/echo_device.h"
#include "virtual/usbip_exports.h"
#include "virtual/usbip_session.h"

using namespace modemedic;
namespace usbip = modemedic::protocol::usbip;

MODEMEDIC_FUZZ(usbip_server) {
  using Manner = twin::EchoFunction::Manner;
  constexpr std::uint32_t devid = 0x10001;
  fuzz::Input input(bytes);
  twin::SimulatedClock clock;
  twin::Timers timers{clock};
  twin::EchoDevice modem{timers};
  modem.appear(static_cast<Manner>(input.u8() % 5));
  twin::OutputQueue output;
  std::size_t replies = 0;
  std::size_t requests = 0;
  {
    twin::UsbIpSession session(modem, devid, output);
    Buffer left;
    for (int i = 0; i < 200 && !input.empty() && session.alive(); ++i) {
      auto what = input.u8();
      Buffer next = left;
      if (what < 0xC0) {
        usbip::UrbHeader urb;
        urb.command = what % 4 == 3 ? usbip::UrbCommand::unlink : usbip::UrbCommand::submit;
        urb.seqnum = input.u8();
        urb.devid = input.near(devid);
        urb.in = input.u8() % 2 == 1;
        urb.endpoint = input.u8() % 5;
        urb.length = static_cast<std::int32_t>(input.near(64));
        urb.flags = input.u8();
        urb.unlink_seqnum = input.u8();
        auto setup = input.take(8);
        std::copy(setup.begin(), setup.end(), urb.setup.begin());
        auto header = usbip::encode(urb);
        next.insert(next.end(), header.begin(), header.end());
        if (!urb.in && urb.command == usbip::UrbCommand::submit && urb.length > 0) {
          next.resize(next.size() + std::min<std::size_t>(static_cast<std::size_t>(urb.length), 100'000));
        }
        ++requests;
      } else if (what < 0xD0) {
        auto raw = input.bytes();
        next.insert(next.end(), raw.begin(), raw.end());
      } else if (what < 0xE0) {
        modem.leave();
        break;
      } else {
        clock.advance_to(clock.now() + std::chrono::milliseconds(input.u8()));
        timers.run_due();
      }
      auto owner = std::make_shared<const Buffer>(std::move(next));
      auto eaten = session.feed(*owner, owner);
      if (!eaten) {
        break;
      }
      fuzz::must(*eaten <= owner->size(), "it eats what it was given");
      left.assign(owner->begin() + static_cast<std::ptrdiff_t>(*eaten), owner->end());
      auto waiting = output.waiting();
      fuzz::must(waiting.size() < 8_MiB, "what waits is bounded");
      replies += waiting.empty() ? 0U : 1U;
      output.sent(waiting.size());
    }
  }
  fuzz::must(replies <= requests + 200, "it answers what it was asked");
}
