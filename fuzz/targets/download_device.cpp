// The twin in download mode: DLOAD, or a streaming loader, against a host that does as it likes.

#include "fuzz_target.h"
#include "peer/input.h"
#include "protocol/dload_wire.h"
#include "support/download_driver.h"

using namespace modemedic;
using namespace modemedic::protocol;

namespace {

const Buffer& partition_table() {
  static const auto table = [] {
    auto persona = twin::find_persona("ec20").value();
    auto files =
        twin::generate_package(persona, *firmware::parse_revision(persona.revision), {.scale = twin::Scale::small});
    for (const auto& file : *files) {
      if (file.path.ends_with("partition.mbn")) {
        return file.bytes();
      }
    }
    return Buffer(100);
  }();
  return table;
}

Buffer body(fuzz::Input& input) {
  ByteWriter writer(Endian::little);
  switch (input.u8() % 14) {
    case 0:
      return streaming::hello();
    case 1:
      return streaming::security_trusted();
    case 2:
      return streaming::partition_table(partition_table());
    case 3: {
      auto table = partition_table();
      auto at = input.below(table.size());
      table[at] = static_cast<std::byte>(input.u8());
      auto message = streaming::partition_table(table);
      message[1] = static_cast<std::byte>(input.u8() % 4);
      return message;
    }
    case 4: {
      static constexpr std::array<const char*, 6> names{"0:SBL1", "0:BOOT", "0:EFS2", "0:MIBIB", "0:SYSTEM", "0:"};
      return streaming::open(names[input.below(names.size())]);
    }
    case 5:
      return writer.u8(0x07).u32(input.near(0)).fill(input.below(1100), std::byte{0x33}).take();
    case 6:
      return streaming::close();
    case 7: {
      auto name = input.bytes();
      return writer.u8(0x1b).u8(input.u8()).bytes(name).take();
    }
    case 8: {
      ByteWriter big(Endian::big);
      auto address = input.near(0x41700000);
      return big.u8(0x0f).u32(address).u16(static_cast<std::uint16_t>(input.near(64))).fill(64).take();
    }
    case 9:
      return dload::go(input.near(0x41700000));
    case 10:
      return dload::command(static_cast<dload::Command>(input.u8() % 0x12));
    default: {
      auto any = input.bytes();
      return {any.begin(), any.end()};
    }
  }
}

}  // namespace

MODEMEDIC_FUZZ(download_device) {
  fuzz::Input input(bytes);
  auto start = input.u8();
  test::DownloadDriver::Options options;
  options.persona = start % 4 < 2 ? "ec20" : "eg25-g";
  options.stage = start % 2 == 0 ? test::DownloadDriver::Stage::streaming : test::DownloadDriver::Stage::dload;
  options.blank = true;
  test::DownloadDriver driver(options);
  for (int i = 0; i < 48 && !input.empty(); ++i) {
    auto what = input.u8();
    if (what < 0xF0) {
      driver.send(hdlc_frame(body(input), true));
    } else if (what < 0xF8) {
      driver.send(input.bytes());
    } else {
      driver.run_for(std::chrono::milliseconds(input.u8()));
    }
    for (const auto& said : driver.take()) {
      fuzz::must(said != "spoilt", "it answers in whole frames");
    }
  }
}
