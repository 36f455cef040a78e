#include "virtual/byte_port.h"

namespace modemedic::twin {

BytePort::BytePort(OutEndpoint& out, InEndpoint& in, std::function<void(ByteView)> on_bytes)
    : out_(out), in_(in), on_bytes_(std::move(on_bytes)) {
  out_.on_submit = [this] { pump(); };
  in_.on_drained = [this] {
    backlog_ = 0;
    pump();
  };
}

BytePort::~BytePort() {
  out_.on_submit = nullptr;
  in_.on_drained = nullptr;
}

void BytePort::send(ByteView bytes) {
  if (bytes.empty()) {
    return;
  }
  backlog_ += bytes.size();
  in_.write({bytes.begin(), bytes.end()});
}

void BytePort::send_unasked(std::string_view text) {
  if (backlog_ < unasked_limit) {
    send(as_bytes(text));
  }
}

void BytePort::pump() {
  if (pumping_) {
    return;  // a completion submitted the next URB: the loop below goes on with it
  }
  pumping_ = true;
  while (out_.waiting() && !full()) {
    auto data = out_.front().data;
    Buffer bytes(data.begin(), data.end());
    out_.accept();
    on_bytes_(bytes);
  }
  pumping_ = false;
}

}  // namespace modemedic::twin
