#include "virtual/nand.h"

#include "base/digest.h"
#include "virtual/nand_store.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace modemedic::twin {

struct Nand::State {
  Geometry geometry;
  std::uint64_t pages = 0;
  std::unique_ptr<NandStore> store;
  std::uint64_t changes = 0;
  std::set<std::uint64_t> failing_erases;
  std::set<std::uint64_t> failing_programs;
  std::set<std::uint64_t> dead_pages;
  std::set<std::uint64_t> lost_programs;
  std::set<std::uint64_t> worn_blocks;
  std::optional<std::uint64_t> turned_bad_at;  ///< page

  State(Geometry chip, std::unique_ptr<NandStore> cells)
      : geometry(chip), pages(chip.chip_sectors().n), store(std::move(cells)) {}

  PageState get(std::uint64_t page) const { return static_cast<PageState>(store->states()[page]); }

  void set(std::uint64_t page, PageState state) {
    ++changes;
    store->states()[page] = static_cast<std::uint8_t>(state);
  }

  std::span<std::uint8_t> states_of(std::uint64_t block) const {
    return store->states().subspan(block * geometry.pages_per_block, geometry.pages_per_block);
  }

  bool page_is_bad(std::uint64_t page) const { return store->bad_flags()[page / geometry.pages_per_block] != 0; }

  /// The faults that nothing tells of.
  bool loses(std::uint64_t page) {
    constexpr std::uint64_t pages_in_flight = 4;
    auto block = page / geometry.pages_per_block;
    if (!worn_blocks.empty() && worn_blocks.erase(block) != 0) {
      store->bad_flags()[block] = 1;
      turned_bad_at = page;
    }
    if (turned_bad_at && page >= *turned_bad_at && page < *turned_bad_at + pages_in_flight) {
      return true;
    }
    return !lost_programs.empty() && lost_programs.erase(page) != 0;
  }

  bool program_erased(std::uint64_t page, ByteView data) const;
  bool program_over(std::uint64_t page, ByteView data) const;
};

namespace {

constexpr std::byte erased_byte{0xFF};
}  // namespace

bool Nand::State::program_erased(std::uint64_t page, ByteView data) const {
  if (data.size() == geometry.page_size) {
    return store->write(page, data);
  }
  Buffer filled(data.begin(), data.end());
  filled.resize(geometry.page_size, erased_byte);
  return store->write(page, filled);
}

/// Programming only turns ones into zeros.
bool Nand::State::program_over(std::uint64_t page, ByteView data) const {
  auto old = store->page(page);
  Buffer both(old.begin(), old.end());
  std::transform(data.begin(), data.end(), both.begin(), both.begin(), std::bit_and<>());
  return store->write(page, both);
}

Nand::Nand(Geometry geometry) : state_(std::make_unique<State>(geometry, NandStore::in_memory(geometry))) {}

Nand::Nand(std::unique_ptr<State> state) : state_(std::move(state)) {}

Nand::~Nand() = default;

Result<std::unique_ptr<Nand>> Nand::open_file(const std::string& file, Geometry geometry) {
  TRY_ASSIGN(auto store, NandStore::in_file(file, geometry));
  return std::unique_ptr<Nand>(new Nand(std::make_unique<State>(geometry, std::move(store))));
}

const Geometry& Nand::geometry() const {
  return state_->geometry;
}

bool Nand::erase(std::uint64_t block) {
  if (bad(block) || state_->failing_erases.contains(block)) {
    return false;
  }
  ++state_->changes;
  std::ranges::fill(state_->states_of(block), std::uint8_t{0});
  state_->store->forget(block);
  return true;
}

bool Nand::program(std::uint64_t page, ByteView data) {
  auto& chip = *state_;
  if (page >= chip.pages) {
    return false;
  }
  if (chip.loses(page)) {
    return true;
  }
  data = data.first(std::min<std::size_t>(data.size(), chip.geometry.page_size));
  auto before = chip.get(page);
  chip.set(page, PageState::torn);  // and so it stays when the process dies right here, over a file
  if (chip.page_is_bad(page) || chip.dead_pages.contains(page) ||
      (!chip.failing_programs.empty() && chip.failing_programs.erase(page) != 0)) {
    return false;
  }
  if (before == PageState::torn) {
    return true;  // the chip takes it, but what a torn page holds is nothing that reads back
  }
  auto written = before == PageState::erased ? chip.program_erased(page, data) : chip.program_over(page, data);
  if (written) {
    chip.set(page, PageState::programmed);
  }
  return written;
}

bool Nand::read(std::uint64_t page, std::span<std::byte> into) const {
  auto found = state(page);
  if (found == PageState::torn) {
    return false;
  }
  auto count = std::min<std::size_t>(into.size(), state_->geometry.page_size);
  if (found == PageState::erased) {
    std::fill_n(into.begin(), count, erased_byte);
  } else {
    std::copy_n(state_->store->page(page).begin(), count, into.begin());
  }
  return true;
}

Nand::PageState Nand::state(std::uint64_t page) const {
  return page < state_->pages ? state_->get(page) : PageState::torn;
}

ByteView Nand::peek(std::uint64_t page) const {
  return state(page) == PageState::programmed ? state_->store->page(page) : ByteView{};
}

bool Nand::bad(std::uint64_t block) const {
  return block >= state_->geometry.blocks || state_->store->bad_flags()[block] != 0;
}

void Nand::mark_bad(std::uint64_t block) {
  if (block < state_->geometry.blocks) {
    ++state_->changes;
    state_->store->bad_flags()[block] = 1;
  }
}

void Nand::tear_page(std::uint64_t page) {
  if (page < state_->pages) {
    state_->set(page, PageState::torn);
  }
}

void Nand::tear_block(std::uint64_t block) {
  if (block < state_->geometry.blocks) {
    ++state_->changes;
    std::ranges::fill(state_->states_of(block), static_cast<std::uint8_t>(PageState::torn));
  }
}

void Nand::fail_erase_of(std::uint64_t block) {
  state_->failing_erases.insert(block);
}

void Nand::fail_program_of(std::uint64_t page) {
  state_->failing_programs.insert(page);
}

void Nand::fail_every_program_of(std::uint64_t page) {
  state_->dead_pages.insert(page);
}

void Nand::lose_program_of(std::uint64_t page) {
  state_->lost_programs.insert(page);
}

void Nand::wear_out(std::uint64_t block) {
  state_->worn_blocks.insert(block);
}

std::uint64_t Nand::changes() const {
  return state_->changes;
}

std::string Nand::fingerprint(SectorRange range) const {
  Hasher<Sha256> hasher;
  auto start = std::min(range.start.n, state_->pages);
  auto count = std::min(range.count.n, state_->pages - start);
  hasher.update(std::as_bytes(state_->store->states().subspan(start, count)));
  for (auto page = start; page < start + count; ++page) {
    hasher.update(peek(page));
  }
  return hex_digits(hasher.finish());
}

}  // namespace modemedic::twin
