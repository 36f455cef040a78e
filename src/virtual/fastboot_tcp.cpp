#include "virtual/fastboot_tcp.h"

#include "virtual/fastboot_function.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace modemedic::twin {

namespace {

constexpr std::string_view greeting = "FB01";
constexpr std::size_t length_size = 8;
/// A whole number of packets, so that a long message stays one for the modem.
constexpr std::size_t piece_size = 16384;
constexpr std::size_t most_transfers = 8;
constexpr std::size_t most_output = 1_MiB;
constexpr std::size_t longest_answer = 4096;
constexpr std::size_t read_size = 64_KiB;

bool try_again(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

FastbootTcpSession::FastbootTcpSession(UsbFunction& function)
    : out_(*function.out(function_pair(function.fingerprint()).out.address)),
      in_(*function.in(function_pair(function.fingerprint()).in.address)) {
  output_.append(as_bytes(greeting));
  listen();
}

FastbootTcpSession::~FastbootTcpSession() {
  over_ = true;
  if (listening_) {
    in_.cancel(*listening_);
  }
  while (!transfers_.empty()) {
    if (auto id = transfers_.front().id) {
      out_.cancel(*id);  // its completion takes it off the list
    } else {
      transfers_.pop_front();
    }
  }
}

bool FastbootTcpSession::full() const {
  return transfers_.size() >= most_transfers || output_.waiting().size() >= most_output;
}

void FastbootTcpSession::listen() {
  listening_.reset();
  auto id = in_.submit(longest_answer, [this](UrbStatus status, ByteView data) {
    if (over_ || status != UrbStatus::ok) {
      over_ = true;
      listening_.reset();
      return;
    }
    output_.append(ByteWriter(Endian::big).u64(data.size()).take());
    output_.append(data);
    listen();
  });
  if (!over_ && !listening_) {
    listening_ = id;
  }
}

void FastbootTcpSession::submit(Buffer bytes) {
  auto& transfer = transfers_.emplace_back(Transfer{std::move(bytes), {}});
  auto taken = std::make_shared<bool>(false);
  auto place = std::prev(transfers_.end());
  auto id = out_.submit(transfer.bytes, false, [this, place, taken](UrbStatus status, std::size_t) {
    *taken = true;
    over_ = over_ || status != UrbStatus::ok;
    transfers_.erase(place);
  });
  if (!*taken) {
    place->id = id;
  }
}

void FastbootTcpSession::feed(ByteView bytes) {
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (!greeted_) {
    auto start = as_text(input_).substr(0, greeting.size());
    over_ = over_ || !greeting.starts_with(start);
    if (over_ || start.size() < greeting.size()) {
      return;
    }
    greeted_ = true;
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(greeting.size()));
  }
  take_message_bytes();
}

void FastbootTcpSession::take_message_bytes() {
  auto rest = ByteView(input_);
  while (!over_) {
    if (!in_message_) {
      if (rest.size() < length_size) {
        break;
      }
      message_left_ = load<std::uint64_t>(rest.data(), Endian::big);
      rest = rest.subspan(length_size);
      in_message_ = true;
    }
    auto count = std::min<std::uint64_t>(message_left_, piece_size);
    if (rest.size() < count) {
      break;
    }
    auto piece = rest.first(count);
    rest = rest.subspan(count);
    message_left_ -= count;
    in_message_ = message_left_ > 0;
    submit(Buffer(piece.begin(), piece.end()));
  }
  input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

void FastbootTcp::collect(std::vector<pollfd>& polled) {
  if (session_ && modem_.enumeration() != enumeration_) {
    write();  // the last answer
    hang_up();
  }
  if (session_) {
    write();
  }
  if (session_ && session_->over()) {
    hang_up();
  }
  if (!session_) {
    polled.push_back({listener_.socket(), POLLIN, 0});
    return;
  }
  auto events = (session_->full() ? 0 : POLLIN) | (session_->output().empty() ? 0 : POLLOUT);
  polled.push_back({client_.get(), static_cast<short>(events), 0});
}

void FastbootTcp::handle(std::span<const pollfd> polled) {
  if (polled.empty() || polled[0].revents == 0) {
    return;
  }
  if (!session_) {
    accept();
  } else if ((polled[0].revents & POLLIN) != 0) {
    read();
  }
}

void FastbootTcp::accept() {
  auto client = listener_.accept();
  auto* boot_loader = dynamic_cast<FastbootFunction*>(modem_.function());
  if (!client || boot_loader == nullptr) {
    return;
  }
  client_ = std::move(*client);
  enumeration_ = modem_.enumeration();
  session_ = std::make_unique<FastbootTcpSession>(*boot_loader);
}

void FastbootTcp::read() {
  std::array<std::byte, read_size> bytes{};
  auto count = recv(client_.get(), bytes.data(), bytes.size(), 0);
  if (count > 0) {
    session_->feed(ByteView(bytes).first(static_cast<std::size_t>(count)));
  } else if (count == 0 || !try_again(errno)) {
    hang_up();
  }
}

void FastbootTcp::write() {
  while (!session_->output().empty()) {
    auto waiting = session_->output();
    auto count = send(client_.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (!try_again(errno)) {
        hang_up();
      }
      return;
    }
    session_->sent(static_cast<std::size_t>(count));
  }
}

void FastbootTcp::hang_up() {
  session_.reset();
  client_ = Descriptor();
}

}  // namespace modemedic::twin
