#include "virtual/sahara_device.h"

#include "base/digest.h"
#include "support/edl_driver.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using test::EdlDriver;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// Packets as words, little-endian: what the facts' tables say.
Buffer words(std::initializer_list<std::uint32_t> values) {
  ByteWriter writer(Endian::little);
  for (auto value : values) {
    writer.u32(value);
  }
  return writer.take();
}

Buffer hello(std::uint32_t mode) {
  return words({1, 0x30, 2, 1, 0x400, mode, 0, 0, 0, 0, 0, 0});
}

Buffer hello_response(std::uint32_t mode) {
  return words({2, 0x30, 2, 1, 0, mode, 0, 0, 0, 0, 0, 0});
}

Buffer read_data(std::uint32_t offset, std::uint32_t length, std::uint32_t image = 13) {
  return words({3, 0x14, image, offset, length});
}

Buffer end_image(std::uint32_t status, std::uint32_t image = 13) {
  return words({4, 0x10, image, status});
}

const Buffer done = words({5, 8});
const Buffer complete = words({6, 0x0c, 1});
const Buffer reset_state_machine = words({0x13, 8});

/// An ARM ELF with a hash segment and the given ones, laid out by hand. `certificates`: an unsigned one has none.
struct Elf {
  std::vector<Buffer> segments = {Buffer(9000, std::byte{0x11}), Buffer(300, std::byte{0x22})};
  Buffer certificates;
  std::uint16_t machine = 40;
  std::uint16_t program_header_size = 0x20;
  std::uint32_t program_headers = 0x34;

  static constexpr std::uint32_t first_segment = 0x3000;

  std::uint32_t count() const { return static_cast<std::uint32_t>(segments.size()) + 2; }

  Buffer headers() const {
    ByteWriter out(Endian::little);
    out.bytes(from_hex("7f454c46010101").value()).fill(9).u16(2).u16(machine).u32(1).u32(0x08000000);
    out.u32(program_headers).u32(0).u32(5).u16(0x34).u16(program_header_size);
    out.u16(static_cast<std::uint16_t>(count())).fill(6);
    auto table = 0x34 + count() * 0x20;
    out.u32(0).u32(0).u32(0).u32(0).u32(table).u32(table).u32(0x07000000).u32(0);
    auto hashes = hash_size();
    out.u32(0).u32(0x1000).u32(0).u32(0).u32(hashes).u32(hashes).u32(0x02200000).u32(0x1000);
    auto offset = first_segment;
    for (const auto& segment : segments) {
      auto size = static_cast<std::uint32_t>(segment.size());
      out.u32(1).u32(offset).u32(0x08000000).u32(0x08000000).u32(size).u32(size).u32(5).u32(4);
      offset += size;
    }
    return out.take();
  }

  std::uint32_t signature_size() const { return certificates.empty() ? 0 : 256; }

  std::uint32_t hash_size() const {
    return 40 + count() * 32 + signature_size() + static_cast<std::uint32_t>(certificates.size());
  }

  Buffer bytes() const {
    auto head = headers();
    ByteWriter out(Endian::little);
    out.bytes(head).fill(0x1000 - head.size());
    auto table = count() * 32;
    auto chain = static_cast<std::uint32_t>(certificates.size());
    out.u32(3).u32(3).u32(0).u32(0).u32(table + signature_size() + chain).u32(table).u32(0).u32(signature_size());
    out.u32(0).u32(chain);
    out.bytes(digest<Sha256>(head)).fill(32);
    for (const auto& segment : segments) {
      out.bytes(digest<Sha256>(segment));
    }
    out.fill(signature_size(), std::byte{0x77}).bytes(certificates);
    out.fill(first_segment - out.size());
    for (const auto& segment : segments) {
      out.bytes(segment);
    }
    return out.take();
  }
};

/// A DER certificate's outer shell: 30 82, length, content.
Buffer certificate(int value, std::uint16_t size) {
  return ByteWriter(Endian::big).u8(0x30).u8(0x82).u16(size).fill(size, static_cast<std::byte>(value)).take();
}

/// Serves what the device asks for until it asks no more.
/// @return what it said last
std::vector<Buffer> upload(EdlDriver& modem, ByteView image, std::vector<Buffer>* asked = nullptr) {
  modem.take();
  modem.send(hello_response(0));
  for (;;) {
    auto said = modem.take();
    if (said.size() != 1 || said[0].size() != 0x14 || said[0][0] != std::byte{3}) {
      return said;
    }
    if (asked != nullptr) {
      asked->push_back(said[0]);
    }
    auto offset = load<std::uint32_t>(said[0].data() + 12, Endian::little);
    auto length = load<std::uint32_t>(said[0].data() + 16, Endian::little);
    EXPECT_LE(std::uint64_t{offset} + length, image.size());
    if (std::uint64_t{offset} + length > image.size()) {
      return said;
    }
    modem.send(image.subspan(offset, length), false);
  }
}

TEST(SaharaDevice, SaysHelloOnce) {
  EdlDriver modem;
  EXPECT_THAT(modem.take(), ElementsAre(hello(0)));
  modem.run_for(std::chrono::hours(1));
  EXPECT_THAT(modem.take(), IsEmpty());
}

TEST(SaharaDevice, AsksForTheProgrammerInElfShape) {
  EdlDriver modem;
  Elf elf;
  std::vector<Buffer> asked;
  EXPECT_THAT(upload(modem, elf.bytes(), &asked), ElementsAre(end_image(0)));
  EXPECT_THAT(asked, ElementsAre(read_data(0, 0x34), read_data(0x34, 4 * 0x20), read_data(0x1000, 40 + 4 * 32),
                                 read_data(0x3000, 0x1000), read_data(0x4000, 0x1000), read_data(0x5000, 9000 - 8192),
                                 read_data(0x3000 + 9000, 300)));
  modem.send(done);
  EXPECT_THAT(modem.take(), ElementsAre(complete));
}

TEST(SaharaDevice, StartsTheProgrammerOneSecondAfterDone) {
  EdlDriver modem;
  upload(modem, Elf().bytes());
  modem.send(done);
  modem.take();
  modem.run_for(std::chrono::milliseconds(900));
  EXPECT_THAT(modem.take(), IsEmpty());
  modem.run_for(std::chrono::milliseconds(200));
  EXPECT_THAT(modem.take(), SizeIs(1));
}

TEST(SaharaDevice, AsksForImageSevenInTheBootLoadersDownloadMode) {
  EdlDriver::Options options;
  options.image_id = 7;
  EdlDriver modem(std::move(options));
  modem.take();
  modem.send(hello_response(0));
  EXPECT_THAT(modem.take(), ElementsAre(read_data(0, 0x34, 7)));
}

TEST(SaharaDevice, TakesAPartInSeveralTransfersAndIgnoresZlps) {
  EdlDriver modem;
  auto image = Elf().bytes();
  modem.take();
  modem.send(hello_response(0));
  modem.send(ByteView(image).first(0x34));
  modem.send(ByteView{});
  modem.send(ByteView(image).subspan(0x34, 0x80));
  modem.send(ByteView(image).subspan(0x1000, 40 + 4 * 32));
  modem.take();
  modem.send(ByteView(image).subspan(0x3000, 512), false);
  modem.send(ByteView(image).subspan(0x3200, 1024), false);
  EXPECT_THAT(modem.take(), IsEmpty());
  modem.send(ByteView(image).subspan(0x3600, 2560), true);
  EXPECT_THAT(modem.take(), ElementsAre(read_data(0x4000, 0x1000)));
}

TEST(SaharaDevice, RefusesWhatIsNoArmElf) {
  EdlDriver modem;
  EXPECT_THAT(upload(modem, Buffer(0x34, std::byte{0x55})), ElementsAre(end_image(0x14)));
  Elf x86;
  x86.machine = 3;
  EXPECT_THAT(upload(modem, x86.bytes()), ElementsAre(end_image(0x14)));
  Elf headerless;
  headerless.program_headers = 0;
  EXPECT_THAT(upload(modem, headerless.bytes()), ElementsAre(end_image(0x11)));
  Elf odd;
  odd.program_header_size = 0x38;
  EXPECT_THAT(upload(modem, odd.bytes()), ElementsAre(end_image(0x0f)));
  Elf empty;
  auto bytes = empty.bytes();
  bytes[0x2C] = bytes[0x2D] = std::byte{0};
  EXPECT_THAT(upload(modem, bytes), ElementsAre(end_image(0x0e)));
  EXPECT_THAT(upload(modem, Elf().bytes()), ElementsAre(end_image(0))) << "a refusal must leave a way back";
}

TEST(SaharaDevice, RefusesAProgrammerWhoseSegmentsAreNotWhatItsHashesSay) {
  EdlDriver modem;
  const auto good = Elf().bytes();
  for (std::size_t at : {std::size_t{0x3000}, std::size_t{0x3000} + 8999, good.size() - 1, std::size_t{0x1000} + 40}) {
    auto bytes = good;
    bytes[at] ^= std::byte{1};
    EXPECT_THAT(upload(modem, bytes), ElementsAre(end_image(0x22))) << at;
  }
  auto bytes = good;
  bytes[0x1000 + 20] = std::byte{31};  // size of the hash table
  EXPECT_THAT(upload(modem, bytes), ElementsAre(end_image(0x26)));
}

TEST(SaharaDevice, OfAFusedModemTakesOnlyAProgrammerSignedForItsKey) {
  EdlDriver::Options options;
  auto root = certificate(3, 700);
  options.persona.fused = true;
  options.persona.pk_hash = hex_digits(digest<Sha256>(root));
  EdlDriver modem(std::move(options));
  EXPECT_THAT(upload(modem, Elf().bytes()), ElementsAre(end_image(0x25)));

  Elf foreign;
  foreign.certificates = certificate(1, 900);
  EXPECT_THAT(upload(modem, foreign.bytes()), ElementsAre(end_image(0x25)));

  Elf own;
  own.certificates = certificate(1, 900);
  own.certificates.insert(own.certificates.end(), root.begin(), root.end());
  EXPECT_THAT(upload(modem, own.bytes()), ElementsAre(end_image(0)));
}

TEST(SaharaDevice, TellsWhoItIsInCommandMode) {
  EdlDriver modem;
  modem.take();
  modem.send(hello_response(3));
  EXPECT_THAT(modem.take(), ElementsAre(words({0x0b, 8})));

  auto ask = [&modem](std::uint32_t command) {
    modem.send(words({0x0d, 0x0c, command}));
    modem.send(words({0x0f, 0x0c, command}));
    return modem.take();
  };
  EXPECT_THAT(ask(1), ElementsAre(words({0x0e, 0x10, 1, 4}), words({EdlDriver::serial})));
  EXPECT_THAT(ask(2), ElementsAre(words({0x0e, 0x10, 2, 8}), words({0x00000000, 0x000480e1})));
  EXPECT_THAT(ask(3),
              ElementsAre(words({0x0e, 0x10, 3, 32}),
                          from_hex("cc3153a80293939b90d02d3bf8b23e0292e452fef662c74998421adad42a380f").value()));
  EXPECT_THAT(ask(8), ElementsAre(words({0x0e, 0x10, 8, 20}), words({1, 2, 3, 7, 8})));

  modem.send(words({0x0c, 0x0c, 0}));
  EXPECT_THAT(modem.take(), ElementsAre(hello(0)));
  EXPECT_THAT(upload(modem, Elf().bytes()), ElementsAre(end_image(0)));
}

TEST(SaharaDevice, RefusesClientCommandsThatItDoesNotHave) {
  EdlDriver modem;
  for (std::uint32_t command : {0U, 4U, 6U, 99U}) {
    modem.send(hello_response(3));
    modem.take();
    modem.send(words({0x0d, 0x0c, command}));
    EXPECT_THAT(modem.take(), ElementsAre(end_image(0x1f))) << command;
  }
  modem.send(hello_response(3));
  modem.send(words({0x0d, 0x0c, 1}));
  modem.take();
  modem.send(words({0x0f, 0x0c, 2}));
  EXPECT_THAT(modem.take(), ElementsAre(end_image(0x20)));
  modem.send(hello_response(3));
  modem.take();
  modem.send(words({0x0c, 0x0c, 2}));
  EXPECT_THAT(modem.take(), ElementsAre(end_image(0x1c)));
}

TEST(SaharaDevice, WhoseHelloWasEatenTakesAnUnaskedHelloResponse) {
  EdlDriver modem(EdlDriver::with_faults({"lost-hello"}));
  EXPECT_THAT(modem.take(), IsEmpty());
  EXPECT_THAT(upload(modem, Elf().bytes()), ElementsAre(end_image(0)));
}

TEST(SaharaDevice, SaysHelloAgainAfterAResetOfItsStateMachine) {
  EdlDriver modem(EdlDriver::with_faults({"lost-hello"}));
  modem.send(reset_state_machine);
  EXPECT_THAT(modem.take(), ElementsAre(hello(0)));
}

TEST(SaharaDevice, TakesANewHostsFirstPacketForImageAndThenLetsItIn) {
  EdlDriver modem;
  modem.take();
  auto image = Elf().bytes();
  modem.send(hello_response(0));
  modem.send(ByteView(image).first(0x34));
  modem.take();  // now 128 bytes of program headers are awaited, and the host dies
  modem.send(hello_response(0));
  EXPECT_THAT(modem.take(), ElementsAre(end_image(0x0b)));
  EXPECT_THAT(upload(modem, image), ElementsAre(end_image(0)));
}

TEST(SaharaDevice, ResetsAfterAnsweringReset) {
  EdlDriver modem;
  modem.take();
  modem.send(words({7, 8}));
  EXPECT_THAT(modem.take(), ElementsAre(words({8, 8})));
  modem.run_for(std::chrono::seconds(1));
  EXPECT_THAT(modem.power_events, ElementsAre(PowerEvent::reset));
}

TEST(SaharaDevice, AnswersNonsenseWithTheStatusOfIt) {
  EdlDriver modem;
  auto answer = [&modem](const Buffer& packet) {
    modem.take();
    modem.send(packet);
    auto said = modem.take();
    return said.size() == 1 && said[0].size() == 0x10 ? load<std::uint32_t>(said[0].data() + 12, Endian::little) : 0;
  };
  EXPECT_EQ(answer(done), 0x01);                                            // nothing was transferred
  EXPECT_EQ(answer(words({0x0d, 0x0c, 1})), 0x01);                          // not in command mode
  EXPECT_EQ(answer(words({2, 0x30, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0})), 0x02);  // from version 3 on
  EXPECT_EQ(answer(words({2, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})), 0x04);  // version 0
  EXPECT_EQ(answer(words({2, 0x31, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0})), 0x05);  // length isn't the packet's
  EXPECT_EQ(answer(words({2, 8})), 0x05);                                   // half a HELLO_RESPONSE
  EXPECT_EQ(answer(words({2, 0x30, 2, 1, 0, 7, 0, 0, 0, 0, 0, 0})), 0x18);  // mode 7
  EXPECT_EQ(answer(hello_response(2)), 0x1b);                               // no crash to show
  auto text = as_bytes(R"(<?xml version="1.0" ?><data><nop value="1"/></data>)");
  EXPECT_EQ(answer({text.begin(), text.end()}), 0x05);
}

TEST(SaharaDevice, AsksForTheForbiddenWhenToldTo) {
  auto image = Elf().bytes();
  for (const auto* fault : {"sahara-out-of-range", "sahara-4gib"}) {
    EdlDriver modem(EdlDriver::with_faults({fault}));
    modem.take();
    modem.send(hello_response(0));
    modem.send(ByteView(image).first(0x34));
    modem.take();
    modem.send(ByteView(image).subspan(0x34, 0x80));
    auto asked = modem.take();
    ASSERT_THAT(asked, SizeIs(1));
    auto offset = load<std::uint32_t>(asked[0].data() + 12, Endian::little);
    auto length = load<std::uint32_t>(asked[0].data() + 16, Endian::little);
    EXPECT_GT(std::uint64_t{offset} + length, image.size()) << fault;
    EXPECT_EQ(length == 0xFFFFFFFF, std::string_view(fault) == "sahara-4gib");
  }
}

TEST(SaharaDevice, ShowsACrashedModemsMemory) {
  EdlDriver::Options options;
  options.memory_debug = true;
  EdlDriver modem(std::move(options));
  EXPECT_THAT(modem.take(), ElementsAre(hello(2)));
  modem.send(hello_response(0));
  EXPECT_THAT(modem.take(), ElementsAre(end_image(0x18))) << "not flashable as EDL";
  modem.send(hello_response(2));
  auto said = modem.take();
  ASSERT_THAT(said, SizeIs(1));
  ASSERT_THAT(said[0], SizeIs(0x10));
  EXPECT_EQ(said[0][0], std::byte{9});
  auto address = load<std::uint32_t>(said[0].data() + 8, Endian::little);
  auto length = load<std::uint32_t>(said[0].data() + 12, Endian::little);

  modem.send(words({0x0a, 0x10, address, length}));
  auto table = modem.take();
  ASSERT_THAT(table, ElementsAre(SizeIs(length)));
  ByteReader entry(table[0], Endian::little);
  entry.u32();
  auto region = entry.u32();
  auto region_size = entry.u32();
  EXPECT_EQ(entry.text(20), "OCIMEM");
  EXPECT_EQ(entry.text(20), "OCIMEM.BIN");

  modem.send(words({0x0a, 0x10, region, region_size}));
  auto whole = modem.take();
  ASSERT_THAT(whole, ElementsAre(SizeIs(region_size)));
  modem.send(words({0x0a, 0x10, region + 5, 100}));
  EXPECT_THAT(modem.take(), ElementsAre(Buffer(whole[0].begin() + 5, whole[0].begin() + 105)));
  modem.send(words({0x0a, 0x10, region + 1, region_size}));
  EXPECT_THAT(modem.take(), ElementsAre(end_image(0x19)));
}

TEST(SaharaDevice, SurvivesRandomPackets) {
  std::mt19937 random(7);
  auto below = [&random](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  auto image = Elf().bytes();
  for (int round = 0; round < 30; ++round) {
    EdlDriver::Options options;
    options.memory_debug = round % 3 == 0;
    EdlDriver modem(std::move(options));
    for (int i = 0; i < 300; ++i) {
      Buffer packet(below(80));
      std::ranges::generate(packet, [&] { return static_cast<std::byte>(below(256)); });
      if (below(4) != 0 && packet.size() >= 8) {
        store<std::uint32_t>(packet.data(), below(0x16), Endian::little);
        store<std::uint32_t>(packet.data() + 4, static_cast<std::uint32_t>(packet.size()), Endian::little);
      }
      switch (below(6)) {
        case 0:
          modem.send(hello_response(below(4)));
          break;
        case 1:
          modem.send(ByteView(image).subspan(below(0x3000), below(0x1001)), below(2) == 0);
          break;
        default:
          modem.send(packet, below(2) == 0);
          break;
      }
    }
    EXPECT_LE(modem.received.size(), 400U);
  }
}

}  // namespace
}  // namespace modemedic::twin
