#include "usb/fake_usbip_server.h"

#include <algorithm>
#include <deque>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace modemedic::usb {

namespace usbip = protocol::usbip;

namespace {

constexpr auto device_bytes = "12 01 00 02 00 00 00 40 c6 05 08 90 00 00 01 02 00 01";
// One vendor interface, bulk IN 81, bulk OUT 01, 512 bytes a packet.
constexpr auto configuration_bytes =
    "09 02 20 00 01 01 00 80 fa 09 04 00 00 02 ff ff ff 00 07 05 81 02 00 02 00 07 05 01 02 00 02 00";

Buffer string_bytes(std::string_view text) {
  ByteWriter writer(Endian::little);
  writer.u8(static_cast<std::uint8_t>(2 + 2 * text.size())).u8(3);
  for (char c : text) {
    writer.u16(static_cast<std::uint8_t>(c));
  }
  return writer.take();
}

}  // namespace

protocol::usbip::Device edl_device(std::string busid, std::uint32_t devnum) {
  usbip::Device device;
  device.path = "/sys/devices/" + busid;
  device.busid = std::move(busid);
  device.busnum = 1;
  device.devnum = devnum;
  device.speed = 3;
  device.vid = 0x05c6;
  device.pid = 0x9008;
  device.interface_count = 1;
  device.interfaces = {{0xff, 0xff, 0xff}};
  return device;
}

std::optional<Buffer> FakeUsbIpServer::Connection::read(std::size_t size) {
  Buffer bytes(size);
  std::size_t got = 0;
  while (got < size) {
    auto count = recv(descriptor_, bytes.data() + got, size - got, 0);
    if (count <= 0) {
      return std::nullopt;
    }
    got += static_cast<std::size_t>(count);
  }
  return bytes;
}

void FakeUsbIpServer::Connection::write(ByteView bytes) {
  while (!bytes.empty()) {
    auto count = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::optional<FakeUsbIpServer::Connection::Urb> FakeUsbIpServer::Connection::read_urb() {
  auto bytes = read(usbip::urb_header_size);
  if (!bytes) {
    return std::nullopt;
  }
  Urb urb{usbip::decode_urb(*bytes), {}};
  if (!urb.header.in && urb.header.length > 0) {
    auto data = read(static_cast<std::size_t>(urb.header.length));
    if (!data) {
      return std::nullopt;
    }
    urb.data = std::move(*data);
  }
  return urb;
}

void FakeUsbIpServer::Connection::reply(std::uint32_t seqnum, std::int32_t status, std::int32_t length, ByteView data) {
  usbip::UrbHeader header;
  header.command = usbip::UrbCommand::ret_submit;
  header.seqnum = seqnum;
  header.status = status;
  header.length = length;
  auto bytes = usbip::encode(header);
  Buffer whole(bytes.begin(), bytes.end());
  whole.insert(whole.end(), data.begin(), data.end());
  write(whole);
}

bool FakeUsbIpServer::Connection::answer_control(const Urb& urb) {
  if (urb.header.endpoint != 0) {
    return false;
  }
  auto index = std::to_integer<int>(urb.header.setup[2]);
  Buffer answer;
  switch (std::to_integer<int>(urb.header.setup[3])) {
    case 1:
      answer = *from_hex(device_bytes);
      break;
    case 2:
      answer = *from_hex(configuration_bytes);
      break;
    case 3:
      if (index > 2) {
        reply(urb.header.seqnum, -32, 0);
        return true;
      }
      answer = index == 0 ? *from_hex("04 03 09 04") : string_bytes(index == 1 ? "Qualcomm CDMA" : "QUSB__BULK");
      break;
    default:
      break;
  }
  answer.resize(std::min(answer.size(), static_cast<std::size_t>(urb.header.length)));
  reply(urb.header.seqnum, 0, static_cast<std::int32_t>(answer.size()), answer);
  return true;
}

void FakeUsbIpServer::echo(Connection& connection) {
  std::deque<std::uint32_t> ins;
  std::deque<Buffer> waiting;
  while (auto urb = connection.read_urb()) {
    if (connection.answer_control(*urb)) {
      continue;
    }
    if (urb->header.in) {
      ins.push_back(urb->header.seqnum);
    } else {
      connection.reply(urb->header.seqnum, 0, urb->header.length);
      waiting.push_back(std::move(urb->data));
    }
    while (!ins.empty() && !waiting.empty()) {
      connection.reply(ins.front(), 0, static_cast<std::int32_t>(waiting.front().size()), waiting.front());
      ins.pop_front();
      waiting.pop_front();
    }
  }
}

FakeUsbIpServer::FakeUsbIpServer() : devices_({edl_device()}) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_clients(); });
}

FakeUsbIpServer::~FakeUsbIpServer() {
  stop();
}

void FakeUsbIpServer::stop() {
  if (listener_ < 0) {
    return;
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  listener_ = -1;
  {
    std::lock_guard lock(mutex_);
    for (auto descriptor : open_) {
      shutdown(descriptor, SHUT_RDWR);
    }
  }
  for (auto& client : clients_) {
    client.join();
  }
}

void FakeUsbIpServer::accept_clients() {
  for (;;) {
    auto descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) {
      return;
    }
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::lock_guard lock(mutex_);
    open_.push_back(descriptor);
    clients_.emplace_back([this, descriptor] { serve(descriptor); });
  }
}

void FakeUsbIpServer::serve(int descriptor) {
  Connection connection(descriptor);
  std::unique_lock lock(mutex_);
  auto raw = raw_;
  lock.unlock();
  if (raw) {
    raw(connection);
  } else if (auto request = connection.read(usbip::op_header_size)) {
    auto code = usbip::decode_op(*request).code;
    lock.lock();
    auto devices = devices_;
    auto status = import_status_;
    auto session = session_;
    lock.unlock();
    if (code == usbip::op_req_devlist) {
      ByteWriter list(Endian::big);
      list.bytes(usbip::encode(usbip::OpHeader{.code = usbip::op_rep_devlist}));
      list.u32(static_cast<std::uint32_t>(devices.size()));
      for (const auto& device : devices) {
        list.bytes(usbip::encode(device, true));
      }
      connection.write(list.take());
    } else if (auto field = connection.read(usbip::busid_size)) {
      auto busid = ByteReader(*field, Endian::big).text(usbip::busid_size);
      auto device = std::find_if(devices.begin(), devices.end(), [&](const auto& one) { return one.busid == busid; });
      status = device == devices.end() ? 4 : status;
      connection.write(usbip::encode(usbip::OpHeader{.code = usbip::op_rep_import, .status = status}));
      if (status == 0) {
        connection.write(usbip::encode(*device, false));
        lock.lock();
        ++imports_;
        lock.unlock();
        session(connection);
      }
    }
  }
  lock.lock();
  std::erase(open_, descriptor);
  close(descriptor);
}

void FakeUsbIpServer::set_devices(std::vector<usbip::Device> devices) {
  std::lock_guard lock(mutex_);
  devices_ = std::move(devices);
}

void FakeUsbIpServer::set_import_status(std::uint32_t status) {
  std::lock_guard lock(mutex_);
  import_status_ = status;
}

void FakeUsbIpServer::set_session(Session session) {
  std::lock_guard lock(mutex_);
  session_ = std::move(session);
}

void FakeUsbIpServer::set_raw(Session raw) {
  std::lock_guard lock(mutex_);
  raw_ = std::move(raw);
}

int FakeUsbIpServer::imports() const {
  std::lock_guard lock(mutex_);
  return imports_;
}

}  // namespace modemedic::usb
