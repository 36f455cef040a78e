#include "operation/run_fastboot.h"

#include "base/bytes.h"
#include "firmware/image_reader.h"
#include "knowledge/shape.h"
#include "operation/feed_machine.h"
#include "operation/run_at.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;

namespace {

/// INFO may come any number of times before the answer: so long, no longer.
constexpr Duration longest_talk = 60s;
/// An image goes over the wire in seconds; whatever the wire, so long, no longer.
constexpr Duration longest_download = 600s;
constexpr Duration send_patience = 2s;
/// Before it asks for data and after it has them, a boot loader takes a moment for its memory.
constexpr Duration data_patience = 15s;
/// It says nothing until all is written and the rest of the partition erased: 100 MB of blocks take up to a minute.
constexpr Duration flash_patience = 180s;
constexpr Duration erase_patience = 60s;
/// A whole number of packets: a short one inside the data leaves the device deaf.
constexpr std::size_t transfer_size = 16384;
constexpr std::uint64_t most = 0xffffffff;  ///< what eight hex digits say

/// "\t0xd000000": with the TAB that little-kernel puts before it.
std::optional<std::uint64_t> number_in(std::string_view text) {
  auto at = text.find("0x");
  std::uint64_t number = 0;
  if (at == std::string_view::npos ||
      std::from_chars(text.data() + at + 2, text.data() + text.size(), number, 16).ec != std::errc{}) {
    return std::nullopt;
  }
  return number;
}

Failure refused(const std::string& what, const protocol::FastbootReply& reply) {
  return fail(Code::device_refused)
      .what(fmt::format("the boot loader refused {}: \"{}\"", what, printable(reply.text)))
      .hint("a worn flash or a package for another module: see modemedic doctor");
}

Result<protocol::FastbootReply> run(usb::Pipe& pipe, const Clock& clock, protocol::FastbootHost host, Deadline deadline,
                                    const std::function<Result<void>()>& send_data) {
  TRY(drain(pipe, clock, 5ms));
  for (;;) {
    auto action = host.next();
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      TRY(pipe.send(send->bytes, send->zlp, Deadline::in(clock, send_patience)));
    } else if (std::holds_alternative<protocol::SendImage>(action)) {
      TRY(send_data());
    } else if (auto* wait = std::get_if<protocol::Await>(&action)) {
      if (deadline.passed(clock)) {
        return fail(Code::timeout).what("the boot loader talks without end");
      }
      TRY(feed_from(pipe, clock, host, std::min(wait->patience, deadline.left(clock))));
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return fail(std::move(failed->error));
    } else {
      return host.reply();
    }
  }
}

/// What is sent, piece by piece.
struct Source {
  std::string name;
  std::uint64_t size;
  std::function<Result<ByteView>(std::uint64_t offset)> next;
  std::function<Result<void>()> verify;
};

Result<void> download(usb::Pipe& pipe, const Clock& clock, const Source& image,
                      const std::function<void(std::uint64_t)>& tell, const std::stop_token& stop) {
  TRY_ASSIGN(auto limit, largest_download(pipe, clock));
  if (image.size == 0 || image.size > limit) {
    return too_large_for_fastboot(image.name, image.size, limit);
  }
  auto send_all = [&]() -> Result<void> {
    for (std::uint64_t done = 0; done < image.size;) {
      if (stop.stop_requested()) {
        return fail(Code::interrupted).what("stopped by the person");
      }
      TRY_ASSIGN(auto bytes, image.next(done));
      if (bytes.empty()) {
        return fail(Code::package_bad).what(image.name + " is shorter than it was");
      }
      TRY(pipe.send(bytes, protocol::Zlp::never, Deadline::in(clock, data_patience)));
      done += bytes.size();
      tell(done);
    }
    TRY(pipe.flush(Deadline::in(clock, data_patience)));
    return image.verify();
  };
  protocol::FastbootHost host(fmt::format("download:{:08x}", image.size), data_patience, image.size);
  TRY_ASSIGN(auto reply, run(pipe, clock, std::move(host), Deadline::in(clock, longest_download), send_all));
  return reply.okay ? Result<void>{} : refused("the image", reply);
}

Result<void> flash_downloaded(usb::Pipe& pipe, const Clock& clock, const std::string& partition) {
  TRY_ASSIGN(auto reply, run_fastboot(pipe, clock, "flash:" + partition, flash_patience));
  return reply.okay ? Result<void>{} : refused("to flash " + partition, reply);
}

}  // namespace

Result<std::unique_ptr<usb::Pipe>> open_fastboot(usb::Bus& bus, const usb::DeviceInfo& modem) {
  const auto& interfaces = modem.fingerprint.interfaces;
  auto found = std::find_if(interfaces.begin(), interfaces.end(), [](const auto& interface) {
    return knowledge::role(interface) == knowledge::Role::fastboot && usb::bulk_pair(interface);
  });
  if (found == interfaces.end()) {
    return fail(Code::device_protocol)
        .what("the modem in fastboot shows no fastboot interface")
        .hint("take all power from the modem for some seconds, and look again with modemedic list");
  }
  return bus.open(modem, found->number);
}

Result<protocol::FastbootReply> run_fastboot(usb::Pipe& pipe, const Clock& clock, const std::string& command,
                                             Duration patience) {
  return run(pipe, clock, {command, patience}, Deadline::in(clock, patience + longest_talk),
             [] { return fail(Code::bug).what("data where none were announced"); });
}

Result<std::uint64_t> largest_download(usb::Pipe& pipe, const Clock& clock) {
  TRY_ASSIGN(auto largest, run_fastboot(pipe, clock, "getvar:max-download-size", send_patience));
  return std::min(number_in(largest.text).value_or(most), most);
}

Failure too_large_for_fastboot(const std::string& image, std::uint64_t size, std::uint64_t limit) {
  return fail(Code::device_refused)
      .what(fmt::format("{} has {} bytes, the boot loader takes 1 to {} at once", image, size, limit))
      .hint("such an image can't be flashed by fastboot");
}

Result<void> erase_by_fastboot(usb::Pipe& pipe, const Clock& clock, const std::string& partition) {
  TRY_ASSIGN(auto reply, run_fastboot(pipe, clock, "erase:" + partition, erase_patience));
  return reply.okay ? Result<void>{} : refused("to erase " + partition, reply);
}

Result<void> flash_by_fastboot(usb::Pipe& pipe, const Clock& clock, const firmware::Package& package, std::size_t file,
                               const std::string& partition, const std::function<void(std::uint64_t)>& tell,
                               const std::stop_token& stop) {
  TRY_ASSIGN(auto reader, firmware::ImageReader::open(package, file));
  Source image{printable(package.files[file].path), package.files[file].size,
               [&](std::uint64_t /*offset*/) { return reader->next(transfer_size); }, [&] { return reader->verify(); }};
  TRY(download(pipe, clock, image, tell, stop));
  return flash_downloaded(pipe, clock, partition);
}

Result<void> flash_by_fastboot(usb::Pipe& pipe, const Clock& clock, const plan::ProvenFastbootStep& step,
                               const std::function<void(std::uint64_t)>& tell, const std::stop_token& stop) {
  auto bytes = step.image();
  auto part = [&](std::uint64_t offset) -> Result<ByteView> {
    return bytes.subspan(offset, std::min<std::size_t>(transfer_size, bytes.size() - offset));
  };
  TRY(download(pipe, clock, {"the image", bytes.size(), part, [] { return Result<void>{}; }}, tell, stop));
  return flash_downloaded(pipe, clock, step.partition());
}

}  // namespace modemedic::operation
