#include "virtual/device_link.h"

#include <utility>

namespace modemedic::twin {

DeviceLink::DeviceLink(OutEndpoint& out, InEndpoint& in, Timers& timers) : out_(out), in_(in), timers_(timers) {
  out_.on_submit = [this] { pump(); };
  in_.on_drained = [this] { pump(); };
}

DeviceLink::~DeviceLink() {
  stop();
  out_.on_submit = nullptr;
  in_.on_drained = nullptr;
}

void DeviceLink::run(DeviceTask program) {
  program_ = std::move(program);
  running_ = true;
  program_.start();
  running_ = false;
  pump();  // what happened while it ran
}

void DeviceLink::stop() {
  program_ = {};
}

void DeviceLink::pump() {
  if (running_) {
    return;
  }
  running_ = true;
  while (ready()) {
    std::exchange(waiting_, nullptr)->task_.resume();
  }
  running_ = false;
}

bool DeviceLink::ready() {
  while (drop_zlps_ && out_.waiting() && out_.front().data.empty()) {
    out_.accept();
  }
  return waiting_ != nullptr && waiting_->ready();
}

DeviceLink::Wait::~Wait() {
  if (link_.waiting_ == this) {
    link_.waiting_ = nullptr;
  }
}

void DeviceLink::Wait::await_suspend(std::coroutine_handle<> task) {
  task_ = task;
  link_.waiting_ = this;
}

DeviceLink::Sent::Sent(DeviceLink& link, Buffer transfer, bool zlp) : Wait(link) {
  link.in_.write(std::move(transfer), zlp);
}

DeviceLink::Passed::Passed(DeviceLink& link, Duration duration) : Wait(link) {
  if (duration > Duration::zero()) {
    timer_ = link.timers_.after(duration, [this] {
      timer_.reset();
      this->link().pump();
    });
  }
}

DeviceLink::Passed::~Passed() {
  if (timer_) {
    link().timers_.cancel(*timer_);
  }
}

}  // namespace modemedic::twin
