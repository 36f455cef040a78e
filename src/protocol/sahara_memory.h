#pragma once

#include "protocol/action.h"
#include "protocol/sahara_wire.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace modemedic::protocol {

/// A region of memory that a crashed modem offers. Its texts are the modem's own: print them through printable().
struct MemoryRegion {
  std::uint64_t address = 0;
  std::uint64_t length = 0;  ///< bytes
  std::string description;   ///< "OCIMEM"
  std::string file;          ///< "OCIMEM.BIN"

  bool operator==(const MemoryRegion&) const = default;
};

/// Asks a crashed modem (Sahara, memory debug) what memory it offers, and reads the table of it: nothing else.
/// Packets: docs/protocols/sahara.md. A table entry is 52 bytes: u32 kind, u32 address, u32 length, description and
/// file name of 20 characters each.
class SaharaMemory {
public:
  void feed(ByteView bytes);  ///< any split
  void timed_out();           ///< the device kept silent as long as Await allowed

  using Action = std::variant<Send, Await, Done, Failed>;
  /// Fails with Code::device_refused when it does not offer its memory, Code::timeout, Code::device_protocol.
  Action next();

  /// Valid after Done.
  const std::vector<MemoryRegion>& regions() const { return regions_; }

  static constexpr std::size_t entry_size = 52;
  static constexpr std::size_t most_entries = 512;  ///< a real one has 5 to 60

private:
  enum class State { wait_hello, wait_offer, wait_table, done, failed };

  void take_packet(const sahara::Packet& packet);
  void take_offer(ByteView body);
  void take_table();
  void send(Buffer bytes);
  void fail_with(Error error);

  sahara::PacketReader reader_;
  State state_ = State::wait_hello;
  std::optional<Buffer> to_send_;
  std::optional<Error> failure_;
  std::vector<MemoryRegion> regions_;
  std::size_t table_size_ = 0;
  unsigned packets_ = 0;
  bool woken_ = false;
};

}  // namespace modemedic::protocol
