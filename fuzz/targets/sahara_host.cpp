// The host of Sahara, over a pipe, with a boot ROM that answers as it should, or as the input wants.

#include "operation/run_sahara.h"
#include "peer/peer_pipe.h"
#include "protocol/sahara_wire.h"

using namespace modemedic;
using namespace modemedic::protocol;
using sahara::Command;

namespace {

/// Knows what is due next; the input says whether it comes, and what else.
class BootRom {
public:
  BootRom(fuzz::Input& input, std::size_t image) : input_(input), image_(image) {}

  void answer(ByteView sent) {
    ByteReader reader(sent, Endian::little);
    auto command = reader.u32();
    due_ = (sent.size() >= 8 && command <= 0x13) ? static_cast<Command>(command) : Command::read_data;
    reader.u32();
    first_ = reader.u32();
    reader.u32();
    reader.u32();
    mode_ = reader.u32();
  }

  std::optional<Buffer> speak() {
    switch (auto what = input_.u8()) {
      case 0xE0:
        return std::nullopt;
      case 0xE1:
        return Buffer{};
      case 0xE2: {
        auto text = "<?xml version=\"1.0\"?><data><log value=\"" + input_.text() + "\"/></data>";
        return Buffer(as_bytes(text).begin(), as_bytes(text).end());
      }
      case 0xE3: {
        auto raw = input_.bytes();
        return Buffer(raw.begin(), raw.end());
      }
      case 0xE4: {  // any packet, well formed
        auto command = static_cast<Command>(input_.u8() % 0x20);
        return sahara::packet(command, input_.bytes());
      }
      case 0xE5: {  // a packet that lies of its length
        ByteWriter lie(Endian::little);
        return lie.u32(input_.u8()).u32(input_.u32()).bytes(input_.bytes()).take();
      }
      case 0xE6: {  // two at once, the second cut
        auto both = right();
        auto second = right();
        both.insert(both.end(), second.begin(),
                    second.begin() + static_cast<std::ptrdiff_t>(input_.below(second.size() + 1)));
        return both;
      }
      default:
        return what < 0xE0 ? right() : Buffer(input_.below(2048), std::byte{what});
    }
  }

private:
  Buffer fields(Command command, std::initializer_list<std::uint32_t> values) {
    ByteWriter body(Endian::little);
    for (auto value : values) {
      body.u32(input_.near(value));
    }
    return sahara::packet(command, body.take());
  }

  /// What a boot ROM says now, its fields perhaps not what they should be.
  Buffer right() {
    auto due = due_;
    due_ = Command::read_data;
    switch (due) {
      case Command::hello:  // nothing was sent yet
        return sahara::hello({input_.near(2), input_.near(1), 0x400, static_cast<sahara::Mode>(input_.near(0))});
      case Command::hello_response:
        return mode_ == 3 ? sahara::packet(Command::command_ready) : read();
      case Command::command_execute:
        return fields(Command::command_execute_response, {first_, first_ == 3 ? 32U : first_ == 2 ? 8U : 4U});
      case Command::command_execute_data:
        return Buffer(first_ == 3 ? 32U : first_ == 2 ? 8U : 4U, std::byte{0x5A});
      case Command::command_switch_mode:
      case Command::reset_state_machine:
        return sahara::hello({input_.near(2), input_.near(1), 0x400, static_cast<sahara::Mode>(input_.near(0))});
      case Command::done:
        return fields(Command::done_response, {1});
      default:
        return read();
    }
  }

  Buffer read() {
    if (asked_ >= image_) {
      return fields(Command::end_image_transfer, {13, 0});
    }
    auto length = static_cast<std::uint32_t>(std::min<std::size_t>(image_ - asked_, 4096));
    auto offset = static_cast<std::uint32_t>(asked_);
    asked_ += length;
    if (input_.u8() < 0x80) {
      return fields(Command::read_data, {13, offset, length});
    }
    ByteWriter body(Endian::little);
    for (auto value : {13U, offset, length}) {
      body.u32(input_.near(value)).u32(input_.near(0));
    }
    return sahara::packet(Command::read_data_64, body.take());
  }

  fuzz::Input& input_;
  std::size_t image_;
  std::size_t asked_ = 0;
  Command due_ = Command::hello;
  std::uint32_t first_ = 0;
  std::uint32_t mode_ = 0;
};

}  // namespace

MODEMEDIC_FUZZ(sahara_host) {
  fuzz::Input input(bytes);
  twin::SimulatedClock clock;
  const Buffer image(10'000, std::byte{0xA5});
  BootRom rom(input, image.size());
  auto asks = input.u8() % 4 == 3;
  fuzz::PeerPipe pipe(input, clock, {[&](ByteView sent, auto&) { rom.answer(sent); }, [&] { return rom.speak(); }});
  auto end = asks ? operation::ask_sahara(pipe, clock, Deadline::in(clock, std::chrono::seconds(3)))
                  : operation::run_sahara(pipe, clock, {{13, image}});
  if (!end) {
    fuzz::must(end.error().code != Code::bug, "no peer makes a bug of ours");
    fuzz::must_be_told(end.error());
  } else {
    fuzz::must(end->chip.pk_hash.empty() || end->chip.pk_hash.size() == 32, "a key hash has its size");
    fuzz::must(!asks || clock.now().time_since_epoch() < std::chrono::seconds(12), "a question takes its time only");
  }
}
