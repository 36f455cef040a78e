#include "usb/libusb_handle.h"

#include <cerrno>

#include <fcntl.h>
#include <libusb.h>

namespace modemedic::usb {

namespace {

int libusb_error(int error) {
  switch (error) {
    case EACCES:
    case EPERM:  // a container that may not use the device
      return LIBUSB_ERROR_ACCESS;
    case ENOENT:
      return LIBUSB_ERROR_NOT_FOUND;
    case ENODEV:
    case ENXIO:
      return LIBUSB_ERROR_NO_DEVICE;
    default:
      return LIBUSB_ERROR_IO;
  }
}

}  // namespace

LibusbHandle::~LibusbHandle() {
  if (handle_ != nullptr) {
    libusb_close(handle_);
  }
}

int LibusbHandle::open(libusb_device* device) {
  return libusb_open(device, &handle_);
}

int LibusbHandle::open(libusb_context* context, const std::filesystem::path& node) {
  Descriptor opened(::open(node.c_str(), O_RDWR | O_CLOEXEC));
  if (!opened.is_open()) {
    return libusb_error(errno);
  }
  auto result = libusb_wrap_sys_device(context, opened.get(), &handle_);
  if (result == LIBUSB_SUCCESS) {
    node_ = std::move(opened);
  }
  return result;
}

}  // namespace modemedic::usb
