#pragma once

#include "base/bytes.h"
#include "virtual/endpoint.h"

#include <functional>
#include <string_view>

namespace modemedic::twin {

/// A bulk pair used as a stream both ways: AT, DIAG, NMEA. A host that sends without reading what it is answered is
/// stopped (its URBs wait) once `backlog_limit` bytes lie unread; what nobody asked for is dropped before that, so that
/// unasked lines alone never keep it from being heard.
class BytePort {
public:
  static constexpr std::size_t backlog_limit = 64_KiB;
  static constexpr std::size_t unasked_limit = 48_KiB;

  BytePort(OutEndpoint& out, InEndpoint& in, std::function<void(ByteView)> on_bytes);
  ~BytePort();
  BytePort(const BytePort&) = delete;
  BytePort& operator=(const BytePort&) = delete;

  void send(ByteView bytes);

  /// Sends unless too much lies unread.
  void send_unasked(std::string_view text);

private:
  void pump();

  bool full() const { return backlog_ >= backlog_limit; }

  OutEndpoint& out_;
  InEndpoint& in_;
  std::function<void(ByteView)> on_bytes_;
  std::size_t backlog_ = 0;  ///< bytes sent since the host last had read everything
  bool pumping_ = false;
};

}  // namespace modemedic::twin
