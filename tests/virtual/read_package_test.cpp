#include "firmware/package.h"
#include "support/tool.h"
#include "virtual/generator.h"
#include "virtual/package_dfota.h"
#include "virtual/package_family.h"
#include "virtual/persona.h"
#include "virtual/signing_authority.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

/// What the reader says of a package that the generator made for this persona.
void expect_readable(const Persona& persona, const std::string& path, bool qdl_form) {
  EventRecorder events;
  auto package = firmware::read_package(path, {}, events);
  ASSERT_TRUE(package) << path << ": " << package.error().what;
  EXPECT_EQ(package->geometry, persona.geometry) << path;
  EXPECT_EQ(package->table, persona.table);
  ASSERT_TRUE(package->revision) << path;
  EXPECT_EQ(package->revision->text, persona.revision);
  EXPECT_EQ(package->chip, persona.chip);
  for (const auto& finding : package->findings) {
    EXPECT_TRUE(finding.level == firmware::Finding::Level::note || finding.id == "md5-absent-file")
        << finding.id << ": " << finding.text;
  }
  auto has = [&](std::string_view id) {
    return std::any_of(package->findings.begin(), package->findings.end(),
                       [&](const firmware::Finding& finding) { return finding.id == id; });
  };
  EXPECT_TRUE(has("order-trap") || qdl_form) << path;
  EXPECT_TRUE(has("md5-absent-file")) << path;
}

TEST(ReadPackage, ReadsWhatTheGeneratorMakesForEachPersona) {
  auto all = personas();
  ASSERT_TRUE(all) << all.error().what;
  test::TemporaryDirectory folder;
  for (const auto& persona : *all) {
    auto revision = firmware::parse_revision(persona.revision);
    ASSERT_TRUE(revision);
    for (bool qdl_form : {false, true}) {
      if (is_9x15(persona)) {
        continue;
      }
      auto files = generate_package(persona, *revision, {Scale::small, qdl_form});
      ASSERT_TRUE(files) << files.error().what;
      for (std::string ending : {"", ".zip", ".7z", ".tar"}) {
        auto path = folder / (persona.id + (qdl_form ? "-qdl" : "") + ending);
        ASSERT_TRUE(write_package(*files, path));
        expect_readable(persona, path, qdl_form);
      }
    }
  }
}

class ReadShapes : public testing::Test {
protected:
  Result<firmware::Package> read(const Persona& persona, const std::string& revision, const GeneratorOptions& options,
                                 const firmware::PackageChoice& choice = {}) {
    auto files = generate_package(persona, *firmware::parse_revision(revision), options);
    EXPECT_TRUE(files) << files.error().what;
    return read_files(*files, choice);
  }

  Result<firmware::Package> read_files(const std::vector<GeneratedFile>& files,
                                       const firmware::PackageChoice& choice = {}) {
    auto path = folder_ / fmt::format("{}.zip", count_++);
    EXPECT_TRUE(write_package(files, path));
    EventRecorder events;
    return firmware::read_package(path, choice, events);
  }

  test::TemporaryDirectory folder_;
  int count_ = 0;
};

TEST_F(ReadShapes, OfEveryFamily) {
  for (const auto& family : package_families()) {
    auto persona = *find_persona("ec25-e");
    persona.chip = family.chip;
    auto revision = family.revision.empty() ? persona.revision : std::string(family.revision);
    auto package = read(persona, revision, {Scale::small});
    ASSERT_TRUE(package) << family.chip << ": " << package.error().what;
    EXPECT_EQ(package->chip, family.chip);
    ASSERT_TRUE(package->revision);
    EXPECT_EQ(package->revision->text, revision);
    EXPECT_EQ(package->maker.state, firmware::Maker::State::quectel);
    EXPECT_EQ(package->geometry, persona.geometry);
    for (const auto& finding : package->findings) {
      EXPECT_TRUE(finding.level == firmware::Finding::Level::note || finding.id == "md5-absent-file") << finding.text;
    }
  }
}

TEST_F(ReadShapes, OfThe9x15) {
  auto persona = *find_persona("ec20");
  auto package = read(persona, persona.revision, {Scale::small});
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_EQ(package->kind, firmware::PackageKind::streaming);
  EXPECT_EQ(package->chip, "9x15");
  EXPECT_EQ(package->images.size(), 12U);
  ASSERT_TRUE(package->revision);
  EXPECT_EQ(package->revision->text, persona.revision);
}

TEST_F(ReadShapes, OfADeltaUpgrade) {
  auto revision = *firmware::parse_revision("EC25EFAR06A11M4G_01.001.01.001");
  auto package = read_files(generate_dfota(revision, revision));
  ASSERT_FALSE(package);
  EXPECT_THAT(package.error().what, testing::HasSubstr("DFOTA"));
}

TEST_F(ReadShapes, OfAnotherVendor) {
  auto persona = *find_persona("ec25-e");
  auto package = read(persona, persona.revision, {.scale = Scale::small, .other_vendor = true});
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_EQ(package->maker.name, "SIMCom");
  EXPECT_FALSE(package->revision);
}

TEST_F(ReadShapes, WithFactoryBesideUpdate) {
  auto persona = *find_persona("eg25-g");
  GeneratorOptions options{.scale = Scale::small, .factory_too = true};
  auto package = read(persona, persona.revision, options);
  ASSERT_FALSE(package);
  EXPECT_EQ(package.error().code, Code::usage);
  package = read(persona, persona.revision, options, {{}, "rawprogram_nand_p2K_b128K_factory.xml", {}});
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_EQ(package->files[*package->rawprogram].path, "update/firehose/rawprogram_nand_p2K_b128K_factory.xml");
}

TEST_F(ReadShapes, SignedByAnAuthority) {
  auto persona = *find_persona("eg25-g");
  auto package = read(persona, persona.revision, {.scale = Scale::small, .signed_by = "Example OEM"});
  ASSERT_TRUE(package) << package.error().what;
  EXPECT_EQ(package->signing.state, firmware::PackageSigning::State::is_signed);
  EXPECT_EQ(package->signing.signing.root_hash, *SigningAuthority("Example OEM").root_hash());
  EXPECT_EQ(package->signing.signing.hardware_id, persona.hwid);
  package = read(persona, persona.revision, {Scale::small});
  ASSERT_TRUE(package);
  EXPECT_EQ(package->signing.state, firmware::PackageSigning::State::not_signed);
}

}  // namespace
}  // namespace modemedic::twin
