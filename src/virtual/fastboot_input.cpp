#include "virtual/fastboot_input.h"

#include <algorithm>
#include <utility>

namespace modemedic::twin {

namespace {

constexpr std::size_t longest_command = 64;
constexpr std::uint64_t request_size = 32_KiB;
constexpr std::size_t packet_size = 512;

}  // namespace

void FastbootInput::next_transfer(bool zlp_follows) {
  zlp_follows_ = zlp_follows;
  taken_ = 0;
  link_.out().accept();
}

DeviceTask FastbootInput::read_command() {
  command_.clear();
  if (std::exchange(zlp_follows_, false)) {
    co_return;
  }
  co_await link_.received();
  auto transfer = link_.out().front();
  auto rest = transfer.data.subspan(taken_);
  command_ = as_text(rest.first(std::min(rest.size(), longest_command)));
  next_transfer(false);
}

DeviceTask FastbootInput::read_data(std::uint64_t size) {
  data_.clear();
  std::uint64_t filled = 0;  ///< of the request
  while (data_.size() < size) {
    if (zlp_follows_) {
      co_await link_.halt();
    }
    co_await link_.received();
    auto transfer = link_.out().front();
    auto rest = transfer.data.subspan(taken_);
    auto request = std::min(request_size, size - (data_.size() - filled));
    auto count = std::min<std::uint64_t>(rest.size(), request - filled);
    data_.insert(data_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
    filled += count;
    auto short_packet = count == rest.size() && (rest.empty() || transfer.data.size() % packet_size != 0);
    auto too_long_packet = count < rest.size() && (taken_ + count) % packet_size != 0;
    if (count == rest.size() || too_long_packet) {
      next_transfer(transfer.ended && !short_packet);
    } else {
      taken_ += count;
    }
    if ((short_packet && filled < request) || too_long_packet) {
      co_await link_.halt();
    }
    if (filled == request) {
      filled = 0;
    }
  }
}

}  // namespace modemedic::twin
