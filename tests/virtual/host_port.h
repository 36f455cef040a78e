#pragma once

#include "virtual/usb_function.h"

#include <list>
#include <string>
#include <string_view>
#include <utility>

namespace modemedic::twin {

/// A host on one bulk pair of a function: an IN transfer is always pending, what comes is kept.
class HostPort {
public:
  HostPort(UsbFunction& function, std::size_t interface) {
    auto pair = usb::bulk_pair(function.fingerprint().interfaces.at(interface));
    out_ = function.out(pair->out.address);
    in_ = function.in(pair->in.address);
    listen();
  }

  void send(std::string_view text) {
    sent_.emplace_back(text);  // borrowed until the device has taken it
    out_->submit(as_bytes(sent_.back()), false, [this](UrbStatus status, std::size_t) { last_status = status; });
  }

  void send(const Buffer& bytes) { send(as_text(bytes)); }

  /// What came since the last call.
  std::string take() { return std::exchange(received_, {}); }

  /// Sends and takes: for functions that answer at once.
  std::string ask(std::string_view text) {
    take();
    send(text);
    return take();
  }

  bool gone = false;
  UrbStatus last_status = UrbStatus::ok;

private:
  void listen() {
    in_->submit(4096, [this](UrbStatus status, ByteView data) {
      if (status != UrbStatus::ok) {
        gone = true;
        return;
      }
      received_ += as_text(data);
      listen();
    });
  }

  OutEndpoint* out_;
  InEndpoint* in_;
  std::list<std::string> sent_;
  std::string received_;
};

}  // namespace modemedic::twin
