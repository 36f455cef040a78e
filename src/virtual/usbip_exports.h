#pragma once

#include "base/bytes.h"
#include "protocol/usbip_wire.h"
#include "virtual/pluggable.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modemedic::twin {

/// The modems that a USB/IP server offers, and who of them is taken.
class UsbIpExports {
public:
  struct Export {
    Pluggable* modem;
    std::string busid;
    bool imported = false;
  };

  void add(Pluggable& modem, std::string busid);

  /// The names of those that can be taken now, each with its place in the row of all.
  std::vector<std::pair<std::size_t, std::string>> free_to_take() const;

  /// The whole OP_REP_DEVLIST: what can be imported now. A modem that is taken, or not on its bus, isn't in it.
  Buffer device_list() const;

  /// The modem of that name, which is taken from now on: `imported` is set back by who took it.
  /// @return nullptr when there is none of this name, or it is taken or not on its bus
  Export* take(std::string_view busid);

  static protocol::usbip::Device describe(const Export& entry);

  /// What the client has to name in each URB.
  static std::uint32_t devid(const Export& entry);

private:
  std::deque<Export> entries_;  ///< a deque, because who took one keeps a pointer to it
};

}  // namespace modemedic::twin
