#include "protocol/sahara_memory.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::protocol {
namespace {

using testing::HasSubstr;

Buffer bytes(const std::string& in_hex) {
  return from_hex(in_hex).value();
}

// HELLO of version 2, lowest 1, 0x400 bytes of command, mode 2 (facts: sahara-firehose.md).
const std::string hello =
    "01 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 04 00 00 02 00 00 00"
    " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
// The table is at 0x08600000 and has one entry.
const std::string offer = "09 00 00 00 10 00 00 00 00 00 60 08 34 00 00 00";

Buffer table() {
  ByteWriter entry(Endian::little);
  entry.u32(1).u32(0x08610000).u32(0x4000).text("OCIMEM", 20).text("OCIMEM.BIN", 20);
  return entry.take();
}

std::string sent(SaharaMemory& machine) {
  auto action = machine.next();
  const auto* send = std::get_if<Send>(&action);
  return send == nullptr ? "nothing" : hex(send->bytes);
}

Error failure(SaharaMemory& machine) {
  auto action = machine.next();
  const auto* failed = std::get_if<Failed>(&action);
  return failed == nullptr ? Error{} : failed->error;
}

TEST(SaharaMemory, ReadsTheTableOfWhatIsOffered) {
  SaharaMemory machine;
  machine.feed(bytes(hello));
  EXPECT_THAT(sent(machine), testing::StartsWith("02 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 02"));
  machine.feed(bytes(offer));
  EXPECT_EQ(sent(machine), "0a 00 00 00 10 00 00 00 00 00 60 08 34 00 00 00");
  auto entry = table();
  for (auto byte : entry) {
    EXPECT_TRUE(std::holds_alternative<Await>(machine.next()));
    machine.feed({&byte, 1});
  }
  EXPECT_TRUE(std::holds_alternative<Done>(machine.next()));
  EXPECT_THAT(machine.regions(), testing::ElementsAre(MemoryRegion{0x08610000, 0x4000, "OCIMEM", "OCIMEM.BIN"}));
}

TEST(SaharaMemory, AsksOneWhoseHelloWasReadByAnother) {
  SaharaMemory machine;
  machine.timed_out();
  EXPECT_THAT(sent(machine), testing::StartsWith("02 00 00 00"));
  machine.timed_out();
  EXPECT_EQ(failure(machine).code, Code::timeout);
}

TEST(SaharaMemory, BelievesNoTableThatCannotBe) {
  for (const auto* length : {"00 00 00 00", "33 00 00 00", "ff ff ff ff", "34 00 00 10"}) {
    SaharaMemory machine;
    machine.feed(bytes("09 00 00 00 10 00 00 00 00 00 60 08 " + std::string(length)));
    EXPECT_EQ(failure(machine).code, Code::device_protocol) << length;
  }
}

TEST(SaharaMemory, SaysWhenNoMemoryIsOffered) {
  SaharaMemory machine;
  auto other = bytes(hello);
  other[20] = std::byte{0};
  machine.feed(other);
  EXPECT_EQ(failure(machine).code, Code::device_refused);
  SaharaMemory refused;
  refused.feed(bytes("04 00 00 00 10 00 00 00 00 00 00 00 1b 00 00 00"));
  EXPECT_THAT(failure(refused).what, HasSubstr("refuses"));
}

TEST(SaharaMemory, EndsWhateverComes) {
  std::mt19937 random(4);
  for (int life = 0; life < 500; ++life) {
    SaharaMemory machine;
    for (int step = 0; step < 200; ++step) {
      auto action = machine.next();
      if (std::holds_alternative<Done>(action) || std::holds_alternative<Failed>(action)) {
        break;
      }
      auto noise = step % 3 == 0 ? bytes(hello) : step % 3 == 1 ? bytes(offer) : Buffer(random() % 64);
      std::ranges::generate(noise, [&, n = std::size_t{0}]() mutable {
        auto old = n < noise.size() ? noise[n] : std::byte{};
        ++n;
        return random() % 20 == 0 ? static_cast<std::byte>(random()) : old;
      });
      machine.feed(noise);
      ASSERT_LT(step, 199) << "it goes on for ever";
    }
  }
}

}  // namespace
}  // namespace modemedic::protocol
