#include "app/progress.h"

#include "app/terminal.h"
#include "base/bytes.h"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace modemedic::app {

namespace {

using namespace std::chrono_literals;

constexpr int bar_width = 24;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string bar(std::uint64_t done, std::uint64_t size) {
  auto full =
      size == 0 ? bar_width : static_cast<int>(static_cast<double>(done) / static_cast<double>(size) * bar_width);
  full = std::min(full, bar_width);
  return fmt::format("[{:#<{}}{:.<{}}]", "", full, "", bar_width - full);
}

}  // namespace

std::string human_size(std::uint64_t bytes) {
  auto value = static_cast<double>(bytes);
  if (bytes >= 1'000'000) {
    return fmt::format("{:.1f} MB", value / 1e6);
  }
  return bytes >= 1000 ? fmt::format("{:.0f} kB", value / 1e3) : fmt::format("{} bytes", bytes);
}

std::string human_time(Duration duration) {
  auto s = seconds(duration);
  if (s >= 60) {
    return fmt::format("{} min {} s", static_cast<int>(s) / 60, static_cast<int>(s) % 60);
  }
  return s >= 1 ? fmt::format("{:.1f} s", s) : fmt::format("{:.0f} ms", s * 1e3);
}

Progress::Progress(const Clock& clock) : clock_(&clock), terminal_(terminal_width(STDERR_FILENO) > 0) {}

std::string Progress::render(const event::Progress& progress, int width) const {
  auto now = clock_->now();
  auto took = seconds(now - *job_start_);
  auto moved = static_cast<double>(progress.all_done - std::min(progress.all_done, job_base_));
  std::string pace;
  if (took > 0.2 && moved > 0) {
    auto rate = moved / took;
    auto left = static_cast<double>(progress.all_size - std::min(progress.all_size, progress.all_done)) / rate;
    pace = fmt::format("  {:.1f} MB/s  {} left", rate / 1e6,
                       human_time(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left))));
  }
  auto percent = progress.all_size == 0 ? 100 : progress.all_done * 100 / progress.all_size;
  auto text = fmt::format("  {} {:3}%  {}: {} of {}{}", bar(progress.all_done, progress.all_size), percent,
                          printable(progress.what, 40), human_size(progress.done), human_size(progress.size), pace);
  return text.substr(0, static_cast<std::size_t>(width - 1));
}

void Progress::show(const event::Progress& progress) {
  SteadyClock steady;
  if (!job_start_ || progress.all_size != job_size_ || progress.all_done < job_base_) {
    last_drawn_ = terminal_ ? last_drawn_ : steady.now();  // a log is told of what takes a second
    job_start_ = clock_->now();
    job_base_ = progress.all_done;
    job_size_ = progress.all_size;
  }
  auto finished = progress.done >= progress.size;
  auto patience = terminal_ ? 100ms : 1000ms;
  if (steady.now() - last_drawn_ < patience && !(finished && terminal_)) {
    return;
  }
  last_drawn_ = steady.now();
  if (terminal_) {
    draw("\r\x1b[K" + render(progress, terminal_width(STDERR_FILENO)));
    drawn_ = true;
  } else {
    draw(render(progress, 160) + "\n");
  }
}

void Progress::note(const std::string& text) {
  clear();
  std::fflush(stdout);  // where both go into one file, they stand there in the order in which they were said
  say(text + "\n");
}

void Progress::clear() {
  if (drawn_) {
    draw("\r\x1b[K");
    drawn_ = false;
  }
}

}  // namespace modemedic::app
