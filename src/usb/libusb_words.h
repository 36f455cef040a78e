#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>

namespace modemedic::usb {

/// A libusb error number with its name and meaning: "the device was disconnected (LIBUSB_ERROR_NO_DEVICE)".
std::string libusb_words(int error);

/// What libusb failed at, with the code that fits its number.
/// @param what  what was attempted: "open the device"
[[nodiscard]] Failure fail_libusb(int error, const std::string& what);

/// How a transfer ended that did not end well (libusb_transfer_status), and what a person does now.
/// @param endpoint  the endpoint's address
[[nodiscard]] Failure fail_transfer(int status, std::uint8_t endpoint);

}  // namespace modemedic::usb
