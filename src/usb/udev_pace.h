#pragma once

#include <filesystem>

namespace modemedic::usb {

/// Whether udevd has still to say who may open a device that has just come. It keeps a file for each device that it is
/// done with, and gives rights to who sits at the machine a moment later.
/// @param node  "/dev/bus/usb/001/007"
/// @param run   where udevd keeps what it knows; another is for tests
bool udev_still_at_work(const std::filesystem::path& node, const std::filesystem::path& run = "/run/udev");

}  // namespace modemedic::usb
