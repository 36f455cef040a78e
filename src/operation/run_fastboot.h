#pragma once

#include "base/error.h"
#include "protocol/fastboot_host.h"
#include "usb/bus.h"

#include <memory>
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

}  // namespace modemedic::operation
