#include "virtual/sahara_device.h"

#include <utility>

namespace modemedic::twin {

namespace sahara = protocol::sahara;

namespace {

constexpr std::size_t header_size = 8;
constexpr std::size_t hello_body = 0x28;
constexpr std::uint32_t version = 2;
constexpr std::uint32_t transfer_complete = 1;
constexpr Duration reset_time = std::chrono::milliseconds(100);

constexpr std::size_t largest_kept = 1_MiB;
constexpr std::size_t longest_raw = 65536;  // more is asked for only by a fault

}  // namespace

DeviceTask SaharaDevice::run() {
  link_.drop_zlps(true);
  while (setup_.faults.find("sahara-dead") != nullptr) {
    co_await link_.received();
    take_transfer();
  }
  if (setup_.faults.find("lost-hello") == nullptr) {
    co_await say_hello(first_mode());
  }
  while (state_ != State::done) {
    co_await link_.received();
    auto transfer = take_transfer();
    if (transfer.bytes.empty()) {
      continue;  // a ZLP
    }
    if (state_ == State::raw) {
      co_await take_raw(transfer);
    } else {
      co_await obey(transfer.bytes);
    }
  }
  link_.drop_zlps(false);
}

SaharaDevice::Transfer SaharaDevice::take_transfer() {
  auto front = link_.out().front();
  Transfer transfer{{front.data.begin(), front.data.end()}, front.ended};
  link_.out().accept();
  return transfer;
}

DeviceTask SaharaDevice::obey(ByteView transfer) {
  ByteReader reader(transfer, Endian::little);
  auto command = static_cast<Command>(reader.u32());
  if (auto length = reader.u32(); reader.failed() || length != transfer.size()) {
    return end_image(SaharaStatus::invalid_packet_size);
  }
  auto length = transfer.size() - header_size;
  if (command == Command::hello_response) {
    return length == hello_body ? begin(reader) : end_image(SaharaStatus::invalid_packet_size);
  }
  if (command == Command::reset) {
    return reset();
  }
  if (command == Command::reset_state_machine) {
    return say_hello(first_mode());
  }
  if (command == Command::done && state_ == State::image_complete) {
    state_ = State::done;
    return done();
  }
  if (state_ == State::command && length == sizeof(std::uint32_t)) {
    if (command == Command::command_execute) {
      return execute(reader.u32());
    }
    if (command == Command::command_execute_data) {
      return execute_data(reader.u32());
    }
    if (command == Command::command_switch_mode) {
      return switch_mode(static_cast<Mode>(reader.u32()));
    }
  }
  if (command == Command::memory_read && state_ == State::memory_debug) {
    return read_memory(reader);
  }
  return end_image(SaharaStatus::invalid_command);
}

DeviceTask SaharaDevice::say_hello(Mode mode) {
  state_ = State::idle;
  co_await link_.sent(sahara::hello({.version = version, .mode = mode}), false);
}

/// HELLO_RESPONSE: the host chooses the mode.
DeviceTask SaharaDevice::begin(ByteReader body) {
  auto host_version = body.u32();
  auto lowest = body.u32();
  auto status = body.u32();
  auto mode = static_cast<Mode>(body.u32());
  if (host_version == 0) {
    return end_image(SaharaStatus::invalid_host_protocol);
  }
  if (lowest > version) {
    return end_image(SaharaStatus::protocol_mismatch);
  }
  if (status != 0) {
    return end_image(SaharaStatus::unknown_host_error);
  }
  if (mode == Mode::command) {
    return be_ready();
  }
  if (mode == Mode::memory_debug) {
    return setup_.memory_debug ? offer_memory() : end_image(SaharaStatus::memory_debug_unsupported);
  }
  if (mode == Mode::image_transfer_pending && !setup_.memory_debug) {
    image_ = {};
    program_.clear();
    return ask();
  }
  return end_image(SaharaStatus::invalid_host_mode);
}

DeviceTask SaharaDevice::end_image(SaharaStatus status) {
  state_ = status == SaharaStatus::success ? State::image_complete : State::idle;
  co_await send(Command::end_image_transfer, setup_.image_id, static_cast<std::uint32_t>(status));
}

DeviceTask SaharaDevice::done() {
  co_await send(Command::done_response, transfer_complete);
}

DeviceTask SaharaDevice::reset() {
  co_await send(Command::reset_response);
  co_await link_.passed(reset_time);
  setup_.power(PowerEvent::reset);
  co_await link_.halt();
}

/// Asks for the next part of the image, or judges it when all is there.
DeviceTask SaharaDevice::ask() {
  auto next = image_.next();
  if (!next) {
    auto status = image_.verify();
    if (status == SaharaStatus::success && setup_.persona.fused) {
      status = image_.authenticate(setup_.persona.pk_hash);
    }
    return end_image(status);
  }
  return ask_for(misled(*next));
}

DeviceTask SaharaDevice::ask_for(ProgrammerImage::Part part) {
  state_ = State::raw;
  awaited_ = part.length;
  raw_.clear();
  co_await send(Command::read_data, setup_.image_id, part.offset, part.length);
}

/// The faults: the first part of a segment is asked for where no host must go.
ProgrammerImage::Part SaharaDevice::misled(ProgrammerImage::Part part) const {
  if (!image_.in_segments()) {
    return part;
  }
  if (setup_.faults.find("sahara-out-of-range") != nullptr) {
    return {0x7FFF0000, part.length};
  }
  if (setup_.faults.find("sahara-4gib") != nullptr) {
    return {0, 0xFFFFFFFF};
  }
  return part;
}

DeviceTask SaharaDevice::take_raw(const Transfer& transfer) {
  if (transfer.bytes.size() > awaited_ - raw_.size() || raw_.size() > longest_raw) {
    return end_image(SaharaStatus::invalid_receive_length);
  }
  raw_.insert(raw_.end(), transfer.bytes.begin(), transfer.bytes.end());
  if (raw_.size() < awaited_) {
    return transfer.ended ? end_image(SaharaStatus::invalid_receive_length) : go_on();
  }
  if (program_.size() < largest_kept) {
    program_.insert(program_.end(), raw_.begin(), raw_.end());
  }
  auto status = image_.take(raw_);
  return status == SaharaStatus::success ? ask() : end_image(status);
}

}  // namespace modemedic::twin
