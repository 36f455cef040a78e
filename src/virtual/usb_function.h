#pragma once

#include "base/bytes.h"
#include "usb/fingerprint.h"
#include "virtual/endpoint.h"

#include <cstdint>
#include <map>
#include <optional>

namespace modemedic::twin {

/// A control transfer's setup packet (USB 2.0, 9.3).
struct Setup {
  std::uint8_t request_type = 0;
  std::uint8_t request = 0;
  std::uint16_t value = 0;
  std::uint16_t index = 0;
  std::uint16_t length = 0;
};

/// One mode of the virtual modem as a USB device: running, EDL, … . Lives from enumeration to disconnect.
class UsbFunction {
public:
  explicit UsbFunction(usb::Fingerprint fingerprint);
  UsbFunction(const UsbFunction&) = delete;
  UsbFunction& operator=(const UsbFunction&) = delete;
  virtual ~UsbFunction() = default;

  const usb::Fingerprint& fingerprint() const { return fingerprint_; }

  /// Endpoints by address (bit 7: IN). Null when the device has none there.
  OutEndpoint* out(std::uint8_t address);
  InEndpoint* in(std::uint8_t address);

  /// Standard and class requests: descriptors, configuration, line state.
  /// @param data  OUT data of the request
  /// @return the IN data, or nothing for a stall
  virtual std::optional<Buffer> control(const Setup& setup, ByteView data);

  /// The device has been enumerated: what it says unasked (Sahara's HELLO, the programmer's greeting) starts here.
  /// The modem calls this, once, when function() has become this one; the buses don't. What is written before a host
  /// reads waits in its endpoint.
  virtual void connected() {}

  /// The device leaves the bus: all URBs end as gone.
  void disconnect();

private:
  std::optional<Buffer> descriptor(std::uint8_t type, std::uint8_t index) const;
  std::optional<Buffer> device_request(const Setup& setup);
  std::optional<Buffer> interface_request(const Setup& setup) const;
  std::optional<Buffer> endpoint_request(const Setup& setup) const;
  const usb::InterfaceInfo* find_interface(std::uint16_t number) const;

  usb::Fingerprint fingerprint_;
  std::uint8_t configuration_ = 1;
  std::map<std::uint8_t, OutEndpoint> outs_;
  std::map<std::uint8_t, InEndpoint> ins_;
};

/// The bulk pair of a function that has one job and one interface for it.
/// @throws std::logic_error when there is none: personas are built in, and a test reads them all
usb::BulkPair function_pair(const usb::Fingerprint& fingerprint);

}  // namespace modemedic::twin
