#include "app/sectors_option.h"

#include "base/bytes.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace modemedic::app {

Result<SectorRange> parse_sectors(const std::string& text) {
  constexpr std::uint64_t most = 0xFFFFFFFF;  // what a programmer counts with
  std::uint64_t start = 0;
  std::uint64_t count = 0;
  const auto* end = text.data() + text.size();
  auto first = std::from_chars(text.data(), end, start);
  auto plus = first.ec == std::errc{} && first.ptr != end && *first.ptr == '+';
  auto second = plus ? std::from_chars(first.ptr + 1, end, count) : first;
  if (!plus || second.ec != std::errc{} || second.ptr != end || count == 0 || start > most || count > most) {
    return fail(Code::usage)
        .what(fmt::format("{} is no range of sectors", printable(text)))
        .hint("START+COUNT, such as 1280+8704");
  }
  return SectorRange{{start}, {count}};
}

}  // namespace modemedic::app
