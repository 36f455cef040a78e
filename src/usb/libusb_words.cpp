#include "usb/libusb_words.h"

#include "usb/permission_fix.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <libusb.h>

namespace modemedic::usb {

namespace {

struct Meaning {
  int number;
  Code code;
  std::string_view name;
  std::string_view words;
};

constexpr std::array errors{
    Meaning{LIBUSB_ERROR_IO, Code::io, "LIBUSB_ERROR_IO", "input/output error on the bus"},
    Meaning{LIBUSB_ERROR_INVALID_PARAM, Code::bug, "LIBUSB_ERROR_INVALID_PARAM", "the request makes no sense"},
    Meaning{LIBUSB_ERROR_ACCESS, Code::permission, "LIBUSB_ERROR_ACCESS", "no permission"},
    Meaning{LIBUSB_ERROR_NO_DEVICE, Code::modem_lost, "LIBUSB_ERROR_NO_DEVICE", "the device was disconnected"},
    Meaning{LIBUSB_ERROR_NOT_FOUND, Code::io, "LIBUSB_ERROR_NOT_FOUND", "the device has no such thing"},
    Meaning{LIBUSB_ERROR_BUSY, Code::busy, "LIBUSB_ERROR_BUSY", "something else holds it"},
    Meaning{LIBUSB_ERROR_TIMEOUT, Code::timeout, "LIBUSB_ERROR_TIMEOUT", "it took too long"},
    Meaning{LIBUSB_ERROR_OVERFLOW, Code::device_protocol, "LIBUSB_ERROR_OVERFLOW",
            "the device sent more than was asked"},
    Meaning{LIBUSB_ERROR_PIPE, Code::device_protocol, "LIBUSB_ERROR_PIPE", "the endpoint stalled"},
    Meaning{LIBUSB_ERROR_INTERRUPTED, Code::interrupted, "LIBUSB_ERROR_INTERRUPTED", "a signal came in between"},
    Meaning{LIBUSB_ERROR_NO_MEM, Code::io, "LIBUSB_ERROR_NO_MEM", "the kernel has no memory left for transfers"},
    Meaning{LIBUSB_ERROR_NOT_SUPPORTED, Code::io, "LIBUSB_ERROR_NOT_SUPPORTED", "this system cannot do that"},
    Meaning{LIBUSB_ERROR_OTHER, Code::io, "LIBUSB_ERROR_OTHER", "it failed for no named reason"},
};

constexpr std::array transfer_ends{
    Meaning{LIBUSB_TRANSFER_ERROR, Code::io, "LIBUSB_TRANSFER_ERROR", "the transfer failed on the wire"},
    Meaning{LIBUSB_TRANSFER_TIMED_OUT, Code::timeout, "LIBUSB_TRANSFER_TIMED_OUT", "the transfer took too long"},
    Meaning{LIBUSB_TRANSFER_CANCELLED, Code::modem_lost, "LIBUSB_TRANSFER_CANCELLED",
            "the kernel took the device away"},
    Meaning{LIBUSB_TRANSFER_STALL, Code::device_protocol, "LIBUSB_TRANSFER_STALL", "the modem stalled the endpoint"},
    Meaning{LIBUSB_TRANSFER_NO_DEVICE, Code::modem_lost, "LIBUSB_TRANSFER_NO_DEVICE", "the modem left the bus"},
    Meaning{LIBUSB_TRANSFER_OVERFLOW, Code::device_protocol, "LIBUSB_TRANSFER_OVERFLOW",
            "the modem sent more than was asked"},
};

template <std::size_t count>
const Meaning* find(const std::array<Meaning, count>& meanings, int number) {
  const auto* found = std::ranges::find(meanings, number, &Meaning::number);
  return found == meanings.end() ? nullptr : &*found;
}

std::string hint_for(Code code) {
  switch (code) {
    case Code::permission:
      return permission_fix();
    case Code::busy:
      return "close the program that uses the modem, then try again";
    case Code::modem_lost:
      return "look with modemedic list in what state it comes back; check cable and power if it doesn't";
    case Code::device_protocol:
      return "take the modem's power away and give it back, then try again";
    case Code::io:
      return "try another cable and another port, without a hub in between";
    default:
      return "";
  }
}

}  // namespace

std::string libusb_words(int error) {
  const auto* meaning = find(errors, error);
  return meaning != nullptr ? fmt::format("{} ({})", meaning->words, meaning->name)
                            : fmt::format("a libusb error that isn't known ({})", error);
}

Failure fail_libusb(int error, const std::string& what) {
  const auto* meaning = find(errors, error);
  auto code = meaning != nullptr ? meaning->code : Code::io;
  return fail(code).what(fmt::format("cannot {}: {}", what, libusb_words(error))).hint(hint_for(code));
}

Failure fail_transfer(int status, std::uint8_t endpoint) {
  const auto* meaning = find(transfer_ends, status);
  if (meaning == nullptr) {
    return fail(Code::io).what(
        fmt::format("endpoint {:#04x}: a transfer ended in a way that isn't known ({})", endpoint, status));
  }
  return fail(meaning->code)
      .what(fmt::format("{} ({} on endpoint {:#04x})", meaning->words, meaning->name, endpoint))
      .hint(hint_for(meaning->code));
}

}  // namespace modemedic::usb
