#include "virtual/firehose_programmer.h"

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr auto program_failure = "ERROR 21: Line 1216: HANDLE_PROGRAM_FAILURE";
constexpr Duration stall_time = std::chrono::seconds(20);
constexpr auto raw_mode = "rawmode=\"true\" ";
constexpr auto raw_mode_over = "rawmode=\"false\" ";

}  // namespace

/// What makes the programmer refuse before raw mode; empty when nothing does.
std::string FirehoseProgrammer::program_problem() const {
  auto sector_size = number(Attribute::sector_size);
  auto pages_per_block = number(Attribute::pages_per_block);
  if (number(Attribute::start_sector) == not_provided) {
    return "Attribute 'start_sector' not provided (or -1)";
  }
  if (sector_size != geometry().page_size) {
    return fmt::format("Attribute 'SECTOR_SIZE_IN_BYTES'={} must be equal to disk sector size {}", sector_size,
                       geometry().page_size);
  }
  if (pages_per_block != geometry().pages_per_block) {
    return fmt::format("Attribute 'PAGES_PER_BLOCK'={} must be equal to disk pages per block {}", pages_per_block,
                       geometry().pages_per_block);
  }
  if (range_beyond_chip()) {
    return "Programming region exceeds total block count";
  }
  return {};
}

DeviceTask FirehoseProgrammer::program() {
  co_await log("INSIDE HANDLE PROGRAM");
  if (auto problem = program_problem(); !problem.empty()) {
    co_await log(problem);
    co_await refuse(program_failure);
    co_return;
  }
  auto sectors = range();
  PageWriter writer(setup_.nand, sectors);
  co_await log(fmt::format("start_sector {}, last_sector_address {}", sectors.start.n, sectors.end().n));
  co_await respond(true, raw_mode);
  for (auto left = geometry().bytes(sectors.count); left > 0;) {
    auto chunk = co_await reader_.raw(std::min<std::uint64_t>(left, payload_));
    if (chunk.spoiled) {
      co_await respond(false, "AttemptRetry=\"1\" ");
      co_await link_.halt();  // deaf until power is cycled
    }
    auto size = chunk.data.size();
    if (size % geometry().page_size != 0) {
      reader_.release();
      co_await log(fmt::format("bytes_read_in_layer={}", size));  // dropped, and waited for again
      continue;
    }
    if (power_fails(writer, chunk.data)) {
      co_await link_.halt();
    }
    if (stalls()) {
      chunk = reader_.keep(chunk);
      co_await link_.passed(stall_time);
    }
    co_await write(writer, chunk);
    left -= size;
  }
  co_await log(fmt::format("Finished sector address {}", sectors.start.n));
  co_await respond(!writer.failed(), raw_mode_over);
}

/// Writes a chunk of whole pages and says what there is to say about it, in the middle of the raw data.
DeviceTask FirehoseProgrammer::write(PageWriter& writer, FirehoseReader::Chunk chunk) {
  Lines lines;
  auto each = work_time(setup_.persona.timing.program_page_us);
  if (skips_write()) {
    each = Duration::zero();
  }
  if (each > Duration::zero()) {
    chunk = reader_.keep(chunk);
    work_ = Work{link_.now(), each, 0, &writer, chunk.data};
    co_await link_.passed(each * static_cast<int>(chunk.data.size() / geometry().page_size));
    work_.reset();
  }
  if (!skips_write()) {
    writer.write(chunk.data, lines);
  }
  reader_.release();
  for (const auto& line : lines) {
    co_await log(line);
  }
}

/// Counts the raw bytes, for the faults that take power away at one of them. The page before it is torn then.
bool FirehoseProgrammer::power_fails(PageWriter& writer, ByteView chunk) {
  auto before = std::exchange(raw_received_, raw_received_ + chunk.size());
  for (auto [kind, event] : {std::pair("cut", PowerEvent::cut), std::pair("vanish", PowerEvent::vanish)}) {
    const auto* fault = setup_.faults.find(kind);
    if (fault == nullptr || !fault->at || *fault->at > raw_received_) {
      continue;
    }
    auto received = *fault->at > before ? *fault->at - before : 0;
    setup_.faults.strikes(kind, fault->where);
    if (!skips_write()) {
      Lines unheard;
      writer.write(chunk.first(received), unheard);
      writer.tear_last();
    }
    setup_.power(event);
    return true;
  }
  return false;
}

/// Fault stall@N: it is busy with something else for longer than a host waits.
bool FirehoseProgrammer::stalls() {
  const auto* fault = setup_.faults.find("stall");
  return fault != nullptr && fault->at && *fault->at <= raw_received_ && setup_.faults.strikes("stall", fault->where);
}

bool FirehoseProgrammer::skips_write() const {
  return flag(Attribute::skip_write) && setup_.faults.find("ignores-skip-write") == nullptr;
}

void FirehoseProgrammer::power_cut() {
  if (!work_) {
    return;
  }
  if (work_->writer == nullptr) {
    setup_.nand.tear_block(work_->block);
    return;
  }
  auto done = static_cast<std::size_t>((link_.now() - work_->since) / work_->each) * geometry().page_size;
  Lines unheard;
  work_->writer->write(work_->pages.first(std::min(done, work_->pages.size())), unheard);
  if (done < work_->pages.size()) {
    work_->writer->tear_next();
  }
  work_.reset();
}

}  // namespace modemedic::twin
