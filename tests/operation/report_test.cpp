#include "operation/report.h"

#include "support/tool.h"
#include "support/twin_bench.h"

#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto now = "2026-11-21T09:30:00Z";

/// All that is in a zip, file after file, as unzip sees it.
std::string unzipped(const std::string& path) {
  return test::run("unzip -p '" + path + "'").output + test::run("unzip -l '" + path + "'").output;
}

/// What a report on this modem has in it, with texts in which its numbers turn up where nobody expects them.
std::vector<ReportFile> files_of(TwinBench& bench, const Asked& asked, const ModemRecord& record) {
  auto found = must(bench.find());
  found.device.fingerprint.serial = asked.identity.imei;  // some modems do that
  auto files = report_of(found, asked, ModemRecords::Known{record, true});
  files.push_back({"errors.txt", "the last errors of " + asked.identity.imei,
                   "modemedic: --modem imei:" + asked.identity.imei + ": no such modem\n/home/bob/" +
                       asked.identity.iccid + ".zip: the answer stopped in the middle of " +
                       asked.identity.imei.substr(0, 12)});
  files.push_back(
      {"journal/" + asked.identity.imei + ".jsonl", "a journal", "{\"imei\":\"" + asked.identity.imei + "\"}"});
  return files;
}

class Report : public testing::Test {
protected:
  static Asked ask(TwinBench& bench) {
    return ask_modem(bench.bus, must(bench.find()), Deadline::in(bench.clock, 5s), bench.events);
  }

  test::TemporaryDirectory dir;
};

TEST_F(Report, HasNoUnmaskedDigitOfImeiAndIccidAnywhere) {
  std::mt19937 random(11);
  for (int round = 0; round < 12; ++round) {
    TwinBench::Options options;
    options.persona = round % 2 == 0 ? "eg25-g" : "ec25-e";
    options.serial = fmt::format("{:08x}", random());
    TwinBench bench(options);
    auto asked = ask(bench);
    ASSERT_EQ(asked.identity.imei.size(), 15U);
    ModemRecord record;
    record.learn(asked.identity, now);
    Mask mask;
    hide_identity(asked.identity, mask);
    auto path = dir / fmt::format("report-{}.zip", round);
    must(write_report(path, files_of(bench, asked, record), mask, now));
    auto all = unzipped(path);
    for (const auto& secret : {asked.identity.imei, asked.identity.iccid}) {
      for (std::size_t from = 0; from + 9 <= secret.size(); ++from) {
        EXPECT_EQ(all.find(secret.substr(from, 9)), std::string::npos) << secret.substr(from, 9);
      }
    }
    EXPECT_THAT(all, AllOf(HasSubstr(asked.identity.imei.substr(0, 8) + "xxxxx" + asked.identity.imei.substr(13)),
                           HasSubstr(asked.identity.revision), HasSubstr("/home/(user)/"), Not(HasSubstr("bob"))));
  }
}

TEST_F(Report, IsAWholeZipThatSaysWhatIsInIt) {
  TwinBench bench;
  auto asked = ask(bench);
  Mask mask;
  hide_identity(asked.identity, mask);
  auto path = dir / "report.zip";
  must(write_report(path, report_of(must(bench.find()), asked, std::nullopt), mask, now));
  EXPECT_EQ(test::run("unzip -t '" + path + "'").status, 0);
  EXPECT_THAT(test::run("7z t '" + path + "'").output, HasSubstr("Everything is Ok"));
  EXPECT_THAT(test::run("unzip -p '" + path + "' README.txt").output,
              AllOf(HasSubstr(now), HasSubstr("identity.json"), HasSubstr("are masked"), HasSubstr("before you send")));
  EXPECT_THAT(test::run("unzip -p '" + path + "' fingerprint.txt").output,
              AllOf(HasSubstr("2c7c:0125, bcdDevice 3.18"), HasSubstr("interface 0: ff/ff/ff: bulk 0x81 512")));
}

TEST_F(Report, IsUnmaskedOnlyWhenThePersonSaysSo) {
  TwinBench bench;
  auto asked = ask(bench);
  auto path = dir / "report.zip";
  must(write_report(path, report_of(must(bench.find()), asked, std::nullopt), Mask::off(), now));
  EXPECT_THAT(unzipped(path), AllOf(HasSubstr(asked.identity.imei), HasSubstr("NOTHING IS MASKED")));
}

TEST_F(Report, OfAModemInEdlSaysWhatTheChipToldAndWhatIsRemembered) {
  TwinBench::Options options;
  options.start = twin::Mode::edl;
  TwinBench bench(options);
  auto asked = ask(bench);
  ModemRecord record;
  record.imei = "867391041234565";
  record.add(JobDone{now, "flash", "modem_lost", "the modem left the bus"});
  auto path = dir / "report.zip";
  must(write_report(path, report_of(must(bench.find()), asked, ModemRecords::Known{record, false}), Mask(), now));
  EXPECT_THAT(unzipped(path),
              AllOf(HasSubstr("49cbd7ef"), HasSubstr("000480e100000000"), HasSubstr("it may be another"),
                    HasSubstr("the modem left the bus"), Not(HasSubstr("8673910412"))));
}

TEST_F(Report, TakesTheLatestJournals) {
  FolderJournals journals(dir / "journal");
  for (int i = 0; i < 8; ++i) {
    must(must(journals.create(fmt::format("2026-11-2{}T09:30:00Z", i)))->append(fmt::format("{{\"n\":{}}}\n", i)));
  }
  auto files = report_of(journals);
  ASSERT_EQ(files.size(), 5U);
  EXPECT_EQ(files[0].text, "{\"n\":7}\n");
  EXPECT_TRUE(report_of(FolderJournals(dir / "none")).empty());
}

TEST_F(Report, ObeysNoNameAndNoControlCharacter) {
  auto path = dir / "report.zip";
  must(write_report(
      path, {{"../../etc/passwd", "", "x"}, {"/abs", "", "y"}, {"", "", "\x1b[2J"}, {"a\nb", "", std::string(1, '\0')}},
      Mask(), now));
  auto list = test::run("unzip -Z1 '" + path + "'").output;
  EXPECT_THAT(list, AllOf(Not(HasSubstr("..")), Not(HasSubstr("\n/"))));
  EXPECT_THAT(test::run("unzip -p '" + path + "'").output, AllOf(Not(HasSubstr("\x1b")), HasSubstr("\\x1b[2J")));
}

TEST_F(Report, IsNotWrittenOverAFile) {
  auto path = dir / "report.zip";
  test::write_file(path, as_bytes("precious"));
  auto refused = write_report(path, {}, Mask(), now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::io);
  EXPECT_EQ(as_text(test::read_file(path)), "precious");
}

TEST_F(Report, ThatCannotBeWrittenLeavesNothingBehind) {
  auto failed = write_report("/proc/nowhere/report.zip", {}, Mask(), now);
  ASSERT_FALSE(failed);
  EXPECT_FALSE(failed.error().hint.empty());
}

TEST_F(Report, StaysBoundedHoweverLongATextIs) {
  auto path = dir / "report.zip";
  must(write_report(path, {{"long.txt", "", std::string(20'000'000, 'a')}}, Mask(), now));
  EXPECT_LT(test::run("unzip -p '" + path + "' long.txt").output.size(), 1'100'000U);
}

}  // namespace
}  // namespace modemedic::operation
