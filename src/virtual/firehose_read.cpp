#include "base/digest.h"
#include "virtual/firehose_programmer.h"

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr auto read_failure = "ERROR 4: Line 1098: STORAGE_READ_FAILURE";

}  // namespace

PageReader::Form FirehoseProgrammer::read_form() const {
  PageReader::Form form;
  auto bad_blocks = number(Attribute::bad_block_at_end);
  if (bad_blocks == 0) {
    form.bad_blocks = PageReader::BadBlocks::keep_position;
  } else if (bad_blocks == 1) {
    form.bad_blocks = PageReader::BadBlocks::at_end;
  }
  if (flag(Attribute::get_spare) || flag(Attribute::ecc_disabled)) {
    form.spare = setup_.persona.spare_size;
  }
  form.erased_fill = std::byte{setup_.persona.programmer.erased_fill};
  return form;
}

/// What makes the programmer refuse before raw mode; empty when nothing does.
std::string FirehoseProgrammer::read_problem() const {
  auto asked = number(Attribute::sector_size);
  if (asked != geometry().page_size) {
    return fmt::format("Attribute 'SECTOR_SIZE_IN_BYTES'={} must be equal to disk sector size {}", asked,
                       geometry().page_size);
  }
  if (range_beyond_chip()) {
    return "Trying to read beyond total sectors";
  }
  return {};
}

DeviceTask FirehoseProgrammer::read() {
  if (auto problem = read_problem(); !problem.empty()) {
    co_await log(problem);
    co_await refuse(read_failure);
    co_return;
  }
  auto sectors = range();
  PageReader reader(setup_.nand, sectors, read_form());
  auto capacity = payload_ / reader.sector_size();
  co_await log(fmt::format("raw_data_buffer_sector_capacity {}", capacity));
  co_await log(fmt::format("start_sector {} and num_partition_sectors{}", sectors.start.n, sectors.count.n));
  co_await respond(true, "rawmode=\"true\" ");
  if (capacity == 0) {
    co_await link_.halt();  // a payload below a sector: it never gets one together
  }
  for (auto left = sectors.count.n; left > 0;) {
    auto count = std::min<std::uint64_t>(left, capacity);
    Buffer transfer(count * reader.sector_size());
    reader.read(transfer);
    co_await link_.passed(work_time(setup_.persona.timing.read_page_us) * static_cast<int>(count));
    co_await link_.sent(std::move(transfer), true);
    left -= count;
  }
  co_await respond(true, "rawmode=\"false\" ");
}

DeviceTask FirehoseProgrammer::sha256_digest() {
  if (auto problem = read_problem(); !problem.empty()) {
    co_await log(problem);
    co_await refuse(read_failure);
    co_return;
  }
  auto sectors = range();
  PageReader reader(setup_.nand, sectors, read_form());
  Buffer sector(reader.sector_size());
  Hasher<Sha256> hasher;
  for (std::uint64_t i = 0; i < sectors.count.n; ++i) {
    reader.read(sector);
    hasher.update(sector);
  }
  auto each = work_time(setup_.persona.timing.read_page_us);
  co_await link_.passed(each * static_cast<std::int64_t>(sectors.count.n));
  if (setup_.faults.find("wrong-digest") != nullptr) {
    hasher.update(as_bytes("salt"));
  }
  co_await respond(true, fmt::format("Digest=\"{}\" ", hex_digits(hasher.finish())));
}

}  // namespace modemedic::twin
