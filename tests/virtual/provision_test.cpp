#include "firmware/boot_image.h"
#include "firmware/mbn.h"
#include "firmware/mibib.h"
#include "virtual/efs.h"
#include "virtual/generator.h"
#include "virtual/package_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using ::testing::HasSubstr;

constexpr const char* both[] = {"eg25-g", "ec25-e"};

Persona persona(const char* id) {
  return *find_persona(id);
}

firmware::Revision revision_of(const Persona& persona) {
  return *firmware::parse_revision(persona.revision);
}

/// Is this all that the partition holds, its good blocks one after another?
void expect_holds(const Nand& nand, const firmware::Partition& partition, ByteView image) {
  Buffer page(nand.geometry().page_size);
  for (auto at = partition.range.start.n; at < partition.range.end().n; ++at) {
    if (nand.bad(at / nand.geometry().pages_per_block)) {
      continue;
    }
    if (image.empty()) {
      ASSERT_EQ(nand.state(at), Nand::PageState::erased) << partition.name;
      continue;
    }
    ASSERT_TRUE(nand.read(at, page)) << partition.name;
    auto here = image.first(std::min(image.size(), page.size()));
    ASSERT_TRUE(std::ranges::equal(here, ByteView(page).first(here.size()))) << partition.name << " page " << at;
    image = image.subspan(here.size());
  }
  EXPECT_TRUE(image.empty()) << partition.name;
}

void expect_whole(const Nand& nand, const Persona& persona) {
  auto files = *generate_package(persona, revision_of(persona), {Scale::small, false});
  for (const auto& image : placed_images(persona)) {
    auto bytes = std::ranges::find(files, image.path, &GeneratedFile::path)->bytes();
    expect_holds(nand, *firmware::find_partition(persona.table, image.partition), bytes);
  }
}

TEST(Provision, PutsEveryImageEfsAndNothingElseIntoTheChip) {
  for (const auto* id : both) {
    auto modem = persona(id);
    Nand nand(modem.geometry);
    auto done = provision(nand, modem, revision_of(modem), "12345678", Scale::small);
    ASSERT_TRUE(done) << done.error().what;
    expect_whole(nand, modem);
    EXPECT_EQ(read_efs(nand, modem)->imei, imei_for(modem, "12345678"));

    Nand blank(modem.geometry);
    for (const auto& partition : modem.table) {
      auto images = placed_images(modem);
      bool used = std::ranges::count(images, partition.name, &PlacedImage::partition) != 0 ||
                  partition.name == "EFS2" || partition.name == "efs2";
      EXPECT_EQ(nand.fingerprint(partition.range) != blank.fingerprint(partition.range), used) << partition.name;
    }
  }
}

TEST(Provision, GoesPastBadBlocks) {
  for (const auto* id : both) {
    auto modem = persona(id);
    Nand nand(modem.geometry);
    for (const auto& partition : modem.table) {
      nand.mark_bad(partition.range.start.n / 64);
      if (partition.range.count.n > 256) {
        nand.mark_bad(partition.range.start.n / 64 + 2);
      }
    }
    auto done = provision(nand, modem, revision_of(modem), "12345678", Scale::small);
    ASSERT_TRUE(done) << done.error().what;
    expect_whole(nand, modem);
    EXPECT_TRUE(read_efs(nand, modem));
  }
}

TEST(Provision, StopsAtAPartitionsEnd) {
  auto modem = persona("eg25-g");
  Nand nand(modem.geometry);
  const auto* recovery = firmware::find_partition(modem.table, "recovery");
  for (auto block = recovery->range.start.n / 64; block < recovery->range.end().n / 64; ++block) {
    nand.mark_bad(block);
  }
  auto done = provision(nand, modem, revision_of(modem), "1", Scale::small);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::usage);
  EXPECT_THAT(done.error().what, HasSubstr("recovery has too few good blocks"));
}

TEST(Provision, WantsABlankChipOfThePersonasShape) {
  auto modem = persona("eg25-g");
  Nand used(modem.geometry);
  ASSERT_TRUE(provision(used, modem, revision_of(modem), "1", Scale::small));
  auto again = provision(used, modem, revision_of(modem), "1", Scale::small);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().what, HasSubstr("not blank"));

  Nand other(persona("ec25-e").geometry);
  EXPECT_EQ(provision(other, modem, revision_of(modem), "1", Scale::small).error().code, Code::usage);
  Nand fresh(modem.geometry);
  auto wrong = *firmware::parse_revision("EC25EFAR06A11M4G_01.001.01.001");
  EXPECT_EQ(provision(fresh, modem, wrong, "1", Scale::small).error().code, Code::usage);
}

TEST(Provision, MakesTheSameChipEachTime) {
  auto modem = persona("ec25-e");
  SectorRange all{{0}, modem.geometry.chip_sectors()};
  std::set<std::string> chips;
  for (int i = 0; i < 2; ++i) {
    Nand nand(modem.geometry);
    ASSERT_TRUE(provision(nand, modem, revision_of(modem), "1", Scale::small));
    chips.insert(nand.fingerprint(all));
  }
  EXPECT_EQ(chips.size(), 1U);
}

}  // namespace
}  // namespace modemedic::twin
