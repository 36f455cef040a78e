#include "protocol/sahara_host.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::protocol {

using namespace std::chrono_literals;
using sahara::ClientCommand;
using sahara::Command;
using sahara::Mode;

namespace {

constexpr Duration command_patience = 2s;
/// A 4 KiB read takes about 40 ms; authenticating the segments before END_IMAGE up to some seconds.
constexpr Duration transfer_patience = 10s;
/// A programmer that talks already: between two of its lines.
constexpr Duration drain_patience = 300ms;

constexpr std::uint32_t newest_version = 3;

/// What no device does that means well; each of them ends a talk that would go on for ever.
constexpr unsigned most_hellos = 8;
constexpr unsigned most_strays = 16;
constexpr std::size_t drain_limit = 64_KiB;

constexpr std::string_view power_cycle_hint =
    "take all power from the modem for some seconds, put it into EDL again, and let no other program (ModemManager) "
    "open it";

Buffer packet_of(Command command, std::uint32_t value) {
  return sahara::packet(command, ByteWriter(Endian::little).u32(value).take());
}

Buffer packet_of(Command command, ClientCommand value) {
  return packet_of(command, static_cast<std::uint32_t>(value));
}

}  // namespace

SaharaHost::SaharaHost(Options options)
    : options_(std::move(options)),
      offer_(options_.images),
      wake_up_(options_.identity_only ? Mode::command : Mode::image_transfer_pending) {}

void SaharaHost::feed(ByteView bytes) {
  if (state_ != State::failed) {
    reader_.feed(bytes);
  }
}

Buffer SaharaHost::take_pending() {
  return reader_.take(reader_.pending().size());
}

Buffer SaharaHost::farewell() const {
  if (programmer_running_) {
    return {};
  }
  if (in_command_mode_ && hello_mode_) {
    return packet_of(Command::command_switch_mode, static_cast<std::uint32_t>(*hello_mode_));
  }
  return sahara::packet(Command::reset_state_machine);
}

SaharaHost::Action SaharaHost::next() {
  while (!action_ && step()) {
  }
  if (failure_) {
    return Failed{*failure_};
  }
  if (action_) {
    return *std::exchange(action_, std::nullopt);
  }
  if (state_ == State::done) {
    return Done{};
  }
  return Await{patience()};
}

Duration SaharaHost::patience() const {
  switch (state_) {
    case State::wait_hello:
      return options_.hello_patience;
    case State::transfer:
    case State::wait_done_response:
      return transfer_patience;
    case State::drain:
      return drain_patience;
    default:
      return command_patience;
  }
}

/// Takes one packet, or one raw answer, out of what was fed.
/// @return false when nothing more can be taken now
bool SaharaHost::step() {
  switch (state_) {
    case State::failed:
    case State::done:
      return false;
    case State::drain:
      if (reader_.pending().size() > drain_limit) {
        state_ = State::done;
      }
      return false;
    case State::wait_answer_data:
      if (reader_.pending().size() < answer_size_) {
        return false;
      }
      take_answer_data();
      return true;
    default:
      break;
  }
  if (as_text(reader_.pending()).starts_with("<?xml")) {
    if (state_ == State::wait_done_response) {
      state_ = State::done;  // its DONE_RESPONSE got lost, but what it was handed runs and greets
    } else {
      state_ = State::drain;
      programmer_running_ = true;
    }
    return true;
  }
  if (auto packet = reader_.next()) {
    take_packet(*packet);
    return true;
  }
  if (reader_.broken()) {
    auto bytes = reader_.pending();
    fail_with(fail(Code::device_protocol)
                  .what(fmt::format("the modem sent what is no Sahara packet: {}",
                                    hex(bytes.first(std::min<std::size_t>(bytes.size(), 16))))));
  }
  return false;
}

void SaharaHost::take_packet(const sahara::Packet& packet) {
  auto body = ByteView(packet.body);
  ByteReader reader(body, Endian::little);
  switch (packet.command) {
    case Command::hello:
      return take_hello(body);
    case Command::read_data:
      if (body.size() == 12) {
        auto image = reader.u32();
        auto offset = reader.u32();
        return take_read(image, offset, reader.u32());
      }
      break;
    case Command::read_data_64:
      if (body.size() == 24) {
        auto image = reader.u64();
        auto offset = reader.u64();
        return take_read(image, offset, reader.u64());
      }
      break;
    case Command::end_image_transfer:
      if (body.size() == 8) {
        return take_end_of_image(body);
      }
      break;
    case Command::done_response:
      if (body.size() == 4) {
        return take_done_response(body);
      }
      break;
    case Command::command_ready:
      // One who asks for nothing but identity may have woken it up by asking for this.
      if (state_ != State::wait_command_ready && !(options_.identity_only && state_ == State::wait_hello)) {
        return take_stray(packet.command);
      }
      in_command_mode_ = true;
      return ask_next_question();
    case Command::command_execute_response:
      if (body.size() == 8) {
        return state_ == State::wait_answer ? take_answer(body) : take_stray(packet.command);
      }
      break;
    case Command::memory_debug:
    case Command::memory_debug_64:
      if (options_.identity_only) {
        hello_mode_ = Mode::memory_debug;
        return leave_command_mode();
      }
      return fail_with(fail(Code::device_refused)
                           .what("the modem crashed and offers its memory for debugging; it takes no programmer so")
                           .hint("take all power from the modem for some seconds"));
    default:
      return take_stray(packet.command);
  }
  fail_with(fail(Code::device_protocol)
                .what(fmt::format("Sahara packet {:#x} with a length of {}", static_cast<std::uint32_t>(packet.command),
                                  body.size() + 8)));
}

void SaharaHost::take_hello(ByteView body) {
  ByteReader reader(body, Endian::little);
  auto version = reader.u32();
  auto lowest = reader.u32();
  reader.u32();  // max command length
  auto mode = static_cast<Mode>(reader.u32());
  if (reader.failed()) {
    return fail_with(fail(Code::device_protocol).what("a HELLO that is cut short"));
  }
  hello_mode_ = mode;
  if (mode == Mode::memory_debug && !options_.identity_only) {
    return fail_with(fail(Code::device_refused)
                         .what("the modem crashed and offers its memory for debugging (Sahara mode 2)")
                         .hint("take all power from the modem for some seconds"));
  }
  if (++hellos_ > most_hellos) {
    return fail_with(fail(Code::device_protocol).what(fmt::format("the modem said HELLO {} times", hellos_)));
  }
  if (lowest > newest_version) {
    return fail_with(fail(Code::device_protocol)
                         .what(fmt::format("the modem speaks Sahara {} only", lowest))
                         .hint("this tool knows versions 1 to 3: ask for a newer one"));
  }
  // One that insists on 3 gets it: the packets used here are the same.
  auto answer_version = std::max(std::min(version, sahara_host_version), lowest);
  in_command_mode_ = false;
  if (options_.ask_identity) {
    options_.ask_identity = false;  // once: what refuses it is not asked again
    state_ = State::wait_command_ready;
    mode = Mode::command;
  } else if (options_.identity_only) {
    state_ = State::done;  // it refused, and starts anew
    return;
  } else {
    state_ = State::transfer;
    mode = mode == Mode::image_transfer_complete ? mode : Mode::image_transfer_pending;
  }
  send(sahara::hello_response(answer_version, sahara_host_lowest, 0, mode));
}

void SaharaHost::ask_next_question() {
  auto question = questions_.current();
  if (!question) {
    return leave_command_mode();
  }
  send(packet_of(Command::command_execute, *question));
  state_ = State::wait_answer;
}

void SaharaHost::take_answer(ByteView body) {
  ByteReader reader(body, Endian::little);
  auto command = static_cast<ClientCommand>(reader.u32());
  auto length = reader.u32();
  if (length > sahara::max_packet) {
    return fail_with(fail(Code::device_protocol)
                         .what(fmt::format("an answer of {} bytes to Sahara command {}", length,
                                           static_cast<std::uint32_t>(command))));
  }
  if (command != questions_.current()) {
    return leave_command_mode();
  }
  if (length == 0) {
    questions_.skip();
    return ask_next_question();
  }
  answer_size_ = length;
  send(packet_of(Command::command_execute_data, command));
  state_ = State::wait_answer_data;
}

void SaharaHost::take_answer_data() {
  questions_.take_answer(reader_.take(answer_size_));
  ask_next_question();
}

/// Identity is a courtesy: a modem that refuses or keeps silent goes on to the transfer.
void SaharaHost::leave_command_mode() {
  if (options_.identity_only) {
    state_ = State::done;
    return;
  }
  if (std::exchange(in_command_mode_, false)) {
    send(packet_of(Command::command_switch_mode, static_cast<std::uint32_t>(Mode::image_transfer_pending)));
  }
  state_ = State::wait_hello;
}

void SaharaHost::take_read(std::uint64_t image, std::uint64_t offset, std::uint64_t length) {
  if (options_.identity_only) {
    return reset_state_machine();  // nothing is on offer
  }
  if (state_ == State::wait_hello && offset != 0) {
    return reset_state_machine();  // meant for a host that died half-way: whose image was it?
  }
  state_ = State::transfer;
  if (auto served = offer_.take(image, offset, length); !served) {
    return fail_with(std::move(served.error()));
  }
  if (length > 0) {  // nothing asked is nothing sent: a transfer of zero bytes would end the next read
    action_ = SendImage{.image = image, .offset = offset, .length = length, .padding = 0, .zlp = Zlp::never};
  }
}

void SaharaHost::take_end_of_image(ByteView body) {
  ByteReader reader(body, Endian::little);
  auto image = reader.u32();
  auto status = reader.u32();
  switch (state_) {
    case State::wait_command_ready:
    case State::wait_answer:
      return leave_command_mode();
    case State::wait_hello:
      // Left over from a host that died. Good or bad, DONE would start what that host sent.
      return reset_state_machine();
    case State::transfer:
      break;
    default:
      return take_stray(Command::end_image_transfer);
  }
  if (status == 0 && offer_.begun()) {
    send(sahara::packet(Command::done));
    state_ = State::wait_done_response;
    return;
  }
  if (!offer_.begun() && !wake_up_.reset_tried()) {
    return reset_state_machine();  // it did not take the HELLO_RESPONSE in its state
  }
  fail_with(refused(image, status));
}

void SaharaHost::take_done_response(ByteView body) {
  if (state_ != State::wait_done_response) {
    return take_stray(Command::done_response);
  }
  auto status = ByteReader(body, Endian::little).u32();
  if (status == 1 || (status == 0 && offer_.programmer_served())) {
    state_ = State::done;
  } else if (status == 0 && !offer_.all_served()) {
    state_ = State::wait_hello;
    offer_.next_image();
  } else {
    fail_with(fail(Code::device_protocol)
                  .what(status == 0 ? "the modem wants more images than are on offer"
                                    : fmt::format("the modem answered DONE with {:#x}", status)));
  }
}

/// A packet that doesn't belong here: left over, or nonsense. Some are let pass.
void SaharaHost::take_stray(Command command) {
  if (++strays_ > most_strays) {
    fail_with(fail(Code::device_protocol)
                  .what(fmt::format("Sahara packets out of place, last {:#x}", static_cast<std::uint32_t>(command))));
  }
}

/// Its HELLO doesn't come.
void SaharaHost::climb() {
  state_ = State::wait_hello;
  if (auto packet = wake_up_.next()) {
    return send(std::move(*packet));
  }
  fail_with(fail(Code::timeout)
                .what("the modem waits in EDL but is silent: no HELLO, and no answer to HELLO_RESPONSE, "
                      "RESET_STATE_MACHINE, and a Firehose nop"));
}

/// Sent once; a device that has it wrong again afterwards is let pass as a stray.
void SaharaHost::reset_state_machine() {
  state_ = State::wait_hello;
  if (auto packet = wake_up_.reset_state_machine()) {
    return send(std::move(*packet));
  }
  take_stray(Command::end_image_transfer);
}

void SaharaHost::timed_out() {
  switch (state_) {
    case State::failed:
    case State::done:
      return;
    case State::wait_hello:
      return climb();
    case State::wait_command_ready:
    case State::wait_answer:
    case State::wait_answer_data:
      return leave_command_mode();
    case State::drain:
      state_ = State::done;
      return;
    case State::wait_done_response:
      return fail_with(fail(Code::timeout).what("the modem took the whole programmer but did not confirm DONE"));
    case State::transfer:
      if (!offer_.begun()) {
        return climb();
      }
      return fail_with(
          fail(Code::timeout)
              .what(fmt::format("the modem stopped asking for the programmer at byte {}", offer_.furthest())));
  }
}

void SaharaHost::send(Buffer bytes) {
  action_ = Send{.bytes = std::move(bytes), .zlp = Zlp::never};
}

void SaharaHost::fail_with(Error error) {
  if (error.hint.empty()) {
    error.hint = power_cycle_hint;
  }
  failure_ = std::move(error);
  state_ = State::failed;
  action_.reset();
}

}  // namespace modemedic::protocol
