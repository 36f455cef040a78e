#include "firmware/md5_list.h"

#include "firmware/bad_file.h"
#include "firmware/safe_path.h"

#include <utility>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::size_t largest_list = 1_MiB;

/// Reads line by line; what may come next depends on what came.
class ListReader {
public:
  explicit ListReader(const std::string& file) : file_(file) {}

  Result<void> line(std::string_view text) {
    ++number_;
    text = text.substr(0, text.find_last_not_of(" \t\r") + 1);
    if (text.empty()) {
      return {};
    }
    switch (state_) {
      case State::head:
        return head(text);
      case State::files:
        return text == "FILE:END" ? ended() : entry(text);
      case State::end:
        return bad("there is more after FILE:END");
    }
    return {};
  }

  Result<Md5List> finish() {
    if (state_ != State::end) {
      return bad_file(file_, fmt::format("it ends at line {} without {}: the list is cut", number_,
                                         state_ == State::head ? "FILE:START" : "FILE:END"));
    }
    return std::move(list_);
  }

private:
  enum class State { head, files, end };

  Failure bad(const std::string& what) const { return bad_file(file_, fmt::format("line {}: {}", number_, what)); }

  Result<void> head(std::string_view text) {
    if (text == "FILE:START") {
      state_ = State::files;
      return {};
    }
    if (text.starts_with("VERSION:")) {
      return text == "VERSION:1.0" ? Result<void>{}
                                   : bad(fmt::format("\"{}\": only VERSION:1.0 is known", printable(text, 60)));
    }
    return bad(fmt::format("\"{}\" instead of VERSION:1.0 or FILE:START", printable(text, 60)));
  }

  Result<void> ended() {
    state_ = State::end;
    return {};
  }

  Result<void> entry(std::string_view text) {
    auto colon = text.rfind(':');
    if (!text.starts_with("FILE:") || colon < 5) {
      return bad(fmt::format(R"("{}" is not FILE:\path:digest)", printable(text, 60)));
    }
    auto md5 = parse_md5(text.substr(colon + 1));
    if (!md5) {
      return bad(fmt::format("\"{}\" is no MD5 of 32 hex digits", printable(text.substr(colon + 1), 60)));
    }
    auto raw = text.substr(5, colon - 5);
    raw.remove_prefix(!raw.empty() && (raw[0] == '\\' || raw[0] == '/') ? 1 : 0);
    auto path = safe_path(raw);
    if (!path) {
      return bad(path.error().what);
    }
    auto [line, is_new] = list_.lines.try_emplace(fold_case(*path), Md5List::Line{*path, *md5});
    return is_new || line->second.md5 == *md5 ? Result<void>{}
                                              : bad(fmt::format("{} has another digest above", printable(*path)));
  }

  const std::string& file_;
  State state_ = State::head;
  std::size_t number_ = 0;
  Md5List list_;
};

}  // namespace

const Md5List::Line* Md5List::find(std::string_view path) const {
  auto found = lines.find(fold_case(path));
  return found == lines.end() ? nullptr : &found->second;
}

Result<Md5List> parse_md5_list(ByteView bytes, const std::string& file) {
  if (bytes.size() > largest_list) {
    return bad_file(file, fmt::format("it has {} bytes, far more than a list of digests needs", bytes.size()));
  }
  auto text = as_text(bytes);
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  ListReader reader(file);
  while (!text.empty()) {
    auto end = text.find('\n');
    TRY(reader.line(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return reader.finish();
}

}  // namespace modemedic::firmware
