// The twin in EDL: Sahara, then the programmer, against a host that does as it likes. What it says is held to what
// the facts promise: it never crashes, and only erase and program change the chip.

#include "fuzz_target.h"
#include "peer/input.h"
#include "support/edl_driver.h"

using namespace modemedic;
using namespace modemedic::protocol;

namespace {

/// A chip of ten blocks, so that whole-chip commands take no time.
const twin::Persona& small_persona() {
  static const auto persona = [] {
    auto made = test::EdlDriver::eg25_g();
    made.geometry.blocks = 16;
    return made;
  }();
  return persona;
}

std::string attribute(fuzz::Input& input) {
  static constexpr std::array<const char*, 14> names{"SECTOR_SIZE_IN_BYTES",
                                                     "PAGES_PER_BLOCK",
                                                     "start_sector",
                                                     "num_partition_sectors",
                                                     "physical_partition_number",
                                                     "filename",
                                                     "MemoryName",
                                                     "SkipWrite",
                                                     "bad_block_at_end",
                                                     "DelayInSeconds",
                                                     "value",
                                                     "AttemptRetry",
                                                     "MaxPayloadSizeToTargetInBytes",
                                                     "byte_offset"};
  static constexpr std::array<const char*, 10> values{"2048", "64",    "0",    "1", "8192",
                                                      "-1",   "reset", "nand", "",  "18446744073709551615"};
  std::string text = std::string(" ") + names[input.below(names.size())] + "=\"";
  auto how = input.u8();
  text += how < 0xC0 ? std::string(values[how % values.size()]) : input.text();
  return text + '"';
}

std::string document(fuzz::Input& input) {
  static constexpr std::array<const char*, 11> tags{
      "nop",   "configure", "erase",          "program",         "read", "power",
      "patch", "benchmark", "getstorageinfo", "getsha256digest", "x"};
  const auto* tag = tags[input.below(tags.size())];
  std::string text = "<?xml version=\"1.0\"?><data><" + std::string(tag);
  if (input.u8() < 0xC0) {  // what each command of a good host has
    text += " SECTOR_SIZE_IN_BYTES=\"2048\" PAGES_PER_BLOCK=\"64\" physical_partition_number=\"0\" start_sector=\"" +
            std::to_string(input.near(64)) + "\" num_partition_sectors=\"" + std::to_string(input.near(64)) + '"';
  }
  for (auto more = input.u8() % 4; more > 0; --more) {
    text += attribute(input);
  }
  return text + "/></data>";
}

}  // namespace

MODEMEDIC_FUZZ(edl_device) {
  fuzz::Input input(bytes);
  test::EdlDriver::Options options{.persona = small_persona(), .faults = {}};
  auto start = input.u8();
  options.memory_debug = start % 16 == 15;
  test::EdlDriver driver(std::move(options));
  if (start % 2 == 0 && start % 16 != 15) {
    driver.start_programmer();
  }
  for (int i = 0; i < 64 && !input.empty(); ++i) {
    Buffer transfer;
    auto what = input.u8();
    switch (what % 10) {
      case 0:
      case 1:
      case 2: {
        auto text = document(input);
        transfer.assign(as_bytes(text).begin(), as_bytes(text).end());
        break;
      }
      case 3:
        transfer.assign(std::size_t{input.u8()} * 512, std::byte{what});
        break;
      case 4: {
        auto raw = input.bytes();
        transfer.assign(raw.begin(), raw.end());
        break;
      }
      case 5:
        transfer = sahara::packet(static_cast<sahara::Command>(input.u8() % 0x16), input.bytes());
        break;
      case 6:
        transfer = sahara::hello_response(2, 1, 0, static_cast<sahara::Mode>(input.u8() % 5));
        break;
      case 7:
        driver.run_for(std::chrono::milliseconds(input.u8()));
        continue;
      case 8:
        if (input.u8() % 2 == 0) {
          driver.stop_listening();
        } else {
          driver.listen();
        }
        continue;
      default:
        transfer.assign(2048, std::byte{what});
        break;
    }
    driver.send(transfer, what < 0xC0);
    std::size_t said = 0;
    for (const auto& one : driver.take()) {
      said += one.size();
    }
    fuzz::must(said < 64_MiB, "it does not talk without end");
  }
  driver.run_for(std::chrono::seconds(2));
}
