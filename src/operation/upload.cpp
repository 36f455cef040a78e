#include "operation/upload.h"

#include "operation/run_sahara.h"
#include "protocol/sahara_wire.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::operation {

namespace firehose = protocol::firehose;

namespace {

/// Programmers are 100 to 700 KB.
constexpr std::uint64_t largest_programmer = 4_MiB;

constexpr std::uint32_t wanted_payload = 16384;

constexpr Duration question_patience = std::chrono::seconds(5);

void tell_chip(const protocol::ChipIdentity& chip, Events& events) {
  if (chip.hwid) {
    events.emit(event::Log{event::Log::Level::info,
                           fmt::format("boot ROM: HWID {:#018x}, key hash {}", *chip.hwid, hex_digits(chip.pk_hash))});
  }
}

/// A programmer answers a nop with ACK when it is ready for commands. One page too many of what it was freed with may
/// stand before the first nop, so there is more than one.
Result<void> ping(FirehoseLink& link) {
  firehose::Reply reply;
  for (int i = 0; i < 3 && !reply.ack; ++i) {
    TRY_ASSIGN(reply, link.run(firehose::Nop{}));
  }
  if (!reply.ack) {
    return fail(Code::device_refused)
        .what("a programmer runs on the modem already, but refuses even a nop: " + in_its_words(reply))
        .hint("take all power from the modem for some seconds and start again");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<usb::Pipe>> open_edl(usb::Bus& bus, const usb::DeviceInfo& modem) {
  const auto& interfaces = modem.fingerprint.interfaces;
  auto bulk = std::find_if(interfaces.begin(), interfaces.end(),
                           [](const auto& interface) { return usb::bulk_pair(interface).has_value(); });
  if (bulk == interfaces.end()) {
    return fail(Code::device_protocol)
        .what("the modem in EDL shows no interface to talk to")
        .hint("take all power from the modem for some seconds, and look again with modemedic list");
  }
  return bus.open(modem, bulk->number);
}

Result<Buffer> read_programmer(const firmware::Package& package) {
  return firmware::read_file(package, package.programmer, largest_programmer);
}

Result<protocol::ChipIdentity> upload_programmer(usb::Pipe& pipe, const Clock& clock, FirehoseLink& link,
                                                 ByteView programmer, const Geometry& geometry, Events& events) {
  // A boot ROM asks for it by the one id, a boot loader in its download mode by the other.
  TRY_ASSIGN(auto end, run_sahara(pipe, clock,
                                  {{protocol::sahara::programmer_image, programmer},
                                   {protocol::sahara::nprg_image, programmer}}));
  if (!end.programmer_running) {
    tell_chip(end.chip, events);
    TRY(link.greet(end.pending));
    return end.chip;
  }
  TRY(take_over(link, end.pending, geometry.page_size, geometry.chip_size(), events));
  return end.chip;
}

Result<protocol::ChipIdentity> upload_programmer(usb::Pipe& pipe, const Clock& clock, FirehoseLink& link,
                                                 const firmware::Package& package, Events& events) {
  TRY_ASSIGN(auto programmer, read_programmer(package));
  return upload_programmer(pipe, clock, link, programmer, package.geometry, events);
}

Result<void> take_over(FirehoseLink& link, ByteView said, std::uint32_t page, std::uint64_t most, Events& events) {
  events.emit(event::Log{event::Log::Level::info, "a programmer runs on the modem already"});
  if (as_text(said).find("bytes_read_in_layer") != std::string_view::npos) {
    events.emit(event::Log{event::Log::Level::info, "it still waits for data of a flash that broke off: filling up"});
    TRY(link.leave_raw_mode(page, most));
  }
  return ping(link);
}

Result<void> regain(FirehoseLink& link, std::uint32_t page, std::uint64_t most, Events& events) {
  link.start_over();
  auto answer = link.run(firehose::Nop{});
  if (answer && answer->ack) {
    return {};
  }
  if (!answer && answer.error().code != Code::timeout) {
    return fail(std::move(answer.error()));
  }
  auto said = link.last_log();
  link.start_over();
  return take_over(link, as_bytes(said), page, most, events);
}

Result<bool> find_programmer(usb::Pipe& pipe, const Clock& clock, FirehoseLink& link, Events& events) {
  constexpr std::uint32_t page = 4096;  // the chip is not known yet: of one with 2 KiB these are whole pages too
  constexpr std::uint64_t largest_chip = 1024_MiB;
  TRY_ASSIGN(auto end, ask_sahara(pipe, clock, Deadline::in(clock, question_patience)));
  if (end.programmer_running) {
    TRY(take_over(link, end.pending, page, largest_chip, events));
  }
  return end.programmer_running;
}

Result<void> configure(FirehoseLink& link) {
  TRY_ASSIGN(auto reply, link.run(firehose::Configure{wanted_payload, false}));
  if (!reply.ack) {
    return fail(Code::device_refused)
        .what("the programmer refused its configuration: " + in_its_words(reply))
        .hint("the package's programmer may be for another chip: use the package made for this module");
  }
  return {};
}

Result<void> reset_by_firehose(FirehoseLink& link) {
  auto reply = link.run(firehose::Power{});
  if (!reply && reply.error().code != Code::modem_lost) {
    return fail(std::move(reply.error()));
  }
  if (reply && !reply->ack) {
    return fail(Code::device_refused).what("the modem refused its reset: " + in_its_words(*reply));
  }
  return {};
}

Result<plan::ChipReport> ask_chip(FirehoseLink& link) {
  TRY_ASSIGN(auto reply, link.run(firehose::GetStorageInfo{}));
  if (!reply.ack) {
    return fail(Code::device_refused)
        .what("the programmer does not tell what chip it works on: " + in_its_words(reply))
        .hint("without geometry and bad blocks a flash can't be shown to be safe");
  }
  auto storage = protocol::parse_storage_info(reply.logs);
  if (!storage) {
    return fail(Code::refused)
        .rule("unknown")
        .what("the chip's page and block size could not be found out: " + in_its_words(reply))
        .hint("without geometry and bad blocks a flash can't be shown to be safe; this rule can't be lifted");
  }
  return plan::ChipReport{storage->geometry, std::move(storage->bad_blocks)};
}

}  // namespace modemedic::operation
