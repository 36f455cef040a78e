#include "operation/run_sahara.h"

#include "operation/feed_machine.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

constexpr Duration send_patience = 5s;

/// For each way of waking up a modem that said its HELLO to somebody else: all of them within the 3 s of a list.
constexpr Duration curious_patience = 500ms;

Result<void> leave_as_found(usb::Pipe& pipe, const Clock& clock, const protocol::SaharaHost& host) {
  auto farewell = host.farewell();
  return farewell.empty() ? Result<void>{} : pipe.send_last(farewell, Deadline::in(clock, send_patience));
}

}  // namespace

Result<SaharaEnd> run_sahara(usb::Pipe& pipe, const Clock& clock, const std::map<std::uint64_t, ByteView>& images) {
  protocol::SaharaHost::Options options;
  for (const auto& [id, bytes] : images) {
    options.images[id] = bytes.size();
  }
  protocol::SaharaHost host(std::move(options));
  for (;;) {
    auto action = host.next();
    auto deadline = Deadline::in(clock, send_patience);
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      TRY(pipe.send(send->bytes, send->zlp, deadline));
    } else if (auto* part = std::get_if<protocol::SendImage>(&action)) {
      TRY(pipe.send(images.at(part->image).subspan(part->offset, part->length), part->zlp, deadline));
    } else if (auto* wait = std::get_if<protocol::Await>(&action)) {
      TRY(feed_from(pipe, clock, host, wait->patience));
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return fail(std::move(failed->error));
    } else {
      return SaharaEnd{host.identity(), host.programmer_running(), host.memory_debug(), host.take_pending()};
    }
  }
}

Result<SaharaEnd> ask_sahara(usb::Pipe& pipe, const Clock& clock, Deadline deadline) {
  protocol::SaharaHost host({.images = {}, .identity_only = true, .hello_patience = curious_patience});
  for (;;) {
    auto action = host.next();
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      TRY(pipe.send(send->bytes, send->zlp, Deadline::in(clock, send_patience)));
    } else if (auto* wait = std::get_if<protocol::Await>(&action)) {
      if (deadline.passed(clock)) {
        TRY(leave_as_found(pipe, clock, host));
        return fail(Code::timeout).what("the modem answers Sahara too slowly").hint("ask it again, or power-cycle it");
      }
      TRY(feed_from(pipe, clock, host, std::min(wait->patience, deadline.left(clock))));
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return fail(std::move(failed->error));
    } else {
      TRY(leave_as_found(pipe, clock, host));
      return SaharaEnd{host.identity(), host.programmer_running(), host.memory_debug(), host.take_pending()};
    }
  }
}

Result<std::vector<protocol::MemoryRegion>> ask_memory(usb::Pipe& pipe, const Clock& clock, Deadline deadline) {
  protocol::SaharaMemory memory;
  TRY(walk_machine(pipe, clock, memory, deadline));
  auto anew = protocol::sahara::packet(protocol::sahara::Command::reset_state_machine);
  TRY(pipe.send_last(anew, Deadline::in(clock, send_patience)));
  return memory.regions();
}

Result<void> reset_by_sahara(usb::Pipe& pipe, const Clock& clock) {
  auto packet = protocol::sahara::packet(protocol::sahara::Command::reset);
  TRY(pipe.send(packet, usb::Zlp::never, Deadline::in(clock, send_patience)));
  return pipe.flush(Deadline::in(clock, send_patience));
}

}  // namespace modemedic::operation
