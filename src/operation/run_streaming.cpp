#include "operation/run_streaming.h"

#include "base/bytes.h"
#include "firmware/image_reader.h"
#include "firmware/intel_hex.h"
#include "firmware/safe_path.h"
#include "operation/emit_log.h"
#include "operation/feed_machine.h"
#include "operation/run_sahara.h"
#include "protocol/dload_host.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace modemedic::operation {

using namespace std::chrono_literals;
using protocol::DloadHost;
using protocol::StreamingHost;

namespace {

constexpr Duration send_patience = 2s;

/// As text; a loader has 60 to 80 KB, and 220 KB in HEX.
constexpr std::uint64_t largest_hex = 8_MiB;

constexpr std::uint64_t largest_loader = 8_MiB;

/// What a 9x07's boot loader asks for in Sahara; a boot ROM asks for 13.
constexpr std::uint64_t boot_loader_image = 7;

struct HexFile {
  std::string name;
  firmware::HexProgram program;
};

/// Whatever folder of the package it is in.
std::optional<std::size_t> find_file(const firmware::Package& package, std::string_view name) {
  auto found = std::ranges::find_if(
      package.files, [&](const auto& file) { return firmware::fold_case(firmware::last_part(file.path)) == name; });
  return found == package.files.end() ? std::nullopt
                                      : std::optional(static_cast<std::size_t>(found - package.files.begin()));
}

/// NPRG before ENPRG: the order in which they are tried.
Result<std::vector<HexFile>> read_loaders(const firmware::Package& package) {
  std::vector<HexFile> loaders;
  for (const auto* name : {"nprg9x15.hex", "enprg9x15.hex"}) {
    auto file = find_file(package, name);
    if (!file) {
      continue;
    }
    const auto& path = package.files[*file].path;
    TRY_ASSIGN(auto text, firmware::read_file(package, *file, largest_hex));
    TRY_ASSIGN(auto program, firmware::parse_intel_hex(text, path));
    loaders.push_back({path, std::move(program)});
  }
  if (loaders.empty()) {
    return fail(Code::package_bad).what("the package has no streaming loader (NPRG9x15.hex)");
  }
  return loaders;
}

}  // namespace

Result<Buffer> read_user_table(const firmware::Package& package) {
  auto file = find_file(package, "partition.mbn");
  if (!file) {
    return fail(Code::package_bad).what("the package has no partition.mbn");
  }
  return firmware::read_file(package, *file, protocol::streaming::largest_table);
}

Result<void> start_loader_by_sahara(usb::Pipe& pipe, const Clock& clock, const firmware::Package& package) {
  auto file = find_file(package, "nprg9x07.mbn");
  if (!file) {
    return fail(Code::package_bad).what("the package has no streaming loader (NPRG9x07.mbn)");
  }
  TRY_ASSIGN(auto loader, firmware::read_file(package, *file, largest_loader));
  TRY_ASSIGN(auto end, run_sahara(pipe, clock, {{boot_loader_image, loader}}));
  if (end.programmer_running) {
    return fail(Code::device_refused)
        .what("a Firehose programmer runs on the modem already")
        .hint("flash it by firehose: nothing was written");
  }
  return {};
}

Result<bool> start_loader(usb::Pipe& pipe, const Clock& clock, const firmware::Package& package) {
  TRY_ASSIGN(auto files, read_loaders(package));
  std::vector<DloadHost::Loader> loaders;
  loaders.reserve(files.size());
  for (const auto& file : files) {
    loaders.push_back({file.name, {{file.program.address, file.program.bytes}}, file.program.start});
  }
  DloadHost host(std::move(loaders));
  for (;;) {
    auto action = host.next();
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      TRY(pipe.send(send->bytes, send->zlp, Deadline::in(clock, send_patience)));
    } else if (auto* wait = std::get_if<protocol::Await>(&action)) {
      auto fed = feed_from(pipe, clock, host, wait->patience);
      if (!fed && fed.error().code == Code::modem_lost && host.loader_started()) {
        return false;  // it left the bus to come back as the loader
      }
      TRY(std::move(fed));
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return fail(std::move(failed->error));
    } else {
      return !host.loader_started();
    }
  }
}

Result<void> StreamingLink::run(StreamingHost::Command command) {
  return send(std::move(command),
              [](std::size_t) { return fail(Code::bug).what("an image where none was announced"); });
}

Result<void> StreamingLink::send(StreamingHost::Command command, const Read& read) {
  host_.start(std::move(command));
  for (;;) {
    auto action = host_.next();
    for (const auto& line : host_.take_logs()) {
      emit_debug(events_, "the loader says: " + printable(line));
    }
    if (auto* send = std::get_if<protocol::Send>(&action)) {
      TRY(pipe_.send(send->bytes, send->zlp, Deadline::in(clock_, send_patience)));
    } else if (auto* part = std::get_if<StreamingHost::WriteImage>(&action)) {
      TRY_ASSIGN(auto bytes, read(part->length));
      TRY(pipe_.send(protocol::streaming::write_frame(part->offset, bytes), protocol::Zlp::never,
                     Deadline::in(clock_, send_patience)));
    } else if (auto* wait = std::get_if<protocol::Await>(&action)) {
      TRY(feed_from(pipe_, clock_, host_, wait->patience));
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return fail(std::move(failed->error));
    } else {
      return {};
    }
  }
}

Result<void> StreamingLink::write(const firmware::Package& package, std::size_t file, const std::string& partition,
                                  const std::function<void(std::uint64_t)>& tell, const std::stop_token& stop) {
  TRY_ASSIGN(auto reader, firmware::ImageReader::open(package, file));
  std::uint64_t read = 0;
  TRY(send(StreamingHost::Image{partition, reader->size()}, [&](std::size_t length) -> Result<ByteView> {
    if (stop.stop_requested()) {
      return fail(Code::interrupted).what("stopped by the person");
    }
    tell(read);
    TRY_ASSIGN(auto bytes, reader->next(length));
    if (bytes.size() != length) {
      return fail(Code::package_bad).what(printable(package.files[file].path) + " is shorter than it was");
    }
    read += length;
    return bytes;
  }));
  tell(reader->size());
  return reader->verify();
}

Result<void> StreamingLink::erase(const std::string& partition) {
  const Buffer blank(protocol::streaming::largest_write, std::byte{0xFF});
  return send(StreamingHost::Image{partition, blank.size()},
              [&](std::size_t length) -> Result<ByteView> { return ByteView(blank).first(length); });
}

}  // namespace modemedic::operation
