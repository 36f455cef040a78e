// The host of DLOAD, with a boot loader that answers as it should, or as the input wants.

#include "protocol/dload_host.h"

#include "peer/machine.h"

using namespace modemedic;
using namespace modemedic::protocol;

MODEMEDIC_FUZZ(dload_host) {
  fuzz::Input input(bytes);
  const Buffer first(2500, std::byte{1});
  const Buffer second(700, std::byte{2});
  std::vector<DloadHost::Loader> loaders;
  auto shape = input.u8();
  if (shape % 4 != 3) {
    loaders.push_back({"NPRG9x15.hex", {{0x41700000, first}, {0x41800000, second}}, 0x41700000});
    loaders.push_back({"ENPRG9x15.hex", {{0x41900000, second}}, 0x41900000});
  }
  DloadHost host(loaders);
  Buffer asked;
  auto body = [&]() -> Buffer {
    switch (input.u8()) {
      case 0xE0:
        return dload::nak(static_cast<dload::Nak>(input.u8()));
      case 0xE1:
        return dload::parameters({input.u8(), input.u8(), input.u16(), 0, 0, 0});
      case 0xE2: {
        auto any = input.bytes();
        return {any.begin(), any.end()};
      }
      case 0xE3:
        return {std::byte{0x13}, std::byte{0x06}};
      case 0xE4:
        return {std::byte{0x0d}, std::byte{0x06}, std::byte{0}, std::byte{0}, std::byte{0}};
      default:
        return !asked.empty() && asked[0] == std::byte{0x07} ? dload::parameters({7, 2, 1000, 0, 0, 0})
                                                             : dload::command(dload::Command::ack);
    }
  };
  fuzz::drive(
      host, input,
      [&](ByteView frame) {
        HdlcReader reader;
        reader.feed(frame);
        auto sent = reader.next();
        fuzz::must(sent && std::holds_alternative<Buffer>(*sent), "the host sends whole frames");
        asked = std::get<Buffer>(*sent);
        fuzz::must(asked.size() <= 7 + dload::largest_write, "no write is longer than any boot loader takes");
      },
      [&]() -> std::optional<Buffer> {
        switch (input.u8()) {
          case 0xF0:
            return std::nullopt;
          case 0xF1:
            return Buffer{};
          case 0xF2: {
            auto any = input.bytes();
            return Buffer(any.begin(), any.end());
          }
          case 0xF3: {
            auto frame = hdlc_frame(body());
            auto again = hdlc_frame(body());
            frame.insert(frame.end(), again.begin(), again.end());
            return frame;
          }
          default:
            return hdlc_frame(body());
        }
      },
      [](const auto&) { fuzz::must(false, "it does nothing else"); });
}
