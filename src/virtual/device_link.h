#pragma once

#include "virtual/device_task.h"
#include "virtual/endpoint.h"
#include "virtual/timers.h"

#include <coroutine>
#include <optional>

namespace modemedic::twin {

/// What a DeviceTask may wait for: the bulk pair that ties it to the host, and time.
///
/// One task runs on it. Events only mark what happened; the task goes on from pump(), never from inside a call that
/// it made itself (a host's completion submits the next URB at once).
class DeviceLink {
public:
  DeviceLink(OutEndpoint& out, InEndpoint& in, Timers& timers);
  ~DeviceLink();
  DeviceLink(const DeviceLink&) = delete;
  DeviceLink& operator=(const DeviceLink&) = delete;

  /// Starts the program; it runs until stop() or the link's end.
  void run(DeviceTask program);

  /// Ends the program where it waits. From inside the program use halt().
  void stop();

  /// From now on a zero-length transfer ends where it comes, even while the task waits for something else: a boot ROM's
  /// controller takes one that follows a whole image chunk before the host has read the next request.
  void drop_zlps(bool drop) { drop_zlps_ = drop; }

  OutEndpoint& out() { return out_; }

  InEndpoint& in() { return in_; }

  Timers& timers() { return timers_; }

  TimePoint now() const { return timers_.clock().now(); }

  /// A reason to wait. Lives in the waiting coroutine's frame.
  class Wait {
  public:
    Wait(DeviceLink& link) : link_(link) {}

    virtual ~Wait();
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    /// Whether the task can go on; asked at each event.
    virtual bool ready() = 0;

    bool await_ready() { return ready(); }

    void await_suspend(std::coroutine_handle<> task);

    void await_resume() const {}

  protected:
    DeviceLink& link() { return link_; }

  private:
    friend class DeviceLink;
    DeviceLink& link_;
    std::coroutine_handle<> task_;
  };

  /// `co_await link.sent(bytes, zlp)`: one IN transfer; goes on when the host has read it.
  class Sent final : public Wait {
  public:
    Sent(DeviceLink& link, Buffer transfer, bool zlp);

    bool ready() override { return link().in_.drained(); }
  };

  /// @param zlp  a transfer that is a multiple of 512 is ended by a ZLP
  Sent sent(Buffer transfer, bool zlp) { return {*this, std::move(transfer), zlp}; }

  /// `co_await link.received()`: a transfer of the host waits in out().
  class Received final : public Wait {
  public:
    using Wait::Wait;

    bool ready() override { return link().out_.waiting(); }
  };

  Received received() { return {*this}; }

  /// `co_await link.passed(duration)`.
  class Passed final : public Wait {
  public:
    Passed(DeviceLink& link, Duration duration);
    ~Passed() override;
    Passed(const Passed&) = delete;
    Passed& operator=(const Passed&) = delete;

    bool ready() override { return !timer_; }

  private:
    std::optional<Timers::Id> timer_;
  };

  Passed passed(Duration duration) { return {*this, duration}; }

  /// `co_await link.halt()`: never goes on.
  class Halt final : public Wait {
  public:
    using Wait::Wait;

    bool ready() override { return false; }
  };

  Halt halt() { return {*this}; }

private:
  void pump();
  bool ready();

  OutEndpoint& out_;
  InEndpoint& in_;
  Timers& timers_;
  DeviceTask program_;
  Wait* waiting_ = nullptr;
  bool running_ = false;
  bool drop_zlps_ = false;
};

}  // namespace modemedic::twin
