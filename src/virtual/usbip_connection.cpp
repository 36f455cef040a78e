#include "virtual/usbip_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace modemedic::twin {

namespace usbip = protocol::usbip;

namespace {

/// Stays in a core's cache, and is filled by a client that keeps several transfers in flight.
constexpr std::size_t read_size = 256_KiB;
constexpr std::size_t buffer_size = UsbIpSession::largest_urb + usbip::urb_header_size + read_size;
/// Less than this is moved to the buffer's start rather than left where it is.
constexpr std::size_t worth_moving = 32_KiB;
constexpr std::size_t import_request_size = usbip::op_header_size + usbip::busid_size;
constexpr std::uint32_t status_error = 1;

constexpr auto request_patience = std::chrono::seconds(10);
constexpr auto goodbye_patience = std::chrono::seconds(2);

bool try_again(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

UsbIpConnection::UsbIpConnection(Descriptor socket, UsbIpExports& exports, const Clock& clock)
    : socket_(std::move(socket)),
      exports_(exports),
      clock_(clock),
      patience_ends_(clock.now() + request_patience),
      buffer_(std::make_shared<Buffer>(import_request_size)) {}

UsbIpConnection::UsbIpConnection(Descriptor socket, UsbIpExports& exports, const Clock& clock,
                                 UsbIpExports::Export& taken)
    : UsbIpConnection(std::move(socket), exports, clock) {
  begin_session(taken);
}

UsbIpConnection::~UsbIpConnection() {
  end_session();
}

short UsbIpConnection::wanted_events() const {
  auto read = stage_ != Stage::session || output_.waiting().size() < UsbIpSession::most_output;
  return static_cast<short>((read ? POLLIN : 0) | (output_.empty() ? 0 : POLLOUT));
}

void UsbIpConnection::readable() {
  read_into_buffer();
  process();
}

void UsbIpConnection::read_into_buffer() {
  make_room();
  auto room = std::min(buffer_->size() - end_, read_size);
  auto count = recv(socket_.get(), buffer_->data() + end_, room, 0);
  if (count > 0) {
    end_ += static_cast<std::size_t>(count);
  } else if (count == 0 || !try_again(errno)) {
    over_ = true;
  }
}

/// A client that hasn't imported anything yet gets a buffer for one request only.
void UsbIpConnection::make_room() {
  auto waiting = input().size();
  auto wanted = stage_ == Stage::session ? buffer_size : buffer_->size();
  auto room = buffer_->size() - end_;
  auto shared = buffer_.use_count() > 1;
  if (buffer_->size() < wanted || (shared && room < read_size)) {
    auto next = std::make_shared<Buffer>(wanted);
    std::ranges::copy(input(), next->begin());
    buffer_ = std::move(next);
  } else if (!shared && begin_ > 0 && (waiting < worth_moving || room < read_size)) {
    std::memmove(buffer_->data(), buffer_->data() + begin_, waiting);
  } else {
    return;
  }
  begin_ = 0;
  end_ = waiting;
}

void UsbIpConnection::process() {
  while (stage_ == Stage::request && !over_ && handle_request()) {
  }
  if (stage_ == Stage::session) {
    run_session();
  }
  if (stage_ == Stage::leaving) {
    begin_ = end_;  // nobody is there any more who would want it
  }
}

/// @return false when more bytes are needed
bool UsbIpConnection::handle_request() {
  auto bytes = input();
  if (bytes.size() < usbip::op_header_size) {
    return false;
  }
  auto header = usbip::decode_op(bytes.first(usbip::op_header_size));
  if (header.version != usbip::version) {
    over_ = true;
    return false;
  }
  switch (header.code) {
    case usbip::op_req_devlist:
      begin_ += usbip::op_header_size;
      output_.append(exports_.device_list());
      leave();  // one request a connection, as usbipd has it
      return true;
    case usbip::op_req_import:
      if (bytes.size() < import_request_size) {
        return false;
      }
      begin_ += import_request_size;
      import(bytes.subspan(usbip::op_header_size, usbip::busid_size));
      return true;
    default:
      over_ = true;
      return false;
  }
}

void UsbIpConnection::import(ByteView request) {
  usbip::OpHeader header;
  header.code = usbip::op_rep_import;
  auto* taken = exports_.take(ByteReader(request, Endian::big).text(usbip::busid_size));
  if (taken == nullptr) {
    header.status = status_error;
    output_.append(usbip::encode(header));
    leave();
    return;
  }
  output_.append(usbip::encode(header));
  output_.append(usbip::encode(UsbIpExports::describe(*taken), false));
  begin_session(*taken);
}

void UsbIpConnection::begin_session(UsbIpExports::Export& taken) {
  taken_ = &taken;
  session_ = std::make_unique<UsbIpSession>(*taken.modem, UsbIpExports::devid(taken), output_);
  stage_ = Stage::session;
  patience_ends_.reset();
}

/// @return whether anything was done
bool UsbIpConnection::run_session() {
  auto eaten = session_->feed(input(), buffer_);
  if (!eaten) {
    over_ = true;  // what follows cannot be understood: a kernel hangs up too
    return false;
  }
  begin_ += *eaten;
  return *eaten > 0;
}

void UsbIpConnection::end_session() {
  session_.reset();
  if (taken_ != nullptr) {
    taken_->imported = false;
    taken_ = nullptr;
  }
}

void UsbIpConnection::leave() {
  stage_ = Stage::leaving;
  patience_ends_ = clock_.now() + goodbye_patience;
}

void UsbIpConnection::settle() {
  if (stage_ == Stage::session && !session_->alive()) {
    end_session();
    leave();
  }
  flush();
  while (stage_ == Stage::session && !over_ && output_.empty() && run_session()) {
    flush();  // for what had to wait until a slow reader took its replies
  }
  if (stage_ == Stage::leaving && output_.empty() && !said_goodbye_) {
    // The client closes then. Closing here with unread bytes of its would reset the connection, and the last
    // replies with it.
    shutdown(socket_.get(), SHUT_WR);
    said_goodbye_ = true;
  }
  if (patience_ends_ && clock_.now() >= *patience_ends_) {
    over_ = true;
  }
  if (over_) {
    end_session();
  }
}

void UsbIpConnection::flush() {
  while (!output_.empty() && !over_) {
    auto waiting = output_.waiting();
    auto count = send(socket_.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (!try_again(errno)) {
        over_ = true;
      }
      return;
    }
    output_.sent(static_cast<std::size_t>(count));
  }
}

}  // namespace modemedic::twin
