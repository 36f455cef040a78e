#include "support/command.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <gmock/gmock.h>

/// A flash was cut, and then something happened to its journal. It is a hint, never a proof: whatever is wrong with it,
/// the flash that follows works, and ends proven.
namespace modemedic::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class JournalOfACutFlash : public testing::Test {
protected:
  JournalOfACutFlash() {
    EXPECT_EQ(
        run({"virtual", "package", "eg25-g", package, "--revision", "EG25GGBR07A08M2G_30.006.30.006", "--small"}).exit,
        0);
    Serve serve({"eg25-g", "--state", dir / "chip", "--fault", "cut@2000000"});
    EXPECT_EQ(run({"--bus", serve.bus(), "--data", data, "flash", package, "--yes"}).exit, 6);
  }

  std::string path() const { return fs::directory_iterator(data + "/journal")->path(); }

  /// Lets `change` rewrite the journal's text.
  void edit(const std::function<void(std::string&)>& change) const {
    std::stringstream text;
    text << std::ifstream(path()).rdbuf();
    auto changed = text.str();
    change(changed);
    std::ofstream(path(), std::ios::trunc) << changed;
  }

  void replace(const std::string& old, const std::string& with) const {
    edit([&](std::string& text) {
      auto at = text.find(old);
      ASSERT_NE(at, std::string::npos) << text;
      text.replace(at, old.size(), with);
    });
  }

  Ended command(const std::vector<std::string>& words) const {
    Serve serve({"eg25-g", "--state", dir / "chip"});
    std::vector<std::string> all{"--bus", serve.bus(), "--data", data};
    all.insert(all.end(), words.begin(), words.end());
    return run(all);
  }

  Ended flash() const { return command({"flash", package, "--yes"}); }

  TempDir dir;
  std::string package = dir / "fw";
  std::string data = dir / "data";
};

TEST_F(JournalOfACutFlash, IsGoneOnWith) {
  auto done = flash();
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("stood already"));
}

TEST_F(JournalOfACutFlash, OfAnotherModemIsNotThisOnes) {
  edit([](std::string& text) {
    auto at = text.find("\"serial\":\"") + 10;
    text.replace(at, 8, "00c0ffee");
  });
  auto without = command({"rescue", "--yes"});
  EXPECT_EQ(without.exit, 4) << without.err;
  EXPECT_THAT(without.err, HasSubstr("rule package"));
  auto done = flash();
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("done and proven"), Not(HasSubstr("stood already"))));
}

TEST_F(JournalOfACutFlash, OfAnotherPackageIsNotGoneOnWith) {
  replace("\"plan\":\"", "\"plan\":\"0");
  auto without = command({"rescue", "--yes"});
  EXPECT_EQ(without.exit, 4) << without.err;
  EXPECT_THAT(without.err, HasSubstr("not what it was then"));
  auto done = flash();
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, Not(HasSubstr("stood already")));
}

TEST_F(JournalOfACutFlash, OfTheFutureIsLeftAlone) {
  replace("{\"journal\":1", "{\"journal\":2");
  auto done = flash();
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("no journal that this version understands"));
  EXPECT_THAT(done.out, Not(HasSubstr("stood already")));
  EXPECT_TRUE(fs::exists(path()));
}

TEST_F(JournalOfACutFlash, MayBeTornOrGarbage) {
  for (const auto* what : {"torn", "empty", "garbage"}) {
    SCOPED_TRACE(what);
    edit([&](std::string& text) {
      text = *what == 't' ? text.substr(0, text.size() / 2) : *what == 'e' ? "" : std::string(5000, '\x80') + "\n{\n";
    });
    auto done = flash();
    EXPECT_EQ(done.exit, 0) << done.err;
    EXPECT_THAT(done.out, HasSubstr("done and proven"));
  }
}

/// It says that more was written than was: what counts is what is read.
TEST_F(JournalOfACutFlash, MayLie) {
  edit([](std::string& text) {
    for (const auto* name : {"system", "modem", "boot", "recovery", "aboot", "TZ", "RPM", "MIBIB", "SBL", "../x"}) {
      text += std::string(R"({"event":"done","at_ms":1,"step":"program","name":")") + name + "\"}\n";
    }
  });
  auto done = flash();
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("done and proven"));
}

TEST_F(JournalOfACutFlash, CanNotAskForAnyFile) {
  replace("\"package\":\"" + package, "\"package\":\"/dev/zero\",\"x\":\"");
  auto done = command({"rescue", "--yes"});
  EXPECT_EQ(done.exit, 4) << done.err;
  EXPECT_THAT(done.err, HasSubstr("can't be used"));
}

/// Where a file is in the way of the folder nothing can be written, for whoever it is.
TEST(Journal, IsNoConditionForAFlash) {
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(
      run({"virtual", "package", "eg25-g", package, "--revision", "EG25GGBR07A08M2G_30.006.30.006", "--small"}).exit,
      0);
  std::ofstream(dir / "data") << "in the way";
  Serve serve({"eg25-g"});
  auto done = run({"--bus", serve.bus(), "--data", dir / "data", "flash", package, "--yes"});
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("no journal can be kept"));
}

TEST(TwoJobs, ForOneModemAreOneTooMany) {
  TempDir dir;
  auto package = dir / "fw";
  ASSERT_EQ(run({"virtual", "package", "eg25-g", package, "--revision", "EG25GGBR07A08M2G_30.006.30.006"}).exit, 0);
  Serve serve({"eg25-g:edl", "--real-timing"});
  ASSERT_TRUE(serve.wait_for("1-1 eg25-g: edl")) << serve.said();
  Background first({"--bus", serve.bus(), "--data", dir / "data", "flash", package, "--yes", "--override", "unknown"});
  ASSERT_TRUE(first.wait_for("] program ")) << first.said();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"flash", package, "--yes", "--override", "unknown"},
        {"rescue", package, "--yes", "--override", "unknown"},
        {"rehearse", package, "--on-device", "--override", "unknown"}}) {
    std::vector<std::string> all{"--bus", serve.bus(), "--data", dir / "data"};
    all.insert(all.end(), words.begin(), words.end());
    auto second = run(all);
    EXPECT_THAT(second.exit, AnyOf(9, 3, 4)) << words.front() << ": " << second.err;
  }
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait(), 10) << "and the first went on, until it was stopped: " << first.said();
}

}  // namespace
}  // namespace modemedic::tests
