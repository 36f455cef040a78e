#pragma once

#include "base/bytes.h"
#include "virtual/listener.h"
#include "virtual/pluggable.h"
#include "virtual/socket_guest.h"
#include "virtual/usbip_session.h"

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace modemedic::twin {

/// A client of FastbootTcp and the boot loader that it talks to. Knows no socket: bytes in, bytes out.
///
/// The protocol is AOSP's (system/core/fastboot/README.md): "FB01" each way, then messages, each behind its length as
/// 8 bytes, big-endian. A message goes to the modem as one transfer, in pieces where it is long, and never with a ZLP.
class FastbootTcpSession {
public:
  /// @param function  the boot loader; the session ends with it
  explicit FastbootTcpSession(UsbFunction& function);
  ~FastbootTcpSession();
  FastbootTcpSession(const FastbootTcpSession&) = delete;
  FastbootTcpSession& operator=(const FastbootTcpSession&) = delete;

  void feed(ByteView bytes);

  /// What is to be sent to the client; to be taken off by sent().
  ByteView output() const { return output_.waiting(); }

  void sent(std::size_t count) { output_.sent(count); }

  /// The modem takes no more at the moment, or the client reads nothing.
  bool full() const;

  /// The client speaks another protocol, or the boot loader is gone.
  bool over() const { return over_; }

private:
  struct Transfer {
    Buffer bytes;
    std::optional<std::uint64_t> id;
  };

  void take_message_bytes();
  void submit(Buffer bytes);
  void listen();

  OutEndpoint& out_;
  InEndpoint& in_;
  std::optional<std::uint64_t> listening_;  ///< the IN transfer that is pending
  std::list<Transfer> transfers_;           ///< that the modem has not taken yet
  Buffer input_;
  std::uint64_t message_left_ = 0;
  bool in_message_ = false;
  bool greeted_ = false;
  bool over_ = false;
  OutputQueue output_;
};

/// Lets a public fastboot client talk to a virtual modem over TCP (`fastboot -s tcp:HOST:PORT`), one client at a time,
/// while the modem is in fastboot. Whoever comes at another time is hung up on.
class FastbootTcp final : public SocketGuest {
public:
  /// @param modem  outlives the server
  FastbootTcp(Listener listener, const Pluggable& modem) : listener_(std::move(listener)), modem_(modem) {}

  std::uint16_t port() const { return listener_.port(); }

  void collect(std::vector<pollfd>& polled) override;
  void handle(std::span<const pollfd> polled) override;

private:
  void accept();
  void read();
  void write();
  void hang_up();

  Listener listener_;
  const Pluggable& modem_;
  Descriptor client_;
  std::uint64_t enumeration_ = 0;  ///< of the boot loader that the session talks to
  std::unique_ptr<FastbootTcpSession> session_;
};

}  // namespace modemedic::twin
