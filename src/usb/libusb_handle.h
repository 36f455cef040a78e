#pragma once

#include "base/descriptor.h"

#include <filesystem>

struct libusb_context;
struct libusb_device;
struct libusb_device_handle;

namespace modemedic::usb {

/// A device that libusb has open; closed at the end.
class LibusbHandle {
public:
  LibusbHandle() = default;
  ~LibusbHandle();
  LibusbHandle(const LibusbHandle&) = delete;
  LibusbHandle& operator=(const LibusbHandle&) = delete;

  /// Opens a device that libusb has listed.
  /// @return LIBUSB_SUCCESS, or libusb's error
  int open(libusb_device* device);

  /// Opens a device by its node: Linux alone has them.
  /// @return LIBUSB_SUCCESS, or libusb's error; LIBUSB_ERROR_NOT_FOUND when there is no such node
  int open(libusb_context* context, const std::filesystem::path& node);

  libusb_device_handle* get() const { return handle_; }

private:
  Descriptor node_;  ///< under the handle: goes after it
  libusb_device_handle* handle_ = nullptr;
};

}  // namespace modemedic::usb
