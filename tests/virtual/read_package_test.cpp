#include "firmware/package.h"
#include "support/tool.h"
#include "virtual/generator.h"
#include "virtual/persona.h"

#include <algorithm>

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

}  // namespace
}  // namespace modemedic::twin
