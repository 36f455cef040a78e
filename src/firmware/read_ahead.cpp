#include "firmware/read_ahead.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace modemedic::firmware {

/// Chunks go round: the worker fills number `filled_`, the reader holds the one before `taken_`. A chunk that is
/// neither filled nor held is free. All counts only grow.
struct ReadAhead::Ring {
  explicit Ring(std::unique_ptr<Stream> stream) : inner(std::move(stream)) {
    for (auto& buffer : buffers) {
      buffer.resize(chunk_size);
    }
    worker = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }

  /// The worker's whole life.
  void work(const std::stop_token& stop) {
    for (std::size_t number = 0; wait_free(stop, number); ++number) {
      auto slot = number % chunks;
      auto outcome = fill(buffers[slot]);
      std::lock_guard lock(mutex);
      used[slot] = outcome.used;
      error = std::move(outcome.error);
      ended = outcome.last;
      filled = number + 1;
      changed.notify_all();
      if (ended) {
        return;
      }
    }
  }

  bool wait_free(const std::stop_token& stop, std::size_t number) {
    std::unique_lock lock(mutex);
    return changed.wait(lock, stop, [&] { return number < released + chunks; });
  }

  struct Outcome {
    std::size_t used = 0;
    bool last = false;
    std::optional<Error> error;
  };

  Outcome fill(Buffer& chunk) {
    Outcome outcome;
    while (outcome.used < chunk.size()) {
      if (pending.empty()) {
        auto next = inner->read();
        if (!next || next->empty()) {
          outcome.last = true;
          if (!next) {
            outcome.error = std::move(next.error());
          }
          break;
        }
        pending = *next;
      }
      auto count = std::min(pending.size(), chunk.size() - outcome.used);
      std::memcpy(chunk.data() + outcome.used, pending.data(), count);
      pending = pending.subspan(count);
      outcome.used += count;
    }
    return outcome;
  }

  std::unique_ptr<Stream> inner;
  ByteView pending;  ///< what the inner stream gave and no chunk has yet; the worker's own

  std::array<Buffer, chunks> buffers;
  std::mutex mutex;  ///< guards all below
  std::condition_variable_any changed;
  std::array<std::size_t, chunks> used{};
  std::size_t filled = 0;    ///< chunks that the worker has finished
  std::size_t released = 0;  ///< chunks that the reader is done with
  std::size_t taken = 0;     ///< chunks that the reader got; one more than released while it holds one
  bool ended = false;
  std::optional<Error> error;  ///< comes after the last chunk

  std::jthread worker;  ///< last, so that it is gone before what it uses
};

ReadAhead::ReadAhead(std::unique_ptr<Stream> inner) : ring_(std::make_unique<Ring>(std::move(inner))) {}

ReadAhead::~ReadAhead() = default;

Result<ByteView> ReadAhead::read() {
  auto& ring = *ring_;
  std::unique_lock lock(ring.mutex);
  if (ring.released < ring.taken) {
    ring.released = ring.taken;
    ring.changed.notify_all();
  }
  ring.changed.wait(lock, [&] { return ring.taken < ring.filled || ring.ended; });
  if (ring.taken < ring.filled) {
    auto slot = ring.taken % chunks;
    ++ring.taken;
    if (ring.used[slot] > 0) {
      return ByteView(ring.buffers[slot]).first(ring.used[slot]);
    }
  }
  if (ring.error) {
    return fail(*ring.error);
  }
  return ByteView{};
}

}  // namespace modemedic::firmware
