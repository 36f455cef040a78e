#include "virtual/crash_memory.h"
#include "virtual/sahara_device.h"

#include <algorithm>

namespace modemedic::twin {

namespace {

enum ClientCommand : std::uint32_t { nop = 0, serial = 1, hwid = 2, pk_hash = 3, software_version = 7, list = 8 };

}  // namespace

DeviceTask SaharaDevice::be_ready() {
  state_ = State::command;
  executed_.reset();
  co_await send(Command::command_ready);
}

/// What EXECUTE_DATA brings; empty for a command that this boot ROM doesn't have.
Buffer SaharaDevice::client_answer(std::uint32_t client_command) const {
  ByteWriter answer(Endian::little);
  switch (client_command) {
    case serial:
      answer.u32(setup_.serial);
      break;
    case hwid:
      answer.u64(setup_.persona.hwid);
      break;
    case pk_hash:
      answer.bytes(from_hex(setup_.persona.pk_hash).value_or(Buffer{}));
      break;
    case software_version:
      answer.u32(0);
      break;
    case list:
      for (auto command : {serial, hwid, pk_hash, software_version, list}) {
        answer.u32(command);
      }
      break;
    default:
      break;
  }
  return answer.take();
}

DeviceTask SaharaDevice::execute(std::uint32_t client_command) {
  auto answer = client_answer(client_command);
  if (answer.empty()) {
    co_await end_image(SaharaStatus::unsupported_client_command);
    co_return;
  }
  executed_ = client_command;
  co_await send(Command::command_execute_response, client_command, static_cast<std::uint32_t>(answer.size()));
}

DeviceTask SaharaDevice::execute_data(std::uint32_t client_command) {
  if (executed_ != client_command) {
    co_await end_image(SaharaStatus::invalid_command_for_data);
    co_return;
  }
  executed_.reset();
  co_await link_.sent(client_answer(client_command), false);
}

DeviceTask SaharaDevice::switch_mode(Mode mode) {
  auto possible = mode == first_mode() || mode == Mode::command;
  return possible ? say_hello(mode) : end_image(SaharaStatus::invalid_mode_switch);
}

DeviceTask SaharaDevice::offer_memory() {
  state_ = State::memory_debug;
  CrashMemory memory(setup_.serial);
  auto table = memory.table();
  co_await send(Command::memory_debug, CrashMemory::table_address, static_cast<std::uint32_t>(table.size()));
}

DeviceTask SaharaDevice::read_memory(ByteReader body) {
  auto address = body.u32();
  auto length = body.u32();
  auto bytes = body.failed() ? std::nullopt : CrashMemory(setup_.serial).read(address, length);
  if (!bytes) {
    co_await end_image(SaharaStatus::invalid_memory_read);
    co_return;
  }
  co_await link_.sent(std::move(*bytes), false);
}

}  // namespace modemedic::twin
