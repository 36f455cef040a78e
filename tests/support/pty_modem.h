#pragma once

#include "base/bytes.h"
#include "base/descriptor.h"

#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace modemedic::test {

/// A modem behind a pty: what it answers to each read. A thread of its own, until it hangs up.
class PtyModem {
public:
  using Answer = std::function<Buffer(ByteView)>;

  explicit PtyModem(Answer answer) : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 64> name{};
    if (!master_.is_open() || grantpt(master_.get()) != 0 || unlockpt(master_.get()) != 0 ||
        ptsname_r(master_.get(), name.data(), name.size()) != 0 || pipe(stop_) != 0) {
      throw std::runtime_error("no pty");
    }
    node_ = name.data();
    keeper_ = Descriptor(open(node_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));  // else the first close hangs it up
    thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
  }

  ~PtyModem() { hang_up(); }

  PtyModem(const PtyModem&) = delete;
  PtyModem& operator=(const PtyModem&) = delete;

  const std::string& node() const { return node_; }

  int keeper() const { return keeper_.get(); }

  /// It leaves.
  void hang_up() {
    if (thread_.joinable()) {
      static_cast<void>(write(stop_[1], "", 1));
      thread_.join();
      close(stop_[0]);
      close(stop_[1]);
      keeper_ = Descriptor();  // before its number may be another test's
      master_ = Descriptor();
    }
  }

private:
  void serve(const Answer& answer) const {
    for (;;) {
      std::array<pollfd, 2> wanted{pollfd{stop_[0], POLLIN, 0}, pollfd{master_.get(), POLLIN, 0}};
      poll(wanted.data(), wanted.size(), -1);
      std::array<std::byte, 4096> bytes{};
      if (wanted[0].revents != 0) {
        return;
      }
      auto count = read(master_.get(), bytes.data(), bytes.size());
      auto reply = count > 0 ? answer(ByteView(bytes).first(static_cast<std::size_t>(count))) : Buffer();
      static_cast<void>(write(master_.get(), reply.data(), reply.size()));
    }
  }

  Descriptor master_;
  Descriptor keeper_;
  std::string node_;
  int stop_[2]{};
  std::thread thread_;
};

}  // namespace modemedic::test
