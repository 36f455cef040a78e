#pragma once

#include "protocol/usbip_wire.h"

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace modemedic::usb {

/// A USB/IP server on a free port of this machine, as honest or as lying as a test wants. A thread a connection.
class FakeUsbIpServer {
public:
  /// One connection, blocking.
  class Connection {
  public:
    explicit Connection(int descriptor) : descriptor_(descriptor) {}

    /// Exactly so many bytes; nothing when the client has gone.
    std::optional<Buffer> read(std::size_t size);
    void write(ByteView bytes);

    struct Urb {
      protocol::usbip::UrbHeader header;
      Buffer data;
    };

    std::optional<Urb> read_urb();
    void reply(std::uint32_t seqnum, std::int32_t status, std::int32_t length, ByteView data = {});

    /// Answers GET_DESCRIPTOR as the EC25 of a test does; true when it was one.
    bool answer_control(const Urb& urb);

  private:
    int descriptor_;
  };

  using Session = std::function<void(Connection&)>;

  FakeUsbIpServer();
  ~FakeUsbIpServer();
  FakeUsbIpServer(const FakeUsbIpServer&) = delete;
  FakeUsbIpServer& operator=(const FakeUsbIpServer&) = delete;

  std::uint16_t port() const { return port_; }

  void set_devices(std::vector<protocol::usbip::Device> devices);
  void set_import_status(std::uint32_t status);

  /// What runs after each import; the default answers descriptors and echoes bulk OUT to bulk IN.
  void set_session(Session session);

  /// Replaces everything: runs on each connection instead of DEVLIST and IMPORT.
  void set_raw(Session raw);

  /// Imports so far.
  int imports() const;

  /// No new connection is answered from now on.
  void stop();

  static void echo(Connection& connection);

private:
  void accept_clients();
  void serve(int descriptor);

  mutable std::mutex mutex_;
  std::vector<protocol::usbip::Device> devices_;
  std::uint32_t import_status_ = 0;
  Session session_ = echo;
  Session raw_;
  int imports_ = 0;
  std::vector<int> open_;
  std::vector<std::thread> clients_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
};

/// An EC25 in EDL as DEVLIST has it.
protocol::usbip::Device edl_device(std::string busid = "1-1", std::uint32_t devnum = 4);

}  // namespace modemedic::usb
