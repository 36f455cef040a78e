#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <span>

namespace modemedic::twin {

/// How a URB ended.
enum class UrbStatus {
  ok,
  stall,
  overflow,  ///< the device sent more than the host asked for: it babbles
  cancelled,
  gone,
};

/// A bulk OUT endpoint as the device's controller sees it: URBs of the host queue here until the function takes
/// them; a host whose URB isn't taken waits. Single-threaded.
class OutEndpoint {
public:
  using Done = std::function<void(UrbStatus, std::size_t actual)>;

  /// Host side: queues a URB. `data` stays valid until `done` was called.
  /// @param zlp  URB_ZERO_PACKET: a zero-length packet follows when the length is a multiple of 512
  /// @return an id for cancel()
  std::uint64_t submit(ByteView data, bool zlp, Done done);

  /// Host side: takes a queued URB back; false when it was taken already. `done` gets UrbStatus::cancelled.
  bool cancel(std::uint64_t id);

  /// Function side: a transfer waits.
  bool waiting() const { return !queue_.empty(); }

  /// Function side: what waits first. `ended`: a short packet or ZLP ends it (length no multiple of 512, ZLP asked,
  /// or a zero-length transfer); false: more packets of the same logical transfer may follow.
  struct Transfer {
    ByteView data;
    bool ended = false;
  };

  Transfer front() const;

  /// Function side: the first transfer has been taken, its host's URB completes.
  void accept();

  /// Function side: the first transfer is answered with a stall.
  void stall();

  /// The device leaves the bus: all URBs end as `gone`.
  void fail_all(UrbStatus status);

  /// Called after each submit(); the function then decides whether to take it.
  std::function<void()> on_submit;

private:
  struct Urb {
    std::uint64_t id;
    ByteView data;
    bool zlp;
    Done done;
  };

  void finish(UrbStatus status);

  std::deque<Urb> queue_;
  std::uint64_t next_id_ = 1;
};

/// A bulk or interrupt IN endpoint: the function writes transfers, the host's URBs take them.
class InEndpoint {
public:
  using Done = std::function<void(UrbStatus, ByteView data)>;

  /// Host side: queues a URB that takes up to `capacity` bytes. `done` is called with the bytes (valid for the call).
  std::uint64_t submit(std::size_t capacity, Done done);

  bool cancel(std::uint64_t id);

  /// Function side: sends one transfer; one that is a multiple of 512 is ended by a ZLP when `zlp` is set.
  void write(Buffer transfer, bool zlp = true);

  /// Function side: sends more than a host can have asked for. What was written before goes first.
  void babble();

  /// Function side: the host has taken everything written.
  bool drained() const { return transfers_.empty(); }

  void fail_all(UrbStatus status);

  /// Called when the last written transfer has been taken by the host.
  std::function<void()> on_drained;

private:
  struct Urb {
    std::uint64_t id;
    std::size_t capacity;
    Done done;
  };

  void match();

  struct Outgoing {
    Buffer bytes;
    bool zlp;
    std::size_t taken = 0;
    bool babble = false;
  };

  std::deque<Outgoing> transfers_;
  std::deque<Urb> urbs_;
  std::uint64_t next_id_ = 1;
  bool matching_ = false;
};

}  // namespace modemedic::twin
