// The host of streaming download, with a loader that answers as it should, or as the input wants.

#include "protocol/streaming_host.h"

#include "peer/machine.h"

using namespace modemedic;
using namespace modemedic::protocol;

namespace {

/// What follows from the last frame of the host.
Buffer right(ByteView asked, fuzz::Input& input) {
  auto one = [](std::uint8_t command, std::optional<std::uint8_t> status = {}) {
    Buffer body{static_cast<std::byte>(command)};
    if (status) {
      body.push_back(static_cast<std::byte>(*status));
    }
    return body;
  };
  switch (asked.empty() ? 0 : std::to_integer<int>(asked[0])) {
    case 0x01: {
      streaming::Target target;
      target.version = 2;
      target.lowest_version = 1;
      target.block_size = 1024;
      target.flash_name = "NAND";
      target.sectors = {0x20000, 0x20000};
      target.features = input.u8() == 0xFF ? 0 : streaming::multi_image_feature;
      return streaming::target(target);
    }
    case 0x17:
      return one(0x18);
    case 0x19:
      return one(0x1a, input.u8() < 0xF0 ? 0 : input.u8());
    case 0x1b:
      return one(0x1c, input.u8() < 0xF0 ? 0 : input.u8());
    case 0x07: {
      ByteWriter body(Endian::little);
      return body.u8(0x08).u32(input.near(load<std::uint32_t>(&asked[1], Endian::little))).take();
    }
    case 0x15:
      return one(0x16);
    case 0x0b:
      return one(0x0c);
    default:
      return one(0x0d);
  }
}

}  // namespace

MODEMEDIC_FUZZ(streaming_host) {
  fuzz::Input input(bytes);
  StreamingHost host;
  Buffer asked;
  auto sent = [&](ByteView frame) {
    HdlcReader reader;
    reader.feed(frame);
    auto body = reader.next();
    fuzz::must(body && std::holds_alternative<Buffer>(*body), "the host sends whole frames");
    asked = std::get<Buffer>(*body);
    auto command = std::to_integer<int>(asked[0]);
    fuzz::must(command != 0x13 && command != 0x1d, "the host never says what wipes a modem");
    fuzz::must(command != 0x19 || (asked.size() > 1 && asked[1] == std::byte{0}), "it never overrides a table");
  };
  auto body = [&]() -> Buffer {
    switch (input.u8()) {
      case 0xE0: {
        auto text = input.bytes();
        Buffer log{std::byte{0x0e}};
        log.insert(log.end(), text.begin(), text.end());
        return log;
      }
      case 0xE1: {
        ByteWriter error(Endian::little);
        auto code = input.u32();
        return error.u8(0x0d).u32(code).bytes(input.bytes()).take();
      }
      case 0xE2: {
        auto any = input.bytes();
        return {any.begin(), any.end()};
      }
      default:
        return right(asked, input);
    }
  };
  auto speak = [&]() -> std::optional<Buffer> {
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
        auto log = streaming::error_frames({3, input.text()});
        Buffer frames;
        for (const auto& one : log) {
          auto frame = hdlc_frame(one);
          frames.insert(frames.end(), frame.begin(), frame.end());
        }
        return frames;
      }
      default:
        return hdlc_frame(body());
    }
  };
  auto write = [&](const auto& action) {
    if (auto* part = std::get_if<StreamingHost::WriteImage>(&action)) {
      fuzz::must(part->length > 0 && std::uint64_t{part->offset} + part->length <= 3000, "it writes what is there");
      sent(streaming::write_frame(part->offset, Buffer(part->length, std::byte{0x11})));
    }
  };
  auto failed = [&] { return std::holds_alternative<Failed>(host.next()); };
  auto table = Buffer(100, std::byte{0xAA});
  host.start(StreamingHost::Session{table, StreamingHost::TableRisk::cannot_erase, input.u8() % 2 == 1});
  fuzz::drive(host, input, sent, speak, write);
  for (int i = 0; i < 2 && !failed(); ++i) {
    host.start(StreamingHost::Image{"SBL1", 3000});
    fuzz::drive(host, input, sent, speak, write);
    fuzz::must(host.table_answer() == streaming::TableAnswer::accepted, "nothing is opened before a table is right");
  }
  host.start(StreamingHost::Reset{});
  fuzz::drive(host, input, sent, speak, write);
  for (const auto& line : host.take_logs()) {
    fuzz::must(printable(line, 100'000) == line, "a log can be printed");
  }
}
