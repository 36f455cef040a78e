#pragma once

#include "base/error.h"
#include "firmware/package.h"
#include "plan/fastboot_step.h"
#include "protocol/fastboot_host.h"
#include "usb/bus.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace modemedic::operation {

/// Opens the fastboot interface of a modem whose boot loader waits with fastboot.
/// @return Code::device_protocol when it shows none; what Bus::open() says
Result<std::unique_ptr<usb::Pipe>> open_fastboot(usb::Bus& bus, const usb::DeviceInfo& modem);

/// Sends one command to a boot loader and collects its answer. What was left over from another host is dropped first.
/// @param patience  how long each silence may last
/// @return a FAIL is an answer; Code::timeout, Code::modem_lost, Code::device_protocol
Result<protocol::FastbootReply> run_fastboot(usb::Pipe& pipe, const Clock& clock, const std::string& command,
                                             Duration patience);

/// What the boot loader takes at once: max-download-size.
Result<std::uint64_t> largest_download(usb::Pipe& pipe, const Clock& clock);

/// There is no other way for such an image: each `flash` begins at the partition's start, and sparse images are not
/// expanded but written as they are.
Failure too_large_for_fastboot(const std::string& image, std::uint64_t size, std::uint64_t most);

/// Erases a partition. OKAY is said although an erase failed, unless it was the last block's (facts: fastboot.md, trap
/// 6): no proof.
Result<void> erase_by_fastboot(usb::Pipe& pipe, const Clock& clock, const std::string& partition);

/// Hands a file to a boot loader: `download`, its bytes, never ended by a zero-length packet (facts: fastboot.md, trap
/// 5), and only after the OKAY to them `flash` (trap 3).
/// @param partition  its name in fastboot
/// @param tell       told of the bytes that went out
/// @return Code::device_refused when it is too large, or with the boot loader's own words; Code::package_bad when the
///         file changed; Code::interrupted: the boot loader then waits for the rest until it loses power
Result<void> flash_by_fastboot(usb::Pipe& pipe, const Clock& clock, const firmware::Package& package, std::size_t file,
                               const std::string& partition, const std::function<void(std::uint64_t)>& tell,
                               const std::stop_token& stop);

/// The same for an image in memory, and a person's single step.
Result<void> flash_by_fastboot(usb::Pipe& pipe, const Clock& clock, const plan::ProvenFastbootStep& step,
                               const std::function<void(std::uint64_t)>& tell, const std::stop_token& stop);

}  // namespace modemedic::operation
