#pragma once

#include "firmware/partition.h"
#include "protocol/hdlc.h"
#include "protocol/streaming_wire.h"
#include "virtual/device_link.h"
#include "virtual/edl_function.h"
#include "virtual/faults.h"
#include "virtual/streamed_image.h"

#include <functional>
#include <optional>
#include <string>

namespace modemedic::twin {

/// A streaming loader as it runs on the modem: the 9x07's, exactly, or on a 9x15 one of its generation, wipes and all
/// (facts: dload-streaming.md, what real streaming loaders do).
class StreamingDevice {
public:
  struct Setup {
    const Persona& persona;
    Nand& nand;
    Faults& faults;
    bool real_timing = false;
    /// Asks for power events; must not end this object before the program waits again.
    std::function<void(PowerEvent)> power;
  };

  StreamingDevice(DeviceLink& link, Setup setup);

  /// From its start to the end of power. Silent until it is spoken to.
  DeviceTask run();

  /// Power goes away now: what the flash was working at is torn.
  void power_cut() { flash_.power_cut(); }

private:
  DeviceTask obey(ByteView body);
  DeviceTask hello(ByteReader body);
  DeviceTask take_security();
  DeviceTask take_table(ByteReader body);
  DeviceTask change_table(Buffer table, bool overriding);
  DeviceTask write_table(const firmware::PartitionTable& table);
  DeviceTask open(ByteReader body);
  DeviceTask write(ByteReader body);
  DeviceTask close();
  DeviceTask reset();
  DeviceTask erase_chip(std::uint8_t answer);
  DeviceTask refuse(std::uint32_t code, std::string text);
  DeviceTask answer(protocol::streaming::Command command, std::optional<std::uint8_t> status = {});
  DeviceTask answer_with(std::uint8_t command);
  DeviceTask send(Buffer body);

  bool is_9x15() const { return twin::is_9x15(setup_.persona); }

  Result<firmware::PartitionTable> judge_table(ByteView table) const;
  bool power_fails(std::uint64_t bytes);

  DeviceLink& link_;
  Setup setup_;
  FlashWorker flash_;
  protocol::HdlcReader reader_;
  bool greeted_ = false;
  bool secured_ = false;
  bool table_accepted_ = false;
  std::optional<StreamedImage> image_;
  std::optional<SectorRange> erase_at_write_;  ///< of what is open
  std::uint64_t received_ = 0;                 ///< image bytes since its start
};

}  // namespace modemedic::twin
