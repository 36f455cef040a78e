#include "operation/efs_guard.h"

#include "base/shell.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::operation {

namespace {

/// After these no flash can go on either: the person said so, or nobody is at the other end any more.
bool ends_a_flash(Code code) {
  constexpr std::array codes = {Code::interrupted, Code::modem_lost, Code::timeout, Code::device_protocol, Code::bug};
  return std::ranges::find(codes, code) != codes.end();
}

}  // namespace

void EfsGuard::meet(FirehoseLink& link, Identity identity, plan::ChipReport storage, firmware::PartitionTable table,
                    std::vector<SectorRange> writes) {
  chip_.emplace(Chip{link, std::move(identity), std::move(storage), std::move(table), std::move(writes)});
}

Result<void> EfsGuard::make_copy() {
  const auto& [link, identity, storage, table, writes] = *chip_;
  setup_.events.emit(
      event::Step{"save", "save what is the module's own: " + told_to_save(table, storage.geometry), 0, 0, {}});
  ReadableChip chip{link, identity, storage, table, setup_.programmer, setup_.programmer_digest};
  TRY_ASSIGN(saved_, save_efs(chip, setup_.place, setup_.also, setup_.clock, setup_.events, setup_.stop));
  return {};
}

Result<void> EfsGuard::save_for_certain(const std::string& why, Holes holes) {
  auto refused = [&](const std::string& lack) {
    return fail(Code::refused)
        .rule("efs")
        .what(fmt::format("{}, and there is no backup of it: {}", why, lack))
        .hint("without a verified backup made in this run this is not done; nothing was written");
  };
  if (setup_.place.folder.empty()) {
    return refused("none was to be made");
  }
  if (auto made = saved_ ? Result<void>{} : make_copy(); !made) {
    auto error = std::move(made.error());
    return ends_a_flash(error.code) ? fail(std::move(error)) : refused(error.what);
  }
  if (auto lost = saved_->unreadable(); lost > 0 && holes == Holes::make_it_none) {
    return refused(fmt::format("{} of its sectors could not be read", lost));
  }
  return {};
}

Result<void> EfsGuard::save() {
  if (saved_ || setup_.place.folder.empty()) {
    return {};
  }
  auto made = make_copy();
  if (!made && ends_a_flash(made.error().code)) {
    return fail(std::move(made.error()));
  }
  if (!made) {
    warn(setup_.events,
         fmt::format("what is the module's own could not be saved: {}. This flash leaves it alone and goes on without "
                     "the copy",
                     made.error().what));
  }
  return {};
}

Result<void> EfsGuard::compare() {
  if (!saved_) {
    return {};
  }
  setup_.events.emit(event::Step{"compare", "compare what is the module's own with what was saved", 0, 0, {}});
  auto compared = compare_pieces();
  if (!compared && ends_a_flash(compared.error().code)) {
    return compared;
  }
  if (!compared) {
    warn(setup_.events, "what is the module's own could not be compared: " + compared.error().what);
    return {};
  }
  compared_ = true;
  if (!changed_.empty()) {
    warn(setup_.events, fmt::format("{}: not as before this flash. {}", fmt::join(changed_, ", "), way_back()));
  }
  return {};
}

Result<void> EfsGuard::compare_pieces() {
  for (const auto& piece : saved_->manifest.pieces) {
    auto touches = [&](const SectorRange& range) { return range.overlaps(piece.range); };
    if (std::ranges::any_of(chip_->writes, touches)) {
      written_over_.push_back(piece.name);
      continue;
    }
    TRY_ASSIGN(auto same, still_the_same(*saved_, piece, chip_->link, setup_.stop));
    if (!same) {
      changed_.push_back(piece.name);
    }
  }
  return {};
}

std::string EfsGuard::way_back() const {
  if (!saved_) {
    return {};
  }
  return fmt::format("What is this module's own was saved before: modemedic restore {} {}",
                     shell_word(saved_->file.string()), setup_.programmer_option);
}

}  // namespace modemedic::operation
