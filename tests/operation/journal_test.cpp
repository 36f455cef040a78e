#include "operation/journal.h"

#include "operation/past_jobs.h"
#include "rehearsal/memory_journals.h"
#include "support/longest_file.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using rehearsal::MemoryJournals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const JobStart start{
    .command = "flash", .time = "2026-11-21T09:30:00Z", .port = "1-1.4", .package = "fw.zip", .plan = "abc"};

const protocol::ChipIdentity chip{.serial = 0x1badcafe, .hwid = 0x000480e100000000, .pk_hash = {}};

plan::Step step(plan::Step::Kind kind, const std::string& name) {
  plan::Step step;
  step.kind = kind;
  step.name = name;
  return step;
}

/// A job up to the middle of its second image.
void cut_in_system(Journal& journal) {
  Identity identity;
  identity.model = "EC25";
  identity.revision = "EC25EFAR06A07M4G";
  identity.imei = "866425030000014";
  journal.identity(identity);
  journal.chip(chip);
  for (const auto* name : {"SBL", "boot", "system"}) {
    journal.begun(step(plan::Step::Kind::erase, name));
    journal.done(step(plan::Step::Kind::erase, name));
  }
  journal.begun(step(plan::Step::Kind::program, "boot"));
  journal.done(step(plan::Step::Kind::program, "boot"));
  journal.begun(step(plan::Step::Kind::program, "system"));
}

std::vector<std::string> warnings(const EventRecorder& recorder) {
  std::vector<std::string> texts;
  for (const auto& event : recorder.events) {
    if (const auto* log = std::get_if<event::Log>(&event)) {
      texts.push_back(log->text);
    }
  }
  return texts;
}

TEST(Journal, TellsOfAJobThatWasCut) {
  MemoryJournals store;
  SteadyClock clock;
  EventRecorder events;
  Journal journal(&store, start, clock, events);
  cut_in_system(journal);

  auto jobs = read_past_jobs(store, 10, events);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].command, "flash");
  EXPECT_EQ(jobs[0].port, "1-1.4");
  EXPECT_EQ(jobs[0].plan, "abc");
  EXPECT_EQ(jobs[0].revision, "EC25EFAR06A07M4G");
  EXPECT_EQ(jobs[0].imei, "866425030000014");
  EXPECT_EQ(jobs[0].chip_serial, "1badcafe");
  EXPECT_THAT(jobs[0].erased, ElementsAre("SBL", "boot", "system"));
  EXPECT_THAT(jobs[0].programmed, ElementsAre("boot"));
  EXPECT_FALSE(jobs[0].result);
  EXPECT_EQ(unfinished_job(jobs, chip, "1-1.4"), jobs.data());
  EXPECT_EQ(unfinished_job(jobs, {.serial = 0x1badcaff, .hwid = {}, .pk_hash = {}}, "1-1.4"), nullptr)
      << "another chip";
  EXPECT_EQ(unfinished_job(jobs, {}, "1-1.4"), jobs.data()) << "a chip that doesn't tell, at the same port";
  EXPECT_EQ(unfinished_job(jobs, {}, "1-1"), nullptr) << "a chip that doesn't tell, elsewhere";
  EXPECT_THAT(warnings(events), IsEmpty());
}

TEST(Journal, OfAJobThatEndedWellIsNotUnfinished) {
  MemoryJournals store;
  SteadyClock clock;
  EventRecorder events;
  {
    Journal journal(&store, start, clock, events);
    cut_in_system(journal);
  }
  Journal later(&store, start, clock, events);
  cut_in_system(later);
  later.verdict({});
  auto jobs = read_past_jobs(store, 10, events);
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(unfinished_job(jobs, chip, "1-1.4"), nullptr) << "the latest job of a chip counts";
}

TEST(Journal, KeepsTheFailureOfAJob) {
  MemoryJournals store;
  SteadyClock clock;
  EventRecorder events;
  Journal journal(&store, start, clock, events);
  cut_in_system(journal);
  journal.verdict(fail(Code::modem_lost).what("it left the \x01 bus \xff"));
  EXPECT_THAT(store.files.begin()->second, HasSubstr(R"("code":"modem_lost","what":"it left the \u0001 bus)"));
  auto jobs = read_past_jobs(store, 10, events);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].result, "failed");
  EXPECT_NE(unfinished_job(jobs, chip, "1-1.4"), nullptr);
}

TEST(Journal, TornAtAnyByteTellsNoMoreThanWasWritten) {
  MemoryJournals store;
  SteadyClock clock;
  EventRecorder events;
  Journal journal(&store, start, clock, events);
  cut_in_system(journal);
  journal.verdict({});
  const auto whole = store.files.begin()->second;
  auto& content = store.files.begin()->second;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    content = whole.substr(0, length);
    auto jobs = read_past_jobs(store, 10, events);
    for (const auto& job : jobs) {
      ASSERT_TRUE(std::includes(job.erased.begin(), job.erased.end(), job.programmed.begin(), job.programmed.end()));
      ASSERT_TRUE(!job.result || length + 1 >= whole.size()) << "a verdict before its line was there";
      ASSERT_THAT(job.programmed, testing::Not(testing::Contains("system")));
    }
  }
}

TEST(Journal, OfAnyBytesIsHarmless) {
  MemoryJournals store;
  EventRecorder events;
  const std::string good = R"({"journal":1,"command":"flash","plan":"p"})";
  store.files = {
      {"a", ""},
      {"b", std::string(100, '\0')},
      {"c", R"({"journal":2,"plan":"from the future"})"},
      {"d", R"([1,2,3])"},
      {"e", good + "\n{\"event\":7}\n{\"event\":\"chip\",\"serial\":[]}\n17\nnull\n\n" + std::string(50000, '[')},
      {"f", good + "\n{\"event\":\"chip\",\"serial\":\"" + std::string(10000, 'x') + "\"}\n"}};
  auto jobs = read_past_jobs(store, 10, events);
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].chip_serial, "") << "longer than anything we write";
  EXPECT_EQ(warnings(events).size(), 4U);
  EXPECT_EQ(read_past_jobs(store, 1, events).size(), 1U);
}

TEST(Journal, OnAFullDiskSaysSoOnceAndLetsTheJobGoOn) {
  SteadyClock clock;
  for (std::size_t room = 0; room < 2000; room += 97) {
    MemoryJournals store;
    store.room = room;
    EventRecorder events;
    Journal journal(&store, start, clock, events);
    cut_in_system(journal);
    journal.verdict({});
    auto said = warnings(events);
    ASSERT_LE(said.size(), 1U);
    if (!said.empty()) {
      ASSERT_THAT(said[0], HasSubstr("begins anew"));
    }
  }
}

TEST(Journal, WithoutAStoreIsSilent) {
  SteadyClock clock;
  EventRecorder events;
  Journal journal(nullptr, start, clock, events);
  cut_in_system(journal);
  EXPECT_THAT(events.events, IsEmpty());
}

class FolderJournalsTest : public testing::Test {
protected:
  FolderJournalsTest() {
    std::string path = (std::filesystem::temp_directory_path() / "journals-XXXXXX").string();
    folder_ = mkdtemp(path.data());
  }

  ~FolderJournalsTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(FolderJournalsTest, KeepsThemApartAndInOrder) {
  FolderJournals store(folder_ / "deep" / "journal");
  EXPECT_THAT(*store.names(), IsEmpty()) << "the folder isn't there yet";
  auto first = store.create("2026-01-01");
  auto second = store.create("2026-01-01");
  auto third = store.create("2026-01-02");
  ASSERT_TRUE(first && second && third);
  ASSERT_TRUE((*first)->append("one\n"));
  ASSERT_TRUE((*first)->append("more\n"));
  EXPECT_THAT(*store.names(), ElementsAre("2026-01-02.jsonl", "2026-01-01.jsonl", "2026-01-01-1.jsonl"));
  EXPECT_EQ(*store.read("2026-01-01.jsonl", 1000), "one\nmore\n");
  EXPECT_EQ(*store.read("2026-01-01.jsonl", 5), "one\nm");
}

TEST_F(FolderJournalsTest, FollowsNoLinkAndWaitsForNoPipe) {
  FolderJournals store(folder_);
  std::ofstream(folder_ / "secret") << "secret";
  std::filesystem::create_symlink(folder_ / "secret", folder_ / "link.jsonl");
  EXPECT_FALSE(store.read("link.jsonl", 100));
}

/// As on a full disk: the file may not grow any more.
TEST_F(FolderJournalsTest, SaysWhenTheDiskIsFull) {
  FolderJournals store(folder_);
  auto file = store.create("2026");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->append("one\n"));
  auto appended = [&] {
    test::LongestFile full(6);
    return (*file)->append("more than fits\n");
  }();
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, Code::io);
  EXPECT_THAT(*store.read("2026.jsonl", 100), testing::StartsWith("one\n")) << "what is whole stays";
}

TEST_F(FolderJournalsTest, SaysWhenItCannotWrite) {
  std::ofstream(folder_ / "file") << "no folder";
  FolderJournals store(folder_ / "file" / "journal");
  auto created = store.create("2026");
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::io);
}

}  // namespace
}  // namespace modemedic::operation
