#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "operation/run_firehose.h"
#include "plan/plan.h"
#include "protocol/sahara_host.h"
#include "usb/bus.h"

#include <memory>

namespace modemedic::operation {

/// Opens the one interface that a modem in EDL has.
Result<std::unique_ptr<usb::Pipe>> open_edl(usb::Bus& bus, const usb::DeviceInfo& modem);

/// The package's programmer, whole. Read before a modem is sent into EDL: out of a solid archive it may take seconds,
/// and a boot ROM would wait for them.
Result<Buffer> read_programmer(const firmware::Package& package);

/// Gets a package's programmer running on a modem in EDL: hands it over in Sahara, or finds one that runs already, and
/// takes that one out of raw mode when its host died in the middle of an image.
/// @param geometry  that of the package's chip
/// @return what the boot ROM told of the chip
Result<protocol::ChipIdentity> upload_programmer(usb::Pipe& pipe, const Clock& clock, FirehoseLink& link,
                                                 ByteView programmer, const Geometry& geometry, Events& events);

/// The same for a modem that is in EDL anyway, and a package that is quickly read.
Result<protocol::ChipIdentity> upload_programmer(usb::Pipe& pipe, const Clock& clock, FirehoseLink& link,
                                                 const firmware::Package& package, Events& events);

/// Makes a programmer that was found running take commands: one whose host died in the middle of an image is given 0xFF
/// until it has what it waits for.
/// @param said  what it has said so far
/// @param page  bytes of a page of the chip
/// @param most  bytes after which it is given up
Result<void> take_over(FirehoseLink& link, ByteView said, std::uint32_t page, std::uint64_t most, Events& events);

/// Gets a programmer back that fell silent in the middle of an image: gives it the rest as 0xFF, if it still waits for
/// that. Parameters as take_over().
/// @return the silence it keeps
Result<void> regain(FirehoseLink& link, std::uint32_t page, std::uint64_t most, Events& events);

/// Looks whether a programmer runs on a modem that waits in EDL, and takes it over if so. Nothing is uploaded: without
/// one the modem is left as it was found.
Result<bool> find_programmer(usb::Pipe& pipe, const Clock& clock, FirehoseLink& link, Events& events);

/// Agrees on the bytes of a raw transfer: 16 KiB, or what the programmer says it takes.
Result<void> configure(FirehoseLink& link);

/// Resets the modem. One that is gone before it has confirmed obeyed, too.
/// @return Code::device_refused
Result<void> reset_by_firehose(FirehoseLink& link);

/// Geometry and bad blocks as the programmer tells them. A chip that does not tell is refused (rule unknown).
Result<plan::ChipReport> ask_chip(FirehoseLink& link);

}  // namespace modemedic::operation
