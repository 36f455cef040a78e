#pragma once

#include "protocol/hdlc.h"
#include "protocol/streaming_wire.h"
#include "virtual/download_function.h"
#include "virtual/generator.h"
#include "virtual/partition_reader.h"
#include "virtual/timers.h"

#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace modemedic::test {

/// A modem in download mode with nothing between the test and its bulk endpoints. Time is simulated and stands still
/// but for run_for().
class DownloadDriver {
public:
  using Stage = twin::DownloadFunction::Stage;

  struct Options {
    std::string persona = "ec20";
    Stage stage = Stage::streaming;
    std::vector<std::string> faults = {};
    bool real_timing = false;
    bool blank = false;
  };

  explicit DownloadDriver(const Options& options)
      : persona(twin::find_persona(options.persona).value()), nand(persona.geometry), faults(parse(options.faults)) {
    if (!options.blank) {
      auto done =
          twin::provision(nand, persona, *firmware::parse_revision(persona.revision), "0012d687", twin::Scale::small);
      if (!done) {
        throw std::runtime_error(done.error().what);
      }
    }
    function = std::make_unique<twin::DownloadFunction>(twin::DownloadFunction::Setup{
        .persona = persona,
        .nand = nand,
        .timers = timers,
        .faults = faults,
        .fingerprint = persona.download,
        .stage = options.stage,
        .real_timing = options.real_timing,
        .on_power = [this](twin::PowerEvent event) { power_events.push_back(event); },
        .on_loader = [this] { ++loaders_started; },
    });
    auto pair = twin::function_pair(persona.download);
    out_ = function->out(pair.out.address);
    in_ = function->in(pair.in.address);
    listen();
    function->connected();
  }

  ~DownloadDriver() { function->disconnect(); }

  DownloadDriver(const DownloadDriver&) = delete;
  DownloadDriver& operator=(const DownloadDriver&) = delete;

  /// One OUT transfer.
  void send(ByteView bytes) {
    auto& kept = sent_.emplace_back(bytes.begin(), bytes.end());
    out_->submit(kept, false, [](twin::UrbStatus, std::size_t) {});
    timers.run_due();
  }

  /// Bodies in hex of the frames that came since the last call, one a transfer; "spoilt" for one with a wrong CRC.
  std::vector<std::string> take() {
    std::vector<std::string> bodies;
    for (const auto& transfer : std::exchange(received_, {})) {
      protocol::HdlcReader reader;
      reader.feed(transfer);
      while (auto frame = reader.next()) {
        const auto* body = std::get_if<Buffer>(&*frame);
        bodies.push_back(body != nullptr ? hex(*body) : "spoilt");
      }
    }
    return bodies;
  }

  /// All that came since the last call, as it came.
  std::string take_raw() {
    Buffer all;
    for (const auto& transfer : std::exchange(received_, {})) {
      all.insert(all.end(), transfer.begin(), transfer.end());
    }
    return hex(all);
  }

  std::vector<std::string> ask(ByteView body) {
    take();
    send(protocol::hdlc_frame(body, true));
    return take();
  }

  /// @param body  in hex
  std::vector<std::string> ask(const std::string& body) { return ask(*from_hex(body)); }

  /// hello, trusted
  void greet() {
    ask(protocol::streaming::hello());
    ask("17 01");
  }

  void run_for(Duration duration) {
    for (auto end = clock.now() + duration;;) {
      auto next = timers.next();
      if (!next || *next > end) {
        clock.advance_to(end);
        return;
      }
      clock.advance_to(*next);
      timers.run_due();
    }
  }

  SectorRange range(std::string_view name) const {
    return firmware::find_partition_any_case(persona.table, name)->range;
  }

  Buffer image(std::string_view name) const { return twin::PartitionReader(nand, range(name)).written().bytes; }

  bool blank(std::string_view name) const { return twin::PartitionReader(nand, range(name)).blank(); }

  /// Names of the partitions that have nothing on their first page.
  std::vector<std::string> blank_ones() const {
    std::vector<std::string> names;
    for (const auto& partition : persona.table) {
      if (blank(partition.name)) {
        names.push_back(partition.name);
      }
    }
    return names;
  }

  twin::SimulatedClock clock;
  twin::Timers timers{clock};
  twin::Persona persona;
  twin::Nand nand;
  twin::Faults faults;
  std::unique_ptr<twin::DownloadFunction> function;
  std::vector<twin::PowerEvent> power_events;
  int loaders_started = 0;

private:
  static twin::Faults parse(const std::vector<std::string>& specs) {
    std::vector<twin::Fault> all;
    all.reserve(specs.size());
    for (const auto& spec : specs) {
      all.push_back(twin::parse_fault(spec).value());
    }
    return twin::Faults(std::move(all));
  }

  void listen() {
    in_->submit(4096, [this](twin::UrbStatus status, ByteView data) {
      if (status == twin::UrbStatus::ok) {
        received_.emplace_back(data.begin(), data.end());
        listen();
      }
    });
  }

  twin::OutEndpoint* out_ = nullptr;
  twin::InEndpoint* in_ = nullptr;
  std::list<Buffer> sent_;
  std::vector<Buffer> received_;
};

}  // namespace modemedic::test
