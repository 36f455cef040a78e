#include "operation/image_check.h"

#include "firmware/partition_role.h"
#include "operation/erase_range.h"
#include "operation/program_image.h"
#include "operation/read_back.h"
#include "operation/upload.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::operation {

using firmware::Role;

void ImageCheck::written(std::size_t image, bool seen) {
  written_.insert(image);
  if (seen) {
    seen_.insert(image);
  } else {
    seen_.erase(image);
  }
}

void ImageCheck::doubt(const std::string& partition) {
  const auto& images = setup_.package.images;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i].partition == partition) {
      doubtful_.insert(i);
    }
  }
}

Result<void> ImageCheck::check() {
  for (unsigned tried = 0;; ++tried) {
    TRY(ask_for_bad_blocks());
    TRY_ASSIGN(auto wrong, read_back());
    if (wrong.empty()) {
      return {};
    }
    std::vector<std::string> names;
    std::ranges::transform(in_order(wrong), std::back_inserter(names),
                           [this](auto image) { return setup_.package.images[image].partition; });
    if (tried >= setup_.tries) {
      return fail(Code::device_refused)
          .what(fmt::format("{} could not be written well in {} tries", fmt::join(names, ", "), tried + 1))
          .hint("this flash is failing: the module is worn out");
    }
    warn(setup_.events,
         fmt::format("{} is not what was sent; erasing and programming it again", fmt::join(names, ", ")));
    TRY(write_anew(std::move(wrong)));
  }
}

/// A block that turned bad moved what came behind it, in its partition and over the end of it: then nothing that was
/// seen before counts.
Result<void> ImageCheck::ask_for_bad_blocks() {
  TRY_ASSIGN(auto now, ask_chip(setup_.link));
  setup_.chip = now;
  std::vector<std::uint64_t> more;
  std::ranges::set_difference(now.bad_blocks, known_bad_, std::back_inserter(more));
  if (more.empty()) {
    return {};
  }
  known_bad_ = now.bad_blocks;
  warn(setup_.events,
       fmt::format("blocks {} turned bad during the flash; reading everything back", fmt::join(more, ", ")));
  new_bad_blocks_.insert(new_bad_blocks_.end(), more.begin(), more.end());
  std::ranges::sort(new_bad_blocks_);
  TRY(plan::check_chip(setup_.plan, setup_.package, setup_.chip));
  seen_.clear();
  setup_.read_all = true;
  return {};
}

/// @return the images that are not what was sent
Result<std::set<std::size_t>> ImageCheck::read_back() {
  std::set<std::size_t> wrong;
  for (auto index : in_order(written_)) {
    if (seen_.contains(index) || (!setup_.read_all && !doubtful_.contains(index))) {
      continue;
    }
    if (setup_.stop.stop_requested()) {
      return fail(Code::interrupted).what("stopped by the person");
    }
    const auto& image = setup_.package.images[index];
    const auto* how = setup_.link.tells_digests() ? "ask for the digest of" : "read back";
    setup_.events.emit(event::Step{"verify", fmt::format("{} {}", how, image.partition), 0, 0, {}});
    TRY_ASSIGN(auto right, reads_back(setup_.link, setup_.package, setup_.chip, image));
    if (right) {
      seen_.insert(index);
      doubtful_.erase(index);
    } else {
      wrong.insert(index);
    }
  }
  return wrong;
}

/// While anything else is incomplete SBL is blank, so that the boot ROM falls into EDL by itself.
Result<void> ImageCheck::write_anew(std::set<std::size_t> wrong) {
  auto only_sbl = std::ranges::all_of(wrong, [this](auto image) { return is_sbl(image); });
  if (auto sbl = std::ranges::find_if(written_, [this](auto image) { return is_sbl(image); });
      sbl != written_.end() && !only_sbl) {
    const auto& image = setup_.package.images[*sbl];
    TRY(erase_range(setup_.link, {setup_.package.geometry, image.range, {}}, setup_.chip, image.partition));
    TRY(prove_blank(setup_.link, image.range, setup_.chip, image.partition));
    wrong.insert(*sbl);
  }
  ImageProgrammer programmer(setup_.link, setup_.package, setup_.plan, setup_.chip, setup_.events);
  for (auto index : in_order(wrong)) {
    const auto& image = setup_.package.images[index];
    TRY(erase_range(setup_.link, {setup_.package.geometry, image.range, {}}, setup_.chip, image.partition));
    TRY(programmer.program(
        image, setup_.tries, [](std::uint64_t) {}, setup_.stop));
    written(index, false);
    doubtful_.insert(index);
  }
  return {};
}

/// SBL last, the table before it.
std::vector<std::size_t> ImageCheck::in_order(const std::set<std::size_t>& images) const {
  auto rank = [this](std::size_t image) {
    auto role = firmware::role_of(setup_.package.images[image].partition);
    return role == Role::sbl ? 2 : role == Role::mibib ? 1 : 0;
  };
  std::vector<std::size_t> order(images.begin(), images.end());
  std::ranges::stable_sort(order, {}, rank);
  return order;
}

bool ImageCheck::is_sbl(std::size_t image) const {
  return firmware::role_of(setup_.package.images[image].partition) == Role::sbl;
}

std::vector<std::string> ImageCheck::seen() const {
  std::vector<std::string> names;
  std::ranges::transform(seen_, std::back_inserter(names),
                         [this](auto image) { return setup_.package.images[image].partition; });
  return names;
}

}  // namespace modemedic::operation
