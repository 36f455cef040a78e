#pragma once

#include "virtual/edl_function.h"
#include "virtual/firehose_attributes.h"
#include "virtual/firehose_parser.h"
#include "virtual/firehose_reader.h"
#include "virtual/firehose_reply.h"
#include "virtual/page_reader.h"
#include "virtual/page_writer.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::twin {

/// The Firehose programmer as it runs on the modem: the 9x07 one, exactly (facts: programmer-9x07.md), or by the
/// persona's traits one of a later family. One packet, its command, its replies, then the next packet.
class FirehoseProgrammer {
public:
  struct Setup {
    const Persona& persona;
    Nand& nand;
    Faults& faults;
    std::uint32_t serial = 0;  ///< of the chip
    bool real_timing = false;  ///< NAND work takes the persona's time
    /// Asks for power events; must not end this object before the program waits again.
    std::function<void(PowerEvent)> power;
  };

  FirehoseProgrammer(DeviceLink& link, Setup setup);

  /// From its start to the end of power.
  DeviceTask run();

  /// Power goes away now: what the flash was working at is torn.
  void power_cut();

private:
  using Lines = std::vector<std::string>;

  struct Command {
    std::string_view tag;
    DeviceTask (FirehoseProgrammer::*run)();
    bool later_family = false;
  };

  static std::span<const Command> commands();

  /// What the flash works at while the program waits for it.
  struct Work {
    TimePoint since;
    Duration each{};               ///< time of one page or block
    std::uint64_t block = 0;       ///< erasing
    PageWriter* writer = nullptr;  ///< programming `pages`
    ByteView pages{};
  };

  // firehose_programmer.cpp
  DeviceTask greet();
  Lines function_lines() const;

  bool tells_digests() const { return setup_.faults.find("tells-digests") != nullptr; }

  DeviceTask obey(std::string_view tag);
  DeviceTask refuse(std::string why);
  DeviceTask nop();
  DeviceTask power();
  DeviceTask patch();
  DeviceTask set_bootable_drive();

  // firehose_configure.cpp
  DeviceTask configure();
  bool take_payload();
  std::string configure_attributes() const;

  // firehose_erase.cpp
  DeviceTask erase();
  DeviceTask erase_blocks(std::uint64_t first, std::uint64_t end);
  DeviceTask benchmark();

  // firehose_program.cpp
  DeviceTask program();
  DeviceTask write(PageWriter& writer, FirehoseReader::Chunk chunk);
  std::string program_problem() const;
  bool power_fails(PageWriter& writer, ByteView chunk);
  bool stalls();
  bool skips_write() const;

  // firehose_read.cpp
  DeviceTask read();
  DeviceTask sha256_digest();
  PageReader::Form read_form() const;
  std::string read_problem() const;

  // firehose_storage_info.cpp
  DeviceTask storage_info();

  const Geometry& geometry() const { return setup_.nand.geometry(); }

  std::uint64_t number(Attribute attribute) const { return attributes_.number(attribute); }

  bool flag(Attribute attribute) const { return number(attribute) == 1; }

  static constexpr auto not_provided = ~std::uint64_t{0};  ///< start_sector="-1"

  Duration work_time(std::uint32_t microseconds) const {
    return setup_.real_timing ? std::chrono::microseconds(microseconds) : Duration::zero();
  }

  SectorRange range() const;
  bool range_beyond_chip() const;

  DeviceLink::Sent log(std::string_view text) { return link_.sent(log_packet(text), true); }

  DeviceLink::Sent respond(bool ack, std::string_view attributes = {}) {
    return link_.sent(response_packet(ack, attributes), true);
  }

  DeviceLink& link_;
  Setup setup_;
  FirehoseReader reader_;
  FirehoseAttributes attributes_;
  FirehoseParser parser_;
  std::size_t payload_;             ///< bytes of a raw read
  std::uint64_t raw_received_ = 0;  ///< since its start
  std::optional<Work> work_;
};

}  // namespace modemedic::twin
