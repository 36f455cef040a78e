#include "protocol/sahara_memory.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::protocol {

using namespace std::chrono_literals;
using sahara::Command;
using sahara::Mode;

namespace {

constexpr Duration patience = 500ms;
constexpr std::uint32_t version = 2;
constexpr std::uint32_t lowest = 1;
constexpr unsigned most_packets = 8;  // HELLO, the offer, and some that were left over
constexpr std::size_t text_width = 20;

Buffer answer_to_hello() {
  return sahara::hello_response(version, lowest, 0, Mode::memory_debug);
}

std::string text_of(ByteReader& entry) {
  auto text = std::string(as_text(entry.take(text_width)));
  return text.substr(0, text.find('\0'));
}

}  // namespace

void SaharaMemory::feed(ByteView bytes) {
  if (state_ != State::failed && state_ != State::done) {
    reader_.feed(bytes);
  }
}

SaharaMemory::Action SaharaMemory::next() {
  while (!to_send_ && state_ != State::failed && state_ != State::done) {
    if (state_ == State::wait_table) {
      if (reader_.pending().size() < table_size_) {
        break;
      }
      take_table();
    } else if (auto packet = reader_.next()) {
      take_packet(*packet);
    } else if (reader_.broken()) {
      fail_with(fail(Code::device_protocol).what("the modem sent what is no Sahara packet"));
    } else {
      break;
    }
  }
  if (failure_) {
    return Failed{*failure_};
  }
  if (to_send_) {
    return Send{.bytes = *std::exchange(to_send_, std::nullopt), .zlp = Zlp::never};
  }
  if (state_ == State::done) {
    return Done{};
  }
  return Await{patience};
}

void SaharaMemory::take_packet(const sahara::Packet& packet) {
  if (++packets_ > most_packets) {
    return fail_with(fail(Code::device_protocol).what("Sahara packets without end instead of a memory table"));
  }
  switch (packet.command) {
    case Command::hello: {
      ByteReader body(packet.body, Endian::little);
      body.take(12);
      auto mode = static_cast<Mode>(body.u32());
      if (body.failed() || mode != Mode::memory_debug) {
        return fail_with(fail(Code::device_refused).what("the modem does not offer its memory"));
      }
      state_ = State::wait_offer;
      return send(answer_to_hello());
    }
    case Command::memory_debug:
      return take_offer(packet.body);
    case Command::memory_debug_64:
      return fail_with(fail(Code::device_refused).what("the modem offers its memory by 64-bit addresses"));
    case Command::end_image_transfer:
      return fail_with(fail(Code::device_refused).what("the modem refuses to show its memory"));
    default:
      return;  // left over
  }
}

void SaharaMemory::take_offer(ByteView body) {
  ByteReader reader(body, Endian::little);
  auto address = reader.u32();
  auto length = reader.u32();
  if (reader.failed() || length == 0 || length % entry_size != 0 || length / entry_size > most_entries) {
    return fail_with(
        fail(Code::device_protocol).what(fmt::format("a memory table of {} bytes is none that is known", length)));
  }
  table_size_ = length;
  state_ = State::wait_table;
  send(sahara::packet(Command::memory_read, ByteWriter(Endian::little).u32(address).u32(length).take()));
}

void SaharaMemory::take_table() {
  auto table = reader_.take(table_size_);
  ByteReader reader(table, Endian::little);
  for (std::size_t i = 0; i < table_size_ / entry_size; ++i) {
    reader.u32();  // its kind
    MemoryRegion region;
    region.address = reader.u32();
    region.length = reader.u32();
    region.description = text_of(reader);
    region.file = text_of(reader);
    regions_.push_back(std::move(region));
  }
  state_ = State::done;
}

void SaharaMemory::timed_out() {
  if (state_ == State::wait_hello && !woken_) {
    woken_ = true;  // its HELLO was read by another
    return send(answer_to_hello());
  }
  if (state_ != State::done && state_ != State::failed) {
    fail_with(fail(Code::timeout).what("the modem does not tell which memory it offers"));
  }
}

void SaharaMemory::send(Buffer bytes) {
  to_send_ = std::move(bytes);
}

void SaharaMemory::fail_with(Error error) {
  if (error.hint.empty()) {
    error.hint = "take all power from the modem for some seconds";
  }
  failure_ = std::move(error);
  state_ = State::failed;
  to_send_.reset();
}

}  // namespace modemedic::protocol
