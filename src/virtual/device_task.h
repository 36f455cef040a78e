#pragma once

#include <coroutine>
#include <utility>

namespace modemedic::twin {

/// Firmware of the virtual modem that runs top to bottom and waits where the real one waits: for the host, for the
/// flash, for time. A coroutine, so that all of it stays on one thread and on simulated time.
///
/// Starts when it is awaited, or by start(). Destroying it ends the program at the spot where it waits, together with
/// everything it awaits.
class [[nodiscard]] DeviceTask {
public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  struct promise_type {
    std::coroutine_handle<> continuation;

    DeviceTask get_return_object() { return DeviceTask(Handle::from_promise(*this)); }

    std::suspend_always initial_suspend() noexcept { return {}; }

    auto final_suspend() noexcept {
      struct Return {
        bool await_ready() noexcept { return false; }

        std::coroutine_handle<> await_suspend(Handle handle) noexcept {
          auto caller = handle.promise().continuation;
          return caller ? caller : std::noop_coroutine();
        }

        void await_resume() noexcept {}
      };

      return Return{};
    }

    void return_void() {}

    void unhandled_exception() { throw; }
  };

  DeviceTask() = default;

  DeviceTask(DeviceTask&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}

  DeviceTask& operator=(DeviceTask&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }

  DeviceTask(const DeviceTask&) = delete;
  DeviceTask& operator=(const DeviceTask&) = delete;

  ~DeviceTask() { destroy(); }

  /// Runs the program until it waits for the first time.
  void start() { handle_.resume(); }

  bool await_ready() const noexcept { return false; }

  /// Runs the callee at once. One that never had to wait doesn't suspend its caller, so a long loop of them needs no
  /// stack.
  bool await_suspend(std::coroutine_handle<> caller) {
    handle_.resume();
    if (handle_.done()) {
      return false;
    }
    handle_.promise().continuation = caller;
    return true;
  }

  void await_resume() const noexcept {}

private:
  explicit DeviceTask(Handle handle) : handle_(handle) {}

  void destroy() {
    if (handle_) {
      handle_.destroy();
    }
  }

  Handle handle_;
};

}  // namespace modemedic::twin
