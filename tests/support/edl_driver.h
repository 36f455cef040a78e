#pragma once

#include "base/bytes.h"
#include "firmware/mbn.h"
#include "protocol/sahara_wire.h"
#include "usb/fingerprint.h"
#include "virtual/edl_function.h"

#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::test {

/// A modem in EDL with nothing between the test and its bulk endpoints: the test is the host, good or careless.
/// Time is simulated and moves only by run_for().
class EdlDriver {
public:
  struct Options {
    twin::Persona persona = eg25_g();
    std::vector<std::string> faults;
    bool real_timing = false;
    bool memory_debug = false;
    std::uint32_t image_id = 13;
  };

  static twin::Persona eg25_g() {
    auto persona = twin::find_persona("eg25-g");
    return persona ? std::move(*persona) : throw std::logic_error(persona.error().what);
  }

  static Options with_faults(std::vector<std::string> faults) {
    Options options;
    options.faults = std::move(faults);
    return options;
  }

  EdlDriver() : EdlDriver(Options{}) {}

  explicit EdlDriver(Options options)
      : persona(std::move(options.persona)), nand(persona.geometry), faults(parse(options.faults)) {
    function = std::make_unique<twin::EdlFunction>(twin::EdlFunction::Setup{
        persona, nand, timers, faults, persona.edl, serial, options.image_id, options.memory_debug, options.real_timing,
        [this](twin::PowerEvent event) { power_events.push_back(event); }});
    auto pair = usb::bulk_pair(persona.edl.interfaces.at(0)).value();
    out = function->out(pair.out.address);
    in = function->in(pair.in.address);
    listen();
    function->connected();
  }

  ~EdlDriver() {
    listening_ = false;
    function->disconnect();
  }

  EdlDriver(const EdlDriver&) = delete;
  EdlDriver& operator=(const EdlDriver&) = delete;

  /// Keeps one IN transfer pending from now on (it does from the start).
  void listen() {
    listening_ = true;
    submit_in();
  }

  /// Takes the pending IN transfer away: the careless host.
  void stop_listening() {
    listening_ = false;
    in->cancel(in_urb_);
    in_pending_ = false;
  }

  /// One OUT transfer.
  /// @param zlp  a ZLP follows when its length is a multiple of 512
  void send(ByteView bytes, bool zlp = true) {
    auto& kept = sent_.emplace_back(bytes.begin(), bytes.end());
    ++out_waiting;
    out->submit(kept, zlp, [this](twin::UrbStatus status, std::size_t) {
      --out_waiting;
      last_status = status;
    });
  }

  void send(std::string_view text, bool zlp = true) { send(as_bytes(text), zlp); }

  /// What came since the last call, a transfer each.
  std::vector<Buffer> take() { return std::exchange(received, {}); }

  void run_for(Duration duration) {
    auto end = clock.now() + duration;
    timers.run_due();
    for (auto next = timers.next(); next && *next <= end; next = timers.next()) {
      clock.advance_to(*next);
      timers.run_due();
    }
    clock.advance_to(end);
  }

  /// Hands it a programmer.
  /// @return its greeting
  std::vector<std::string> start_programmer() {
    using namespace protocol;
    Buffer code(5000, std::byte{0x5A});
    std::vector<ByteView> segments = {code};
    auto image = firmware::make_elf(segments, 0x08000000);
    take();
    send(sahara::hello_response(2, 1, 0, sahara::Mode::image_transfer_pending));
    for (auto packet = take(); !packet.empty() && packet[0][0] == std::byte{0x03}; packet = take()) {
      auto offset = load<std::uint32_t>(packet[0].data() + 12, Endian::little);
      auto length = load<std::uint32_t>(packet[0].data() + 16, Endian::little);
      send(ByteView(image).subspan(offset, length), false);
    }
    send(sahara::packet(sahara::Command::done));
    take();
    run_for(std::chrono::seconds(2));
    return said();
  }

  /// The document around a command, as a host would send it.
  static std::string document(std::string_view element) {
    return R"(<?xml version="1.0" encoding="UTF-8" ?><data>)" + std::string(element) + "</data>";
  }

  /// Sends a command's document.
  /// @return what said() brings
  std::vector<std::string> command(std::string_view element) {
    send(document(element));
    return said();
  }

  /// The bodies of the programmer's packets since the last call, without `<?xml…<data>` and `</data>`; other
  /// transfers are "raw N".
  std::vector<std::string> said() {
    constexpr std::string_view head = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n";
    constexpr std::string_view tail = "</data>";
    std::vector<std::string> bodies;
    for (const auto& transfer : take()) {
      auto text = as_text(transfer);
      if (text.starts_with(head) && text.ends_with(tail)) {
        text.remove_prefix(head.size());
        text.remove_suffix(tail.size());
        bodies.emplace_back(text);
      } else {
        bodies.push_back("raw " + std::to_string(transfer.size()));
      }
    }
    return bodies;
  }

  static constexpr std::uint32_t serial = 0x49CBD7EF;

  twin::SimulatedClock clock;
  twin::Timers timers{clock};
  twin::Persona persona;
  twin::Nand nand;
  twin::Faults faults;
  std::unique_ptr<twin::EdlFunction> function;
  twin::OutEndpoint* out = nullptr;
  twin::InEndpoint* in = nullptr;
  std::vector<twin::PowerEvent> power_events;
  std::vector<Buffer> received;
  std::size_t out_waiting = 0;  ///< OUT transfers that the device hasn't taken
  twin::UrbStatus last_status = twin::UrbStatus::ok;

private:
  static twin::Faults parse(const std::vector<std::string>& specs) {
    std::vector<twin::Fault> faults;
    faults.reserve(specs.size());
    for (const auto& spec : specs) {
      faults.push_back(twin::parse_fault(spec).value());
    }
    return twin::Faults(std::move(faults));
  }

  void submit_in() {
    constexpr std::size_t capacity = 1U << 20U;
    if (in_pending_ || !listening_) {
      return;
    }
    in_pending_ = true;
    auto id = in->submit(capacity, [this](twin::UrbStatus status, ByteView data) {
      in_pending_ = false;
      if (status == twin::UrbStatus::ok) {
        received.emplace_back(data.begin(), data.end());
        submit_in();
      }
    });
    in_urb_ = std::max(in_urb_, id);  // a transfer that waited has brought the next submit already
  }

  std::deque<Buffer> sent_;
  std::uint64_t in_urb_ = 0;
  bool in_pending_ = false;
  bool listening_ = false;
};

/// The body of a log packet.
inline std::string log_body(std::string_view text) {
  return "<log value=\"" + std::string(text) + "\"/>\n";
}

inline const std::string ack_body = "<response value=\"ACK\" />\n";
inline const std::string nak_body = "<response value=\"NAK\" />\n";
inline const std::string raw_body = "<response value=\"ACK\" rawmode=\"true\" />\n";
inline const std::string raw_over_body = "<response value=\"ACK\" rawmode=\"false\" />\n";
inline const std::string raw_failed_body = "<response value=\"NAK\" rawmode=\"false\" />\n";

}  // namespace modemedic::test
