#include "virtual/persona.h"

#include "knowledge/embedded_data.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using testing::HasSubstr;

std::string eg25_file() {
  for (const auto& file : knowledge::embedded_data()) {
    if (file.path == "personas/eg25-g.toml") {
      return std::string(file.content);
    }
  }
  return {};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void expect_refused(const std::string& content, std::string_view because) {
  auto persona = parse_persona("data/mine.toml", content);
  ASSERT_FALSE(persona) << because;
  EXPECT_EQ(persona.error().code, Code::usage);
  EXPECT_THAT(persona.error().what, HasSubstr("data/mine.toml: "));
  EXPECT_THAT(persona.error().what, HasSubstr(std::string(because)));
}

std::vector<Persona> built_in() {
  return personas().value();
}

TEST(Personas, AllParseInOrder) {
  auto all = personas();
  ASSERT_TRUE(all) << all.error().what;
  ASSERT_GE(all->size(), 3U);
  EXPECT_EQ((*all)[0].id, "ec20");
  EXPECT_EQ((*all)[1].id, "ec25-e");
  EXPECT_EQ((*all)[2].id, "eg25-g");
}

TEST(Personas, TablesCoverTheChipWithoutAGap) {
  for (const auto& persona : built_in()) {
    Sectors at;
    std::set<std::string> names;
    for (const auto& partition : persona.table) {
      EXPECT_EQ(partition.range.start, at) << persona.id << ' ' << partition.name;
      EXPECT_EQ(partition.range.count.n % persona.geometry.pages_per_block, 0U) << persona.id << ' ' << partition.name;
      EXPECT_TRUE(names.insert(partition.name).second) << persona.id << ' ' << partition.name;
      at = partition.range.end();
    }
    EXPECT_EQ(at, persona.geometry.chip_sectors()) << persona.id;
  }
}

// The facts: packages.md (tables, in 2 KiB sectors and in bytes), usb.md (geometry, HWID, key hash, shapes).

TEST(Personas, Eg25HasTheTableOfItsFirmware) {
  auto persona = find_persona("eg25-g").value();
  EXPECT_EQ(persona.geometry, (Geometry{2048, 64, 2048}));
  EXPECT_EQ(persona.geometry.chip_sectors().n, 131072U);
  EXPECT_EQ(persona.table.front(), (firmware::Partition{"SBL", {{0}, {640}}}));
  EXPECT_EQ(persona.table.back(), (firmware::Partition{"system", {{93312}, {37760}}}));
  EXPECT_EQ(persona.table.at(11), (firmware::Partition{"modem", {{24256}, {27392}}}));
  EXPECT_EQ(persona.hwid, 0x000480e100000000U);
  EXPECT_EQ(persona.pk_hash, "cc3153a80293939b90d02d3bf8b23e0292e452fef662c74998421adad42a380f");
}

TEST(Personas, Ec25HasTheTableOfTheBiggerChip) {
  auto persona = find_persona("ec25-e").value();
  EXPECT_EQ(persona.geometry, (Geometry{4096, 64, 2048}));
  auto bytes = [&](const firmware::Partition& partition) {
    return std::pair(persona.geometry.bytes(partition.range.start), persona.geometry.bytes(partition.range.count));
  };
  EXPECT_EQ(bytes(persona.table.at(5)), std::pair(0x2300000UL, 0x140000UL)) << "tz";
  EXPECT_EQ(bytes(persona.table.at(11)), std::pair(0x3F40000UL, 0xE00000UL)) << "recoveryfs_b";
  EXPECT_EQ(bytes(persona.table.back()), std::pair(0x12D00000UL, 0xD300000UL)) << "system";
}

TEST(Personas, Ec20LooksOnUsbAsTheFactsSay) {
  auto persona = find_persona("ec20").value();
  EXPECT_EQ(persona.running.vid, 0x05C6);
  EXPECT_EQ(persona.running.pid, 0x9215);
  EXPECT_EQ(persona.running.bcd_device, 0x0232);
  EXPECT_EQ(persona.running.manufacturer, "Quectel");
  EXPECT_EQ(persona.running.interfaces.size(), 5U);
  EXPECT_EQ(persona.download.vid, 0x05C6);
  EXPECT_EQ(persona.download.pid, 0x9215);
  EXPECT_EQ(persona.download.bcd_device, 0);
  EXPECT_EQ(persona.download.product, "QHSUSB_DLOAD");
  EXPECT_EQ(persona.download.interfaces.size(), 1U);
  EXPECT_EQ(persona.fastboot.serial, "MDM9615");
  EXPECT_EQ(persona.fastboot_ms, 13000U);
  EXPECT_EQ(persona.table.size(), 16U);
  EXPECT_EQ(persona.table.front().name, "MIBIB");
}

TEST(Personas, LookOnUsbAsTheFactsSay) {
  for (const auto& persona : built_in()) {
    if (is_9x15(persona)) {
      continue;
    }
    EXPECT_EQ(persona.running.vid, 0x2C7C);
    EXPECT_EQ(persona.running.pid, 0x0125);
    EXPECT_EQ(persona.running.bcd_device, 0x0318);
    ASSERT_EQ(persona.running.interfaces.size(), 5U);
    EXPECT_EQ(persona.running.interfaces[0].endpoints.size(), 2U) << "DIAG: no interrupt endpoint";
    for (std::size_t i = 1; i < 5; ++i) {
      EXPECT_EQ(persona.running.interfaces[i].number, i);
      ASSERT_EQ(persona.running.interfaces[i].endpoints.size(), 3U);
      EXPECT_TRUE(usb::bulk_pair(persona.running.interfaces[i]));
      EXPECT_EQ(persona.running.interfaces[i].endpoints[0].type, usb::TransferType::interrupt);
    }
    EXPECT_EQ(persona.edl.vid, 0x05C6);
    EXPECT_EQ(persona.edl.pid, 0x9008);
    EXPECT_EQ(persona.edl.bcd_device, 0);
    EXPECT_EQ(persona.download.pid, persona.running.pid);
    EXPECT_EQ(persona.download.bcd_device, 0);
    EXPECT_EQ(persona.dump.pid, 0x900E);
    EXPECT_EQ(persona.fastboot.vid, 0x18D1);
    EXPECT_EQ(persona.product, persona.running.product);
  }
}

TEST(Personas, AnUnknownOneIsAnsweredWithTheList) {
  auto persona = find_persona("ec25");
  ASSERT_FALSE(persona);
  EXPECT_EQ(persona.error().code, Code::usage);
  EXPECT_THAT(persona.error().hint, HasSubstr("ec25-e, eg25-g"));
}

TEST(ParsePersona, NamesTheKeyThatIsWrong) {
  auto good = eg25_file();
  ASSERT_TRUE(parse_persona("eg25", good));
  expect_refused(replaced(good, "fused = false", ""), "fused: is missing");
  expect_refused(replaced(good, "fused = false", "fused = \"no\""), "fused: is neither true nor false");
  expect_refused(replaced(good, "fused = false", "fused = false\ncolour = 1"), "colour: is no key that belongs here");
  expect_refused(replaced(good, "model = \"EG25\"", "model = 25"), "model: is no text");
  expect_refused(replaced(good, "pk_hash = \"cc", "pk_hash = \"CC"), "pk_hash");
  expect_refused(replaced(good, "imei_prefix = \"8", "imei_prefix = \"x"), "imei_prefix");
  expect_refused(replaced(good, "page_size = 2048", "page_size = 2000"), "nand.page_size");
  expect_refused(replaced(good, "blocks = 2048", "blocks = -1"), "nand.blocks: is -1");
  expect_refused(replaced(good, "pages_per_block = 64", "pages_per_block = 0"), "nand.blocks");
  expect_refused(replaced(good, "factory_bad_blocks = []", "factory_bad_blocks = [1, 2048]"),
                 "nand.factory_bad_blocks[1]");
  expect_refused(replaced(good, "erased_fill = 0xff", "erased_fill = 256"), "programmer.erased_fill");
  expect_refused(replaced(good, "max_payload = 16384", "max_payload = 16000"), "programmer.max_payload");
  expect_refused(replaced(good, "boot_ms = 15000", "boot_ms = 1.5"), "boot.boot_ms: is no whole number");
  expect_refused(replaced(good, "start = 640,", "start = 639,"), "table.partitions[1].start");
  expect_refused(replaced(good, "start = 640,", "start = 576,"), "table.partitions[1].start");
  expect_refused(replaced(good, "length = 37760", "length = 37824"), "table.partitions[16].start");
  expect_refused(replaced(good, "name = \"MIBIB\"", "name = \"a name too long\""), "table.partitions[1].name");
  expect_refused(replaced(good, "bulk-in 0x81", "bulk-in 0x01"), "usb.running.interfaces[0].endpoints");
  expect_refused(replaced(good, "bulk-in 0x81", "bulk-in 0x90"), "usb.running.interfaces[0].endpoints");
  expect_refused(replaced(good, "bulk-in 0x82", "bulk-in 0x81"), "usb.running.interfaces");
  expect_refused(replaced(good, "speed = \"high\"", "speed = \"warp\""), "usb.running.speed");
  expect_refused(replaced(good, "[usb.dump]", "[usb.dumb]"), "usb.dump: is missing");
  expect_refused("id = ", "line 1");
}

}  // namespace
}  // namespace modemedic::twin
