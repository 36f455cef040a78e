#include "protocol/dload_wire.h"
#include "support/download_driver.h"
#include "virtual/loader_mark.h"

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using test::DownloadDriver;
using testing::ElementsAre;
using testing::IsEmpty;
namespace dload = protocol::dload;

DownloadDriver::Options boot_loader(std::vector<std::string> faults = {}) {
  return {.stage = DownloadDriver::Stage::dload, .faults = std::move(faults), .blank = true};
}

TEST(DloadDevice, AnswersThePublishedFrame) {
  DownloadDriver modem(boot_loader());
  EXPECT_EQ(modem.take_raw(), "");  // says nothing unasked
  modem.send(*from_hex("7e 06 4e 95 7e"));
  EXPECT_EQ(modem.take_raw(), "7e 02 6a d3 7e");
}

TEST(DloadDevice, KnowsItsCommands) {
  DownloadDriver modem(boot_loader());
  EXPECT_THAT(modem.ask("07"), ElementsAre("08 08 08 03 f9 00 00 00"));
  EXPECT_THAT(modem.ask("0c"), ElementsAre("0d 0c " + hex(as_bytes("QHSUSB_DLOAD"))));
  EXPECT_THAT(modem.ask("99"), ElementsAre("03 00 06"));
  EXPECT_THAT(modem.ask("0a"), ElementsAre("02"));
  modem.run_for(std::chrono::seconds(1));
  EXPECT_THAT(modem.power_events, ElementsAre(PowerEvent::reset));
}

TEST(DloadDevice, SaysWhatIsWrongWithAFrameOrAWrite) {
  DownloadDriver modem(boot_loader());
  modem.send(*from_hex("7e 06 4e 96 7e"));
  EXPECT_THAT(modem.take(), ElementsAre("03 00 01"));
  EXPECT_THAT(modem.ask("0f 00 00 00 00 00 01 55"), ElementsAre("03 00 02"));
  EXPECT_THAT(modem.ask("0f 41 7f ff ff 00 02 55 55"), ElementsAre("03 00 02"));  // ends beyond its memory
  EXPECT_THAT(modem.ask("0f 41 70 00 00 00 02 55"), ElementsAre("03 00 04"));
  EXPECT_THAT(modem.ask("0f 41 70 00 00 00 01 55 55"), ElementsAre("03 00 05"));
  EXPECT_THAT(modem.ask("0f 41 70"), ElementsAre("03 00 04"));
  EXPECT_THAT(modem.ask("05 41"), ElementsAre("03 00 04"));
  EXPECT_THAT(modem.ask(dload::write(0x41700000, Buffer(0x3f9))), ElementsAre("02"));
  EXPECT_THAT(modem.ask(dload::write(0x41700000, Buffer(0x3fa))), ElementsAre("03 00 03"));
  EXPECT_THAT(modem.ask("01 70 00 00 00 01 55"), ElementsAre("03 00 02"));  // 24 bits don't reach it
}

/// Writes a program in pieces and starts it.
void start(DownloadDriver& modem, std::uint32_t address, ByteView program) {
  for (std::uint32_t at = 0; at < program.size(); at += 500) {
    auto piece = program.subspan(at, std::min<std::size_t>(500, program.size() - at));
    ASSERT_THAT(modem.ask(dload::write(address + at, piece)), ElementsAre("02"));
  }
  EXPECT_THAT(modem.ask(dload::go(address)), IsEmpty());
  modem.run_for(std::chrono::seconds(1));
}

Buffer loader() {
  Buffer program(2000, std::byte{0x55});
  std::ranges::copy(as_bytes(loader_mark), program.begin() + 490);  // over two writes
  return program;
}

TEST(DloadDevice, StartsALoaderAtEitherAddress) {
  for (std::uint32_t address : {0x41700000U, 0x2A000000U}) {
    DownloadDriver modem(boot_loader());
    start(modem, address, loader());
    EXPECT_EQ(modem.loaders_started, 1);
    EXPECT_THAT(modem.ask("06"), IsEmpty());
  }
}

TEST(DloadDevice, IsLostWithWhatIsNoLoader) {
  DownloadDriver modem(boot_loader());
  start(modem, 0x41700000, Buffer(2000));
  EXPECT_EQ(modem.loaders_started, 0);
  EXPECT_THAT(modem.ask("06"), IsEmpty());

  DownloadDriver dead(boot_loader({"loader-dead"}));
  start(dead, 0x41700000, loader());
  EXPECT_EQ(dead.loaders_started, 0);
  EXPECT_THAT(dead.ask("06"), IsEmpty());

  DownloadDriver elsewhere(boot_loader());
  EXPECT_THAT(elsewhere.ask(dload::write(0x41700000, loader())), ElementsAre("03 00 03"));
  EXPECT_THAT(elsewhere.ask(dload::go(0x41700000)), IsEmpty());
  EXPECT_EQ(elsewhere.loaders_started, 0);
}

TEST(DloadDevice, RefusesNprgWhenItIsToldTo) {
  DownloadDriver modem(boot_loader({"loader-refused"}));
  EXPECT_THAT(modem.ask("0f 41 70 00 00 00 01 55"), ElementsAre("03 00 02"));
  EXPECT_THAT(modem.ask("0f 2a 00 00 00 00 01 55"), ElementsAre("02"));
}

}  // namespace
}  // namespace modemedic::twin
