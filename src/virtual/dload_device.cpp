#include "virtual/dload_device.h"

#include "virtual/loader_mark.h"

#include <algorithm>
#include <array>

namespace modemedic::twin {

namespace dload = protocol::dload;

using dload::Command;
using dload::Nak;

namespace {

constexpr std::size_t longest_frame = 2048;
constexpr std::size_t memory_size = 4_MiB;
constexpr auto version_text = "QHSUSB_DLOAD";

/// Where a loader may be put: NPRG9x15 and ENPRG9x15 (facts: dload-streaming.md).
struct Window {
  std::uint32_t first;
  std::uint32_t size;
};

constexpr std::uint32_t nprg_address = 0x41700000;
constexpr std::array windows = {Window{nprg_address, 0x100000}, Window{0x2A000000, 0x40000}};

}  // namespace

DloadDevice::DloadDevice(DeviceLink& link, Setup setup)
    : link_(link), setup_(std::move(setup)), reader_(longest_frame) {}

DeviceTask DloadDevice::run() {
  link_.drop_zlps(true);
  for (;;) {
    co_await link_.received();
    reader_.feed(link_.out().front().data);
    link_.out().accept();
    while (auto frame = reader_.next()) {
      const auto* body = std::get_if<Buffer>(&*frame);
      auto answer = body != nullptr ? obey(*body) : Answer{dload::nak(Nak::bad_checksum)};
      if (!answer.body.empty()) {
        co_await link_.sent(protocol::hdlc_frame(answer.body, true), true);
      }
      if (answer.then == Answer::Then::start) {
        co_return;
      }
      if (answer.then == Answer::Then::reset) {
        setup_.power(PowerEvent::reset);
      }
      if (answer.then != Answer::Then::go_on) {
        co_await link_.halt();
      }
    }
  }
}

DloadDevice::Answer DloadDevice::obey(ByteView body) {
  ByteReader in(body, Endian::big);
  switch (static_cast<Command>(in.u8())) {
    case Command::nop:
      return {dload::command(Command::ack)};
    case Command::parameters_request:
      return {dload::parameters({.version = 8, .lowest_version = 8, .largest_write = dload::largest_write})};
    case Command::version_request: {
      ByteWriter out(Endian::big);
      out.u8(static_cast<std::uint8_t>(Command::version));
      out.u8(static_cast<std::uint8_t>(std::string_view(version_text).size())).bytes(as_bytes(version_text));
      return {out.take()};
    }
    case Command::write:
      return write(in.u32(), in);
    case Command::write_24: {
      auto high = std::uint32_t{in.u8()} << 16U;
      return write(high | in.u16(), in);
    }
    case Command::go: {
      auto start = in.u32();
      if (in.failed()) {
        return {dload::nak(Nak::early_end)};
      }
      auto runs = holds_loader(start) && setup_.faults.find("loader-dead") == nullptr;
      return {{}, runs ? Answer::Then::start : Answer::Then::get_lost};
    }
    case Command::reset:
      return {dload::command(Command::ack), Answer::Then::reset};
    default:
      return {dload::nak(Nak::invalid_command)};
  }
}

DloadDevice::Answer DloadDevice::write(std::uint32_t address, ByteReader rest) {
  auto length = rest.u16();
  auto data = rest.rest();
  if (rest.failed() || data.size() < length) {
    return {dload::nak(Nak::early_end)};
  }
  if (length > dload::largest_write || data.size() > length) {
    return {dload::nak(length > dload::largest_write ? Nak::bad_length : Nak::too_long)};
  }
  auto fits = [&](const Window& window) {
    return address >= window.first && length <= window.size && address - window.first <= window.size - length &&
           (window.first != nprg_address || setup_.faults.find("loader-refused") == nullptr);
  };
  if (std::ranges::none_of(windows, fits)) {
    return {dload::nak(Nak::bad_destination)};
  }
  if (length > memory_size - written_) {
    return {dload::nak(Nak::operation_failed)};
  }
  auto& kept = memory_[address];
  written_ = written_ - kept.size() + length;
  kept.assign(data.begin(), data.end());
  return {dload::command(Command::ack)};
}

/// Does a streaming loader stand there, in one run?
bool DloadDevice::holds_loader(std::uint32_t start) const {
  Buffer program;
  for (auto part = memory_.find(start); part != memory_.end();
       part = memory_.find(start + static_cast<std::uint32_t>(program.size()))) {
    if (part->second.empty()) {
      break;
    }
    program.insert(program.end(), part->second.begin(), part->second.end());
  }
  return is_streaming_loader(program);
}

}  // namespace modemedic::twin
