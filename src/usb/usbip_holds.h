#pragma once

#include "usb/socket.h"

#include <map>
#include <memory>
#include <string>

namespace modemedic::usb {

/// Which devices of a USB/IP bus are held by pipes of ours. A server doesn't list those, and hands out none twice.
class UsbIpHolds {
public:
  /// A pipe's claim on a device; given up when it is destroyed.
  class Hold {
  public:
    /// @param socket  must outlive the hold
    Hold(std::shared_ptr<UsbIpHolds> holds, std::string busid, const Socket& socket)
        : holds_(std::move(holds)), busid_(std::move(busid)) {
      holds_->held_.emplace(busid_, &socket);
    }

    ~Hold() { holds_->held_.erase(busid_); }

    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

  private:
    std::shared_ptr<UsbIpHolds> holds_;
    std::string busid_;
  };

  bool held(const std::string& busid) const { return held_.contains(busid); }

  /// Held, and the server hasn't hung up: the device is there although the server doesn't list it.
  bool alive(const std::string& busid) const {
    auto found = held_.find(busid);
    return found != held_.end() && !found->second->hung_up();
  }

private:
  std::map<std::string, const Socket*> held_;
};

}  // namespace modemedic::usb
