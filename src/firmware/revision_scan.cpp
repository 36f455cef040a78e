#include "firmware/revision_scan.h"

#include "firmware/revision_grammar.h"

#include <algorithm>

namespace modemedic::firmware {

namespace {

// An anchor is judged once this much of the stream is known on both of its sides: a name can't be longer.
constexpr std::size_t before = revision_grammar::longest_order_code + 1;
constexpr std::size_t after = revision_grammar::longest_name + 2;

}  // namespace

/// Judges the anchors that start in [from, until).
void RevisionScan::judge(std::string_view text, std::size_t from, std::size_t until) {
  // find() is memchr: the 'R's of ordinary data are some 256 bytes apart.
  for (auto at = text.find('R', from); at < until; at = text.find('R', at + 1)) {
    if (!revision_grammar::anchor_at(text, at)) {
      continue;
    }
    auto start = at - std::min(at, before);
    auto revision = revision_grammar::read_around(text.substr(start, before + after), at - start);
    if (revision && found_.size() < most && std::ranges::find(found_, revision->text) == found_.end()) {
      found_.push_back(std::move(revision->text));
    }
  }
}

void RevisionScan::feed(ByteView chunk) {
  auto text = as_text(chunk);
  if (text.size() < 4 * (before + after)) {
    tail_ += text;
    if (tail_.size() >= 8 * (before + after)) {
      auto until = tail_.size() - after;
      judge(tail_, settled_, until);
      tail_.erase(0, until - before);
      settled_ = before;
    }
    return;
  }

  // The seam first: the old tail with as much of the chunk as its anchors, and the chunk's first ones, can need.
  auto seam = tail_.size() + before;
  tail_ += text.substr(0, before + after);
  judge(tail_, settled_, seam);

  auto until = text.size() - after;
  judge(text, before, until);
  tail_ = text.substr(until - before);
  settled_ = before;
}

const std::vector<std::string>& RevisionScan::found() {
  judge(tail_, settled_, tail_.size());
  tail_.clear();
  settled_ = 0;
  return found_;
}

}  // namespace modemedic::firmware
