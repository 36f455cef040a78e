#include "firmware/entry_list.h"

#include "base/bytes.h"
#include "firmware/normal_form.h"
#include "firmware/safe_path.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::uint64_t bomb_floor = 64_MiB;
constexpr std::uint64_t bomb_ratio = 200;

std::uint64_t most_bytes_of(std::uint64_t packed_size) {
  if (packed_size == 0) {
    return most_unpacked;
  }
  return std::min(most_unpacked, std::max(bomb_floor, std::min(packed_size, most_unpacked) * bomb_ratio));
}

}  // namespace

EntryList::EntryList(std::uint64_t packed_size) : most_bytes_(most_bytes_of(packed_size)) {}

Result<void> EntryList::add(std::string_view raw_path, std::uint64_t size) {
  TRY(count(raw_path));
  TRY_ASSIGN(auto path, safe_path(raw_path));
  if (!is_new(path)) {
    return fail(Code::package_bad)
        .what(fmt::format(
            "\"{}\" is in it twice (upper and lower case are the same here, and so are two spellings of one "
            "letter in Unicode)",
            printable(path)))
        .hint("keep the right one of the two, or download the package again");
  }
  if (size > most_bytes_ - unpacked_) {
    return fail(Code::package_bad)
        .what(fmt::format("it would unpack to more than {} MiB at \"{}\": far beyond any firmware package",
                          most_bytes_ >> 20U, printable(path)))
        .hint("this looks like an archive made to do harm; download the package from the vendor");
  }
  unpacked_ += size;
  entries_.push_back({std::move(path), size});
  return {};
}

/// Two names of which one has another spelling are the same when they are alike: in doubt the archive is refused.
bool EntryList::is_new(const std::string& path) {
  auto folded = fold_case(path);
  auto form = normal_form(folded);
  if (form.is_ascii) {
    return folded_.insert(std::move(form.likeness)).second;
  }
  if (!folded_.insert(std::move(folded)).second) {
    return false;
  }
  auto like = likenesses_.find(form.likeness);
  auto alike = like != likenesses_.end() && (form.may_change || like->second);
  if (like == likenesses_.end()) {
    likenesses_.emplace(std::move(form.likeness), form.may_change);
  }
  return !alike;
}

Result<void> EntryList::add_folder(std::string_view raw_path) {
  TRY(count(raw_path));
  // "./" is the usual first entry of a tar, and names nothing.
  if (raw_path.find_first_not_of("./") == std::string_view::npos && raw_path.substr(0, 1) == "." &&
      raw_path.find("..") == std::string_view::npos) {
    return {};
  }
  TRY(safe_path(raw_path));
  return {};
}

Result<void> EntryList::count(std::string_view raw_path) {
  path_bytes_ += raw_path.size();
  if (++counted_ > most_entries || path_bytes_ > most_path_bytes) {
    return fail(Code::package_bad)
        .what(fmt::format("it holds more than {} entries or {} MiB of names: that is no firmware package", most_entries,
                          most_path_bytes >> 20U))
        .hint("name the folder or archive of the package itself");
  }
  return {};
}

}  // namespace modemedic::firmware
