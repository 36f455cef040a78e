#include "catalog/catalog.h"

#include "catalog/choose.h"
#include "catalog/content.h"
#include "catalog/genuine.h"
#include "support/tool.h"
#include "virtual/generator.h"

#include <functional>
#include <thread>

#include <gmock/gmock.h>

namespace modemedic::catalog {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

template <typename T>
T must(Result<T> result) {
  return result ? std::move(*result) : throw std::runtime_error(result.error().what);
}

constexpr auto older = "EG25GGBR07A07M2G_30.004.30.004";
constexpr auto newer = "EG25GGBR07A08M2G_30.006.30.006";

class InCatalog : public testing::Test {
protected:
  /// Makes a package and reads it.
  firmware::Package package(const std::string& revision, const std::string& name,
                            const std::string& persona = "eg25-g") {
    auto files = must(twin::generate_package(must(twin::find_persona(persona)),
                                             firmware::parse_revision(revision).value(), {twin::Scale::small, false}));
    EXPECT_TRUE(twin::write_package(files, dir / name));
    return must(firmware::read_package(dir / name, {}, events));
  }

  Catalog open() { return must(Catalog::open(dir / "catalog", events)); }

  Added add(Catalog& catalog, const firmware::Package& package) {
    return must(catalog.add(package, {}, "name", "2026-11-21T10:00:00Z", events, {}));
  }

  std::size_t places() {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(fs::path(dir.path()) / "catalog/packages"), fs::directory_iterator()));
  }

  test::TemporaryDirectory dir;
  EventRecorder events;
};

TEST_F(InCatalog, ContentHasTheDigestThatPublicToolsCompute) {
  auto folder = package(newer, "folder");
  auto content = must(content_digest(folder, events, {}));
  auto tools = test::run("cd " + (dir / "folder") + "/" + folder.root +
                         " && find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum");
  EXPECT_EQ(tools.output, hex_digits(content) + "  -\n");
  EXPECT_EQ(content, must(content_digest(package(newer, "archive.zip"), events, {})));
  EXPECT_NE(content, must(content_digest(package(older, "other"), events, {})));
}

TEST_F(InCatalog, APackageIsKnownByItsContentWhateverItCameIn) {
  auto catalog = open();
  auto first = add(catalog, package(newer, "folder"));
  EXPECT_TRUE(first.is_new);
  auto second = add(catalog, package(newer, "archive.zip"));
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(second.entry.content, first.entry.content);
  EXPECT_THAT(must(catalog.entries()), SizeIs(1));
  EXPECT_EQ(places(), 1U);
}

TEST_F(InCatalog, AnEntryKeepsAllThatTheRulesAsk) {
  auto catalog = open();
  auto original = package(newer, "folder");
  add(catalog, original);
  auto entry = must(open().entries()).front();
  auto facts = knowledge::facts_of(original);
  EXPECT_EQ(entry.facts.revision, facts.revision);
  EXPECT_EQ(entry.facts.chip, facts.chip);
  EXPECT_EQ(entry.facts.foreign, facts.foreign);
  EXPECT_EQ(entry.facts.maker, facts.maker);
  EXPECT_EQ(entry.facts.geometry, facts.geometry);
  EXPECT_EQ(entry.facts.table, facts.table);
  EXPECT_EQ(entry.facts.signing.state, facts.signing.state);
  EXPECT_EQ(entry.facts.signing.signing, facts.signing.signing);
  auto again = must(catalog.read(entry, events, {}));
  EXPECT_EQ(again.files.size(), original.files.size());
}

TEST_F(InCatalog, EveryChangedByteIsFound) {
  auto catalog = open();
  auto entry = add(catalog, package(newer, "folder")).entry;
  for (const auto* name : {"md5.txt", "update/sbl1.mbn", "contents.xml"}) {
    auto file = catalog.place(entry) / name;
    if (!fs::exists(file)) {
      continue;
    }
    auto bytes = test::read_file(file);
    bytes[bytes.size() / 2] ^= std::byte{1};
    test::write_file(file, bytes);
    EXPECT_FALSE(catalog.read(entry, events, {})) << name;
    bytes[bytes.size() / 2] ^= std::byte{1};
    test::write_file(file, bytes);
    EXPECT_TRUE(catalog.read(entry, events, {})) << name;
  }
  test::write_text(catalog.place(entry) / "update/one-more.bin", "a file that md5.txt does not name");
  EXPECT_THAT(catalog.read(entry, events, {}).error().what, HasSubstr("not what was added"));
}

TEST_F(InCatalog, AnUnreadableIndexIsMadeAnewFromThePackages) {
  {
    auto catalog = open();
    add(catalog, package(newer, "a"));
    add(catalog, package(older, "b"));
  }
  auto index = dir / "catalog/index.sqlite";
  for (const auto* spoilt : {"", "no database", "SQLite format 3"}) {
    test::write_text(index, spoilt);
    EXPECT_THAT(must(open().entries()), SizeIs(2)) << spoilt;
  }
  fs::remove(index);
  EXPECT_THAT(must(open().entries()), SizeIs(2));
}

TEST_F(InCatalog, AnIndexWithARowThatCannotBeReadIsMadeAnew) {
  {
    auto catalog = open();
    add(catalog, package(newer, "a"));
  }
  if (!test::have("sqlite3")) {
    auto bytes = test::read_file(dir / "catalog/index.sqlite");
    auto text = std::string(as_text(bytes));
    text.replace(text.find("\"geometry\""), 10, "\"geometrx\"");
    test::write_text(dir / "catalog/index.sqlite", text);
  } else {
    test::run("sqlite3 " + (dir / "catalog/index.sqlite") + " \"UPDATE package SET entry = '{}'\"");
  }
  EXPECT_THAT(must(open().entries()), SizeIs(1));
  EXPECT_TRUE(fs::exists(dir / "catalog/index.sqlite.unreadable"));
}

TEST_F(InCatalog, APackageWhoseAboutIsLostIsLeftAloneAndTold) {
  {
    auto catalog = open();
    auto entry = add(catalog, package(newer, "a")).entry;
    test::write_text(catalog.place(entry).parent_path() / "about.json", "{\"content\": 3}");
  }
  fs::remove(dir / "catalog/index.sqlite");
  events.events.clear();
  EXPECT_THAT(must(open().entries()), SizeIs(0));
  EXPECT_THAT(events.events, SizeIs(1));
  auto catalog = open();
  add(catalog, must(firmware::read_package(dir / "a", {}, events)));
  EXPECT_THAT(must(catalog.entries()), SizeIs(1));
}

TEST_F(InCatalog, ACopyThatWasNotFinishedLeavesNothing) {
  auto catalog = open();
  auto original = package(newer, "a");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(catalog.add(original, {}, "a", "now", events, stop.get_token()).error().code, Code::interrupted);
  auto image = dir / "a/" + original.root + "update/NON-HLOS.ubi";
  auto bytes = test::read_file(image);
  bytes.back() ^= std::byte{1};
  test::write_file(image, bytes);
  EXPECT_EQ(catalog.add(original, {}, "a", "now", events, {}).error().code, Code::package_bad);
  EXPECT_EQ(places(), 0U);
  EXPECT_THAT(must(catalog.entries()), SizeIs(0));
}

TEST_F(InCatalog, TwoMayAddAtTheSameTime) {
  auto first = package(newer, "a");
  auto second = package(older, "b");
  auto work = [&](const firmware::Package& what) {
    EventRecorder nobody;
    auto catalog = must(Catalog::open(dir / "catalog", nobody));
    EXPECT_TRUE(catalog.add(what, {}, "x", "now", nobody, {}));
  };
  for (int round = 0; round < 5; ++round) {
    std::jthread one(work, std::cref(first));
    std::jthread other(work, std::cref(second));
  }
  EXPECT_THAT(must(open().entries()), SizeIs(2));
  EXPECT_EQ(places(), 2U);
}

TEST_F(InCatalog, WhatIsRemovedIsGone) {
  auto catalog = open();
  auto entry = add(catalog, package(newer, "a")).entry;
  EXPECT_TRUE(catalog.remove(entry));
  EXPECT_THAT(must(catalog.entries()), SizeIs(0));
  EXPECT_EQ(places(), 0U);
}

/// A modemedic that is killed between the copy and its row in the index, or between deleting one and the other.
TEST_F(InCatalog, TheIndexFollowsWhatLiesThere) {
  Entry first;
  {
    auto catalog = open();
    first = add(catalog, package(newer, "a")).entry;
    add(catalog, package(older, "b"));
  }
  fs::rename(fs::path(dir.path()) / "catalog/index.sqlite", dir / "with-both");
  {
    auto catalog = open();
    ASSERT_TRUE(catalog.remove(first));
  }
  fs::rename(dir / "with-both", dir / "catalog/index.sqlite");
  auto left = must(open().entries());
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(left.front().facts.revision->text, older);

  fs::copy_file(dir / "catalog/index.sqlite", dir / "with-one");
  {
    auto catalog = open();
    add(catalog, package(newer, "c"));
  }
  fs::rename(dir / "with-one", dir / "catalog/index.sqlite");
  EXPECT_THAT(must(open().entries()), SizeIs(2));
}

TEST_F(InCatalog, ADamagedCopyIsReplacedByAWholeOne) {
  auto catalog = open();
  auto whole = package(newer, "a");
  auto entry = add(catalog, whole).entry;
  auto image = catalog.place(entry) / "update/NON-HLOS.ubi";
  auto bytes = test::read_file(image);
  bytes.back() ^= std::byte{1};
  test::write_file(image, bytes);
  ASSERT_FALSE(catalog.read(entry, events, {}));
  EXPECT_TRUE(add(catalog, whole).is_new);
  EXPECT_TRUE(catalog.read(entry, events, {}));
  test::write_text((catalog.place(entry).parent_path() / "about.json").string(), "{");
  EXPECT_TRUE(add(catalog, whole).is_new);
  EXPECT_EQ(places(), 1U);
  fs::remove(dir / "catalog/index.sqlite");
  EXPECT_THAT(must(open().entries()), SizeIs(1));
}

TEST_F(InCatalog, AnIndexThatCannotBeMadeIsNotPutAside) {
  fs::create_directories(fs::path(dir.path()) / "catalog/index.sqlite");  // a folder: no file can be made there
  auto opened = Catalog::open(dir / "catalog", events);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::io);
  EXPECT_TRUE(fs::is_directory(dir / "catalog/index.sqlite"));
}

TEST_F(InCatalog, AnEntryIsFoundByFourDigitsOrMore) {
  auto catalog = open();
  add(catalog, package(newer, "a"));
  add(catalog, package(older, "b"));
  auto entries = must(catalog.entries());
  auto digits = hex_digits(entries[1].content);
  EXPECT_EQ(must(find_entry(entries, digits.substr(0, 4))).content, entries[1].content);
  EXPECT_EQ(must(find_entry(entries, digits)).content, entries[1].content);
  for (const auto& wrong : {digits.substr(0, 3), std::string(), std::string("zzzz"), digits + "0"}) {
    EXPECT_EQ(find_entry(entries, wrong).error().code, Code::usage) << wrong;
  }
}

TEST_F(InCatalog, TheNewestThatTheModemMayTakeComesFirst) {
  auto catalog = open();
  add(catalog, package(older, "a"));
  add(catalog, package(newer, "b"));
  add(catalog, package("EC25EFAR06A15M4G_01.002.01.002", "c", "ec25-e"));
  auto entries = must(catalog.entries());
  knowledge::ModemFacts modem;
  modem.revision = firmware::parse_revision(older);
  modem.geometry = knowledge::parse_cells("p2K_b128K");
  const auto& rules = knowledge::rules();
  ASSERT_TRUE(rules);
  auto judged = judge_entries(entries, modem, {}, *rules);
  std::vector<std::string> order;
  for (const auto& one : judged) {
    order.push_back(one.entry->facts.revision->text + (one.allowed() ? "" : " refused"));
  }
  EXPECT_THAT(order, ElementsAre(newer, older, "EC25EFAR06A15M4G_01.002.01.002 refused"));
  EXPECT_FALSE(judge_entries(entries, modem, {{"mode", "it is away"}}, *rules).front().allowed());
}

TEST(Newer, IsToldByBaselineReleaseAndSubVersionOfOneOrderCode) {
  auto compare = [](const std::string& a, const std::string& b) {
    return is_newer(firmware::parse_revision(a).value(), firmware::parse_revision(b).value());
  };
  EXPECT_TRUE(compare("EG25GGBR07A08M2G_30.006.30.006", "EG25GGBR07A07M2G_30.009.30.009"));
  EXPECT_TRUE(compare("EG25GGBR07A08M2G_30.010.30.010", "EG25GGBR07A08M2G_30.009.30.009"));
  EXPECT_TRUE(compare("EG25GGBR08A01M2G_01.001.01.001", "EG25GGBR07A08M2G_30.009.30.009"));
  EXPECT_TRUE(compare("EG25GGBR07A10M2G", "EG25GGBR07A08M2G_30.009.30.009"));
  EXPECT_FALSE(compare("EG25GGBR07A08M2G", "EG25GGBR07A08M2G"));
  EXPECT_FALSE(compare("EC25EFAR09A01M4G", "EG25GGBR07A08M2G"));
}

TEST(EntryText, ThatIsNotOursIsRefused) {
  Entry entry;
  entry.name = "a \"name\" \xff with bytes";
  entry.facts.table = firmware::PartitionTable{{"SBL", {{0}, {10}}}};
  entry.faults = {{"method", "why"}};
  auto text = to_json(entry);
  auto back = must(entry_from_json(text));
  EXPECT_EQ(back.facts.table, entry.facts.table);
  EXPECT_EQ(back.faults.size(), 1U);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(entry_from_json(text.substr(0, size)));
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = '[';
    static_cast<void>(entry_from_json(changed));  // and does not crash
  }
}

class Lists : public InCatalog {
protected:
  void SetUp() override {
    if (!test::have("minisign")) {
      GTEST_SKIP() << "no minisign on this machine";
    }
    sh("minisign -G -W -p key.pub -s key.sec");
  }

  void sh(const std::string& command) {
    auto ran = test::run("cd " + dir.path() + " && " + command);
    ASSERT_EQ(ran.status, 0) << ran.output;
  }

  void sign(const std::string& text) {
    test::write_text(dir / "list.txt", text);
    sh("minisign -S -s key.sec -m list.txt -t 'the vendor'");
  }

  std::string folder() { return dir / "catalog"; }
};

TEST_F(Lists, VouchForWhatATrustedKeySigned) {
  Sha256 content{};
  content[0] = std::byte{0xAB};
  sign("# ours\n\n" + hex_digits(content) + "  EG25 of May\r\n");
  EXPECT_EQ(take_list(folder(), dir / "list.txt").error().code, Code::refused);
  ASSERT_TRUE(trust_key(folder(), dir / "key.pub"));
  EXPECT_EQ(must(take_list(folder(), dir / "list.txt")).packages, 1U);
  auto genuine = Genuine::read(folder(), events);
  ASSERT_NE(genuine.find(content), nullptr);
  EXPECT_EQ(genuine.find(content)->name, "EG25 of May");
  EXPECT_EQ(genuine.find(content)->said, "the vendor");
  EXPECT_EQ(genuine.find(Sha256{}), nullptr);
}

/// A list from which a package was taken out can't be undone by the list that came before.
TEST_F(Lists, ThatAreOlderDoNotTakeTheNewersPlace) {
  ASSERT_TRUE(trust_key(folder(), dir / "key.pub"));
  auto take = [&](const std::string& comment, char digit, Taking taking = Taking::newer) {
    test::write_text(dir / "list.txt", std::string(64, digit) + "  x\n");
    sh("minisign -S -s key.sec -m list.txt -t '" + comment + "'");
    auto taken = take_list(folder(), dir / "list.txt", taking);
    return taken ? "in place of " + taken->replaced : std::string(name(taken.error().code));
  };
  Sha256 newest{};
  newest.fill(std::byte{0xBB});
  EXPECT_EQ(take("timestamp:1000\tfile:list.txt", 'a'), "in place of ");
  EXPECT_EQ(take("timestamp:2000\tfile:list.txt", 'b'), "in place of timestamp:1000 file:list.txt");
  EXPECT_EQ(take("timestamp:2000\tfile:list.txt", 'b'), "in place of ") << "the same";
  for (const auto* comment : {"timestamp:1999\tfile:list.txt", "the vendor", "timestamp:", "timestamp:3000x",
                              "timestamp:99999999999999999999"}) {
    EXPECT_EQ(take(comment, 'c'), "refused") << comment;
  }
  EXPECT_NE(Genuine::read(folder(), events).find(newest), nullptr);
  EXPECT_EQ(take("timestamp:1999", 'c', Taking::any), "in place of timestamp:2000 file:list.txt");
  EXPECT_EQ(Genuine::read(folder(), events).find(newest), nullptr);
  EXPECT_EQ(take("timestamp:1999", 'd'), "in place of timestamp:1999") << "in the same second";
}

/// Nobody knows which of them is older: the person is told what goes.
TEST_F(Lists, WithoutATimeMayBeReplaced) {
  ASSERT_TRUE(trust_key(folder(), dir / "key.pub"));
  sign(std::string(64, 'a') + "  x\n");
  ASSERT_TRUE(take_list(folder(), dir / "list.txt"));
  sign(std::string(64, 'b') + "  x\n");
  EXPECT_EQ(must(take_list(folder(), dir / "list.txt")).replaced, "the vendor");
}

TEST_F(Lists, ThatWereChangedAfterwardsVouchForNothing) {
  sign(std::string(64, 'a') + "  x\n");
  ASSERT_TRUE(trust_key(folder(), dir / "key.pub"));
  ASSERT_TRUE(take_list(folder(), dir / "list.txt"));
  for (const auto& file : fs::directory_iterator(folder() + "/lists")) {
    if (file.path().extension() == ".txt") {
      test::write_text(file.path().string(), std::string(64, 'b') + "  x\n");
    }
  }
  events.events.clear();
  EXPECT_FALSE(Genuine::read(folder(), events).has_lists());
  EXPECT_THAT(events.events, SizeIs(1));
}

/// Somebody who hopes that a key is known by its eight bytes of id alone.
TEST_F(Lists, OfAnotherKeyWithTheSameIdAreNotBelieved) {
  ASSERT_TRUE(trust_key(folder(), dir / "key.pub"));
  ASSERT_TRUE(trust_key(folder(), dir / "key.pub"));  // the same again
  auto text = test::text_of(dir / "key.pub");
  auto at = text.size() - 10;
  text[at] = text[at] == 'A' ? 'B' : 'A';
  test::write_text(dir / "twin.pub", text);
  EXPECT_EQ(trust_key(folder(), dir / "twin.pub").error().code, Code::refused);
  sign(std::string(64, 'a') + "  x\n");
  EXPECT_TRUE(take_list(folder(), dir / "list.txt"));
}

TEST_F(Lists, OfWhateverElseAreRefused) {
  ASSERT_TRUE(trust_key(folder(), dir / "key.pub"));
  for (const auto& text : {std::string("x\n"), std::string(63, 'a') + "  x\n", std::string(64, 'g') + "  x\n",
                           std::string(64, 'a') + "\n", std::string(64, 'a') + "xx y\n"}) {
    sign(text);
    EXPECT_EQ(take_list(folder(), dir / "list.txt").error().code, Code::usage) << text;
  }
  fs::remove(dir / "list.txt.minisig");
  EXPECT_EQ(take_list(folder(), dir / "list.txt").error().code, Code::io);
  EXPECT_EQ(take_list(folder(), dir / "absent.txt").error().code, Code::io);
  EXPECT_EQ(trust_key(folder(), dir / "list.txt").error().code, Code::usage);
}

}  // namespace
}  // namespace modemedic::catalog
