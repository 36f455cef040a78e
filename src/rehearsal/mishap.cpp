#include "rehearsal/mishap.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace modemedic::rehearsal {

std::string Mishap::text() const {
  switch (kind) {
    case Kind::power_cut:
      return fmt::format("power cut at message {}", at);
    case Kind::host_death:
      return fmt::format("host dies at message {}", at);
    case Kind::unplug:
      return fmt::format("unplugged at message {}", at);
    case Kind::nak:
      return fmt::format("NAK to {}", tag);
    case Kind::retry:
      return fmt::format("AttemptRetry to {}", tag);
    case Kind::stall:
      return fmt::format("stall after {} bytes", at);
    case Kind::lost_hello:
      return "lost HELLO";
    case Kind::page_failure:
      return fmt::format("page {} fails", at);
    case Kind::dead_page:
      return fmt::format("page {} always fails", at);
    case Kind::grown_bad:
      return fmt::format("block {} turns bad", at);
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
    case Kind::retry:
      return "retry@" + tag;
    case Kind::stall:
      return fmt::format("stall@{}", at);
    case Kind::page_failure:
      return fmt::format("page-fails:{}", at);
    case Kind::dead_page:
      return fmt::format("page-dead:{}", at);
    case Kind::grown_bad:
      return fmt::format("grows-bad:{}", at);
    default:
      return {};
  }
}

std::vector<Mishap> draw_mishaps(std::mt19937_64& random, const FlashSize& size) {
  auto below = [&](std::uint64_t end) { return random() % std::max<std::uint64_t>(end, 1); };
  auto draw = [&]() -> Mishap {
    using Kind = Mishap::Kind;
    static const char* const tags[] = {"configure", "getstorageinfo", "erase", "program", "power"};
    static const char* const retried[] = {"erase", "program"};
    constexpr std::uint64_t longest_message = 16384;
    auto at_a_message = [&](Kind kind) -> Mishap {
      return {kind, below(size.messages), below(2) == 0 ? 0 : below(longest_message), {}};
    };
    auto a_page = [&] {
      auto image = below(size.pages.size());
      return size.pages.empty() ? 0 : size.pages[image] + below(size.counts[image]);
    };
    auto dice = below(100);
    if (dice < 50) {
      return at_a_message(Kind::power_cut);
    }
    if (dice < 70) {
      return at_a_message(Kind::host_death);
    }
    if (dice < 78) {
      return at_a_message(Kind::unplug);
    }
    if (dice < 81) {
      return {Kind::nak, 0, 0, tags[below(std::size(tags))]};
    }
    if (dice < 84) {
      return {Kind::lost_hello, 0, 0, {}};
    }
    if (dice < 86) {
      return {Kind::retry, 0, 0, retried[below(std::size(retried))]};
    }
    if (dice < 88) {
      return {Kind::stall, below(size.bytes), 0, {}};
    }
    if (dice < 92) {
      return {Kind::page_failure, a_page(), 0, {}};
    }
    if (dice < 94) {
      return {Kind::dead_page, a_page(), 0, {}};
    }
    if (dice < 96) {
      return {Kind::grown_bad, a_page() / size.pages_per_block, 0, {}};
    }
    return {Kind::full_disk, below(4000), 0, {}};
  };
  std::vector<Mishap> mishaps{draw()};
  while (mishaps.size() < 4 && below(3) == 0) {  // a third of the lives are unlucky twice
    mishaps.push_back(draw());
  }
  return mishaps;
}

}  // namespace modemedic::rehearsal
