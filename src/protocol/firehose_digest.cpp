#include "protocol/firehose_host.h"

#include <algorithm>

namespace modemedic::protocol::firehose {

namespace {

/// All words that are the hex digits of one, a `0x` before them left out.
void find_digests(std::string_view text, std::set<Sha256>& found) {
  constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_of(letters), text.size()));
    auto word = text.substr(0, text.find_first_not_of(letters));
    text.remove_prefix(word.size());
    if (word.starts_with("0x")) {
      word.remove_prefix(2);
    }
    if (auto digest = parse_sha256(word)) {
      found.insert(*digest);
    }
  }
}

}  // namespace

std::optional<Sha256> told_digest(const Reply& reply) {
  std::set<Sha256> found;
  for (const auto& [name, value] : reply.attributes) {
    find_digests(value, found);
  }
  for (const auto& line : reply.logs) {
    find_digests(line, found);
  }
  return found.size() == 1 ? std::optional(*found.begin()) : std::nullopt;
}

}  // namespace modemedic::protocol::firehose
