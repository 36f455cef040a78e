#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "protocol/streaming_host.h"
#include "usb/bus.h"

#include <functional>
#include <stop_token>

/// The only places where DLOAD and streaming download meet a pipe.
namespace modemedic::operation {

/// Asks who listens on the port of a modem in download mode, and hands it the package's streaming loader unless one
/// runs already: NPRG, and ENPRG where the modem refuses its address. Memory is written, never flash.
/// @return whether a loader ran before; errors of the machine (protocol/dload_host.h) and of the package's HEX files
Result<bool> start_loader(usb::Pipe& pipe, const Clock& clock, const firmware::Package& package);

/// The same on a 9x07, whose boot loader asks for it by Sahara as image 7.
Result<void> start_loader_by_sahara(usb::Pipe& pipe, const Clock& clock, const firmware::Package& package);

/// The package's partition.mbn.
/// @return Code::package_bad when it has none, or one that is larger than any loader takes
Result<Buffer> read_user_table(const firmware::Package& package);

/// One talk with a streaming loader.
class StreamingLink {
public:
  StreamingLink(usb::Pipe& pipe, const Clock& clock, Events& events) : pipe_(pipe), clock_(clock), events_(events) {}

  /// Walks one command to its end; what the loader logs becomes an event.
  Result<void> run(protocol::StreamingHost::Command command);

  /// Opens a partition (which erases it), writes the file, closes.
  /// @param tell  told of the bytes that were confirmed
  /// @return as run(); Code::package_bad when the file changed; Code::interrupted: the partition stays open
  Result<void> write(const firmware::Package& package, std::size_t file, const std::string& partition,
                     const std::function<void(std::uint64_t)>& tell, const std::stop_token& stop);

  /// Leaves nothing in a partition: opens it, writes a page of 0xFF, closes it. An open alone erases not every
  /// partition (facts: dload-streaming.md, 0:SBL1), and one without data is not what anybody was seen to do.
  Result<void> erase(const std::string& partition);

private:
  using Read = std::function<Result<ByteView>(std::size_t length)>;

  Result<void> send(protocol::StreamingHost::Command command, const Read& read);

  usb::Pipe& pipe_;
  const Clock& clock_;
  Events& events_;
  protocol::StreamingHost host_;
};

}  // namespace modemedic::operation
