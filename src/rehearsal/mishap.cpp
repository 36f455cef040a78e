#include "rehearsal/mishap.h"

#include <fmt/format.h>

namespace modemedic::rehearsal {

std::string Mishap::text() const {
  switch (kind) {
    case Kind::power_cut:
      return fmt::format("power cut at message {}", at);
    case Kind::host_death:
      return fmt::format("host dies at message {}", at);
    case Kind::nak:
      return fmt::format("NAK to {}", tag);
    case Kind::lost_hello:
      return "lost HELLO";
    case Kind::page_failure:
      return fmt::format("page {} fails", at);
    case Kind::full_disk:
      return fmt::format("disk full after {} bytes of journal", at);
  }
  return "nothing";
}

std::string Mishap::fault() const {
  switch (kind) {
    case Kind::nak:
      return "nak@" + tag;
    case Kind::lost_hello:
      return "lost-hello";
    case Kind::page_failure:
      return fmt::format("page-fails:{}", at);
    default:
      return {};
  }
}

std::vector<Mishap> draw_mishaps(std::mt19937_64& random, std::uint64_t messages, std::uint64_t pages) {
  auto below = [&](std::uint64_t end) { return random() % end; };
  auto draw = [&]() -> Mishap {
    static const char* const tags[] = {"configure", "getstorageinfo", "erase", "program", "power"};
    constexpr std::uint64_t longest_message = 16384;
    auto dice = below(100);
    if (dice < 60) {
      return {Mishap::Kind::power_cut, below(messages), below(2) == 0 ? 0 : below(longest_message), {}};
    }
    if (dice < 82) {
      return {Mishap::Kind::host_death, below(messages), below(2) == 0 ? 0 : below(longest_message), {}};
    }
    if (dice < 87) {
      return {Mishap::Kind::nak, 0, 0, tags[below(std::size(tags))]};
    }
    if (dice < 91) {
      return {Mishap::Kind::lost_hello, 0, 0, {}};
    }
    if (dice < 96) {
      return {Mishap::Kind::page_failure, below(pages), 0, {}};
    }
    return {Mishap::Kind::full_disk, below(4000), 0, {}};
  };
  std::vector<Mishap> mishaps{draw()};
  while (mishaps.size() < 4 && below(3) == 0) {  // a third of the lives are unlucky twice
    mishaps.push_back(draw());
  }
  return mishaps;
}

}  // namespace modemedic::rehearsal
