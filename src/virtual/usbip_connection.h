#pragma once

#include "base/clock.h"
#include "base/descriptor.h"
#include "virtual/usbip_exports.h"
#include "virtual/usbip_session.h"

#include <memory>
#include <optional>

namespace modemedic::twin {

/// One client of the USB/IP server: its socket, its request, and then the URBs of what it imported.
class UsbIpConnection {
public:
  UsbIpConnection(Descriptor socket, UsbIpExports& exports, const Clock& clock);

  /// One that needs not ask: what it imports has been taken for it.
  UsbIpConnection(Descriptor socket, UsbIpExports& exports, const Clock& clock, UsbIpExports::Export& taken);

  ~UsbIpConnection();
  UsbIpConnection(const UsbIpConnection&) = delete;
  UsbIpConnection& operator=(const UsbIpConnection&) = delete;

  int socket() const { return socket_.get(); }

  /// What poll() shall wait for.
  short wanted_events() const;

  /// When to look at it again although nothing came: it has kept us waiting for too long then.
  std::optional<TimePoint> patience_ends() const { return patience_ends_; }

  /// Reads what came and acts on it.
  void readable();

  /// Sends what waits, follows the modem's coming and going, ends what is over. To be called after whatever may have
  /// changed something.
  void settle();

  /// Nothing is left to do: to be destroyed.
  bool over() const { return over_; }

private:
  enum class Stage {
    request,  ///< an operation is to come
    session,  ///< a modem is imported
    leaving,  ///< what waits is sent, then the client is expected to close
  };

  void read_into_buffer();
  void make_room();
  void process();
  bool handle_request();
  void import(ByteView request);
  void begin_session(UsbIpExports::Export& taken);
  bool run_session();
  void end_session();
  void leave();
  void flush();

  ByteView input() const { return ByteView(*buffer_).subspan(begin_, end_ - begin_); }

  Descriptor socket_;
  UsbIpExports& exports_;
  const Clock& clock_;
  Stage stage_ = Stage::request;
  bool over_ = false;
  bool said_goodbye_ = false;
  std::optional<TimePoint> patience_ends_;
  std::shared_ptr<Buffer> buffer_;  ///< shared with a transfer in it that waits for the modem
  std::size_t begin_ = 0;           ///< of what came and isn't handled
  std::size_t end_ = 0;
  OutputQueue output_;
  UsbIpExports::Export* taken_ = nullptr;
  std::unique_ptr<UsbIpSession> session_;
};

}  // namespace modemedic::twin
