#include "protocol/hdlc.h"

#include <array>
#include <utility>

namespace modemedic::protocol {

namespace {

constexpr std::byte flag{0x7e};
constexpr std::byte escape{0x7d};
constexpr std::byte escape_xor{0x20};
constexpr std::size_t crc_size = 2;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0x8408U : crc >> 1U;
    }
    table[i] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

constexpr auto crc_table = make_crc_table();

void append_escaped(Buffer& frame, std::byte byte) {
  if (byte == flag || byte == escape) {
    frame.push_back(escape);
    byte ^= escape_xor;
  }
  frame.push_back(byte);
}

}  // namespace

std::uint16_t crc16_x25(ByteView bytes) {
  std::uint32_t crc = 0xffff;
  for (auto byte : bytes) {
    crc = (crc >> 8U) ^ crc_table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xffU];
  }
  return static_cast<std::uint16_t>(crc ^ 0xffffU);
}

Buffer hdlc_frame(ByteView body, bool leading_flag) {
  Buffer frame;
  frame.reserve(body.size() + body.size() / 8 + 8);
  if (leading_flag) {
    frame.push_back(flag);
  }
  for (auto byte : body) {
    append_escaped(frame, byte);
  }
  auto crc = crc16_x25(body);
  append_escaped(frame, static_cast<std::byte>(crc & 0xffU));
  append_escaped(frame, static_cast<std::byte>(crc >> 8U));
  frame.push_back(flag);
  return frame;
}

void HdlcReader::feed(ByteView bytes) {
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
}

std::optional<HdlcReader::Next> HdlcReader::next() {
  while (taken_ < pending_.size()) {
    auto byte = pending_[taken_++];
    if (byte == flag) {
      if (auto ended = end_frame()) {
        return ended;
      }
    } else if (byte == escape) {
      escaped_ = true;
    } else if (frame_.size() >= limit_) {
      too_long_ = true;
      escaped_ = false;
    } else {
      frame_.push_back(escaped_ ? byte ^ escape_xor : byte);
      escaped_ = false;
    }
  }
  return std::nullopt;
}

/// A flag came: judges what stands before it. Nothing when that is nothing, as between two flags.
std::optional<HdlcReader::Next> HdlcReader::end_frame() {
  auto frame = std::exchange(frame_, {});
  auto aborted = std::exchange(escaped_, false);  // an escape right before the flag is HDLC's abort
  auto too_long = std::exchange(too_long_, false);
  if (frame.empty() && !aborted) {
    return std::nullopt;
  }
  if (aborted || too_long || frame.size() <= crc_size) {
    return BadFrame{};
  }
  auto body = ByteView(frame).first(frame.size() - crc_size);
  if (crc_ == Crc::checked && load<std::uint16_t>(&frame[body.size()], Endian::little) != crc16_x25(body)) {
    return BadFrame{};
  }
  frame.resize(body.size());
  return frame;
}

}  // namespace modemedic::protocol
