#include "support/command.h"
#include "support/tool.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>

/// A modem's own identity is never lost.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Backup : public testing::Test {
protected:
  Backup() { EXPECT_EQ(run({"virtual", "package", "eg25-g", package, "--small"}).exit, 0); }

  Ended chip(const Serve& serve, std::vector<std::string> words) const {
    words.insert(words.begin(), {"--bus", serve.bus(), "--data", dir / "data"});
    words.insert(words.end(), {"--package", package});
    return run(words);
  }

  static Ended verify(const std::string& file) { return run({"backup", file, "--verify"}); }

  TempDir dir;
  std::string package = dir / "fw";
  std::string out = dir / "mine.zip";
};

TEST_F(Backup, IsMadeReadByPublicToolsAndRestored) {
  Serve serve({"eg25-g", "--fault", "bad-block:25"});
  auto made = chip(serve, {"backup", out, "--partition", "efs2", "--partition", "SBL"});
  ASSERT_EQ(made.exit, 0) << made.err;
  EXPECT_THAT(made.out, AllOf(HasSubstr("made and verified"), HasSubstr("the modem runs EG25GGBR07A07M2G")));
  auto seen = verify(out);
  EXPECT_EQ(seen.exit, 0) << seen.err;
  auto tools = "cd '" + dir.path() + "' && mkdir x && cd x && unzip -q ../mine.zip && sha256sum --quiet -c SHA256SUMS";
  EXPECT_EQ(std::system(tools.c_str()), 0);
  EXPECT_THAT(test::text_of(dir / "x/manifest.json"), AllOf(HasSubstr("\"erased_tail\""), HasSubstr("\"bad_blocks\"")));
  auto back = chip(serve, {"restore", out, "--partition", "EFS2", "--yes"});
  ASSERT_EQ(back.exit, 0) << back.err;
  EXPECT_THAT(back.out, AllOf(HasSubstr("restored and read back: 1 of"), HasSubstr("it runs EG25GGBR07A07M2G")));
  EXPECT_EQ(chip(serve, {"backup", out}).exit, 2) << "what is there is never written over";
}

TEST_F(Backup, OfAnotherModuleIsRefusedAndNothingLiftsThat) {
  Serve first({"eg25-g"});
  ASSERT_EQ(chip(first, {"backup", out, "--partition", "EFS2"}).exit, 0);
  Serve two({"eg25-g", "eg25-g"});
  auto second = run({"--bus", two.bus(), "--json", "list"});
  auto refused = [&](const std::string& port) {
    return chip(two, {"--modem", "port:" + port, "restore", out, "--yes"});
  };
  auto other = refused("1-2");
  EXPECT_EQ(other.exit, 4) << other.err << second.out;
  EXPECT_THAT(other.err, AllOf(HasSubstr("other-module"), HasSubstr("the modem runs")));
}

TEST_F(Backup, OfFilesAndNvItemsIsMadeOfAModemThatRuns) {
  Serve serve({"eg25-g"});
  auto tar = dir / "efs.tar";
  auto made = run({"--bus", serve.bus(), "--data", dir / "data", "backup", "--efs", tar});
  ASSERT_EQ(made.exit, 0) << made.err;
  EXPECT_THAT(made.out, AllOf(HasSubstr("made and verified"), HasSubstr("1 NV items")));
  EXPECT_EQ(std::system(("cd '" + dir.path() + "' && mkdir t && tar -xf efs.tar -C t").c_str()), 0);
  EXPECT_EQ(test::text_of(dir / "t/efs/nvm/num/550").size(), 9U);
  EXPECT_EQ(test::text_of(dir / "t/nv/00550").size(), 128U);
  EXPECT_THAT(test::text_of(dir / "t/manifest.json"), HasSubstr("\"target\":\"/nv/item_files/rfnv\""));
  EXPECT_EQ(run({"backup", "--efs", tar, "--verify"}).exit, 0);
  auto named_otherwise = dir / "copy";
  std::filesystem::copy(tar, named_otherwise);
  auto known = verify(named_otherwise);
  EXPECT_EQ(known.exit, 0) << known.err;
  EXPECT_THAT(known.out, AllOf(HasSubstr("is whole"), HasSubstr("files, 1 NV items")));
  EXPECT_EQ(run({"--bus", serve.bus(), "--data", dir / "data", "backup", "--efs", tar}).exit, 2);
  EXPECT_EQ(run({"backup", "--efs", package + "/update/sbl1.mbn", "--verify"}).exit, 5);
}

/// Of a chip that can be read only what can be restored is a backup; and either kind is known by what it holds.
TEST_F(Backup, OfFilesIsNoneForAModemWhoseChipCanBeRead) {
  Serve serve({"eg25-g"});
  auto tar = dir / "efs.zip";
  ASSERT_EQ(run({"--bus", serve.bus(), "--data", dir / "data", "backup", "--efs", tar}).exit, 0);
  auto refused = run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "efs", "--backup", tar});
  EXPECT_EQ(refused.exit, 4) << refused.err;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("nothing writes back"), HasSubstr("modemedic backup OUT")));
  ASSERT_EQ(chip(serve, {"backup", out, "--partition", "EFS2"}).exit, 0);
  EXPECT_EQ(run({"backup", "--efs", out, "--verify"}).exit, 0);
}

TEST_F(Backup, WithoutAYesTheModemStaysWhereItIs) {
  Serve serve({"eg25-g"});
  ASSERT_EQ(run({"--bus", serve.bus(), "--data", dir / "data", "backup", "--efs", dir / "efs.tar"}).exit, 0);
  std::ofstream(dir / "image") << "an image";
  for (const auto& words :
       {std::vector<std::string>{"edl", "erase", "misc"}, {"edl", "write", "misc", dir / "image"}}) {
    auto refused = chip(serve, words);
    EXPECT_EQ(refused.exit, 2) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("--yes"));
  }
  EXPECT_FALSE(serve.has_said("eg25-g: edl")) << serve.said();
  ASSERT_EQ(chip(serve, {"backup", out, "--partition", "EFS2"}).exit, 0);
  EXPECT_TRUE(serve.has_said("eg25-g: edl")) << serve.said();
  auto visits = [&] {
    serve.has_said("");  // reads what there is
    std::size_t count = 0;
    for (auto at = serve.said().find("eg25-g: edl"); at != std::string::npos;
         at = serve.said().find("eg25-g: edl", at + 1)) {
      ++count;
    }
    return count;
  };
  auto before = visits();
  auto refused = chip(serve, {"restore", out});
  EXPECT_EQ(refused.exit, 2) << refused.err;
  EXPECT_EQ(visits(), before);
}

TEST_F(Backup, ThatIsCutOrChangedIsFoundOut) {
  Serve serve({"eg25-g"});
  ASSERT_EQ(chip(serve, {"backup", out, "--partition", "EFS2"}).exit, 0);
  auto whole = test::text_of(out);
  auto spoiled = dir / "spoiled.zip";
  for (auto size : {whole.size() / 2, whole.size() - 1, std::size_t{0}}) {
    std::ofstream(spoiled, std::ios::binary) << whole.substr(0, size);
    EXPECT_EQ(verify(spoiled).exit, 5) << size;
  }
  for (std::size_t at = whole.find("EFS2") + 8; at < whole.size() / 2; at += whole.size() / 7) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    std::ofstream(spoiled, std::ios::binary) << changed;
    EXPECT_EQ(verify(spoiled).exit, 5) << at;
  }
  EXPECT_EQ(verify(package).exit, 5);
  EXPECT_EQ(verify(dir / "absent.zip").exit, 11);
}

}  // namespace
}  // namespace modemedic::tests
