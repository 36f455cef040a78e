#include "operation/write_pieces.h"

#include "operation/erase_range.h"
#include "operation/flash_events.h"
#include "operation/read_sectors.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace modemedic::operation {

using plan::Step;

namespace {

constexpr unsigned most_tries = 2;

class Walk {
public:
  explicit Walk(const PieceWork& work) : work_(work) {}

  Result<void> walk() {
    const auto& steps = work_.plan.plan().steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& step = steps[i];
      work_.events.emit(event::Step{std::string(id_of(step.kind)), step.what, i + 1, steps.size(),
                                    step.cut_leaves + "; then " + step.go_on});
      work_.journal.begun(step);
      auto taken = work_.stop.stop_requested() ? fail(Code::interrupted).what("stopped by the person") : take(step);
      if (!taken) {
        auto error = std::move(taken.error());
        error.during = step.what;
        error.hint += fmt::format("{}What the modem has now: {}. To go on: {}", error.hint.empty() ? "" : ". ",
                                  step.cut_leaves, step.go_on);
        return fail(std::move(error));
      }
      work_.journal.done(step);
    }
    return {};
  }

private:
  Result<void> take(const Step& step) {
    const auto& geometry = work_.storage.geometry;
    if (step.kind == Step::Kind::erase) {
      TRY(erase_range(work_.link, {geometry, step.range, {}}, work_.storage, step.name));
      return {};
    }
    if (step.kind == Step::Kind::prove_erased) {
      return prove_blank(work_.link, step.range, work_.storage, step.name);
    }
    for (unsigned tried = 1;; ++tried) {
      TRY(program(step));
      auto right = same(step);
      if (right || right.error().code != Code::device_refused || tried == most_tries) {
        return right;
      }
      warn(work_.events, fmt::format("{}; writing it again", right.error().what));
      TRY(erase_range(work_.link, {geometry, step.range, {}}, work_.storage, step.name));
    }
  }

  const plan::RestorePiece& piece_of(const Step& step) const { return work_.plan.job().pieces[step.image]; }

  Result<void> program(const Step& step) {
    const auto& geometry = work_.storage.geometry;
    const auto& piece = piece_of(step);
    TRY_ASSIGN(auto sectors, work_.content(step.image));
    auto at = piece.range.start;
    for (const auto& run : piece.runs) {
      Buffer bytes;
      for (; at < run.end(); at += Sectors{1}) {
        TRY_ASSIGN(auto sector, sectors->next());
        if (at >= run.start) {
          bytes.insert(bytes.end(), sector.begin(), sector.end());
        }
      }
      TRY_ASSIGN(auto reply, work_.link.program({geometry, run.start, bytes.size(), "piece"}, bytes));
      if (!reply.ack) {
        warn(work_.events, fmt::format("{} was refused: {}", step.name, in_its_words(reply)));
      }
    }
    return {};
  }

  /// The chip holds what the backup holds; a programmer may show erased pages otherwise than the one it was made with.
  Result<void> same(const Step& step) {
    const auto& geometry = work_.storage.geometry;
    const auto& piece = piece_of(step);
    TRY_ASSIGN(auto sectors, work_.content(step.image));
    auto at = piece.range.start;
    Buffer held;
    std::optional<Sectors> wrong;
    auto compare = [&](ByteView bytes) -> Result<void> {
      while (!bytes.empty()) {
        auto part = bytes.first(std::min<std::size_t>(bytes.size(), geometry.page_size - held.size()));
        held.insert(held.end(), part.begin(), part.end());
        bytes = bytes.subspan(part.size());
        if (held.size() == geometry.page_size) {
          TRY_ASSIGN(auto wanted, sectors->next());
          auto block = at.n / geometry.pages_per_block;
          auto no_matter = std::ranges::binary_search(work_.storage.bad_blocks, block) ||
                           std::ranges::binary_search(work_.no_matter, block);
          auto equal = std::ranges::equal(held, wanted) || (blank_fill(held) && blank_fill(wanted));
          if (!no_matter && !equal && !wrong) {
            wrong = at;
          }
          at += Sectors{1};
          held.clear();
        }
      }
      return {};
    };
    TRY(read_sectors(work_.link, geometry, piece.range, compare, work_.stop));
    if (wrong) {
      return fail(Code::device_refused)
          .what(fmt::format("{} reads back wrong from sector {} on", piece.name, wrong->n))
          .hint("this flash is failing: the module is worn out");
    }
    return {};
  }

  const PieceWork& work_;
};

}  // namespace

Result<void> write_pieces(const PieceWork& work) {
  return Walk(work).walk();
}

}  // namespace modemedic::operation
