#include "operation/save_files.h"

#include "knowledge/state.h"
#include "operation/flash.h"
#include "protocol/efs2_wire.h"
#include "protocol/hdlc.h"
#include "rehearsal/memory_journals.h"
#include "support/longest_file.h"
#include "support/twin_bench.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// A flash that goes by fastboot or download mode copies what is the module's own while it can still be read.
namespace modemedic::operation {
namespace {

namespace fs = std::filesystem;
using test::must;
using test::newer_package;
using test::newer_revision;
using test::TwinBench;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TwinBench::Options ec20(std::vector<std::string> faults = {}, twin::Mode start = twin::Mode::running) {
  TwinBench::Options options;
  options.persona = "ec20";
  options.faults = std::move(faults);
  options.start = start;
  return options;
}

/// What a person says who lets the copy be made.
struct Saving : test::FlashChoice {
  explicit Saving(const std::string& folder) {
    backups = folder;
    saves_files = true;
    time = "2026-11-21T09:30:00Z";
  }
};

/// The same for the way on which the partition table is sent.
struct Streaming : Saving {
  explicit Streaming(const std::string& folder) : Saving(folder) {
    method = plan::Method::download;
    overrides = {"efs"};
  }
};

/// A modem whose DIAG says nothing that anybody could understand, or opens no file of the calibration.
class LyingBus final : public usb::Bus {
public:
  enum class Lie { noise, no_calibration };

  LyingBus(usb::Bus& inner, Lie lie) : inner_(inner), lie_(lie) {}

  Result<std::vector<usb::DeviceInfo>> snapshot() override { return inner_.snapshot(); }

  Result<bool> wait_change(Deadline deadline) override { return inner_.wait_change(deadline); }

  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo& device, std::uint8_t interface_number) override {
    TRY_ASSIGN(auto pipe, inner_.open(device, interface_number));
    if (knowledge::diag_interface(device.fingerprint) != interface_number) {
      return pipe;
    }
    return std::make_unique<LyingPipe>(std::move(pipe), lie_);
  }

  Result<std::unique_ptr<usb::Reservation>> reserve(const usb::DeviceInfo& device, usb::Purpose purpose,
                                                    Events& events) override {
    return inner_.reserve(device, purpose, events);
  }

  const Clock& clock() const override { return inner_.clock(); }

private:
  class LyingPipe final : public usb::Pipe {
  public:
    LyingPipe(std::unique_ptr<usb::Pipe> inner, Lie lie) : inner_(std::move(inner)), lie_(lie) {}

    Result<void> send(ByteView bytes, usb::Zlp zlp, Deadline deadline) override {
      return inner_->send(replaced(bytes), zlp, deadline);
    }

    Result<void> flush(Deadline deadline) override { return inner_->flush(deadline); }

    Result<void> send_last(ByteView bytes, Deadline deadline) override { return inner_->send_last(bytes, deadline); }

    Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
      auto count = inner_->receive(into, deadline);
      if (count && lie_ == Lie::noise) {
        std::ranges::fill(into.first(*count), std::byte{0x5a});
      }
      return count;
    }

  private:
    /// The opening of a file that isn't there, for one of the calibration.
    Buffer replaced(ByteView bytes) const {
      constexpr std::string_view opens = "\x4b\x13\x02";
      auto text = as_text(bytes);
      if (lie_ == Lie::no_calibration && text.find(opens) != std::string_view::npos &&
          text.find("rfnv") != std::string_view::npos) {
        return protocol::hdlc_frame(protocol::efs2::open_request("/no/such/file"), false);
      }
      return {bytes.begin(), bytes.end()};
    }

    std::unique_ptr<usb::Pipe> inner_;
    Lie lie_;
  };

  usb::Bus& inner_;
  Lie lie_;
};

std::size_t files_in(const std::string& folder) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  return error ? 0 : static_cast<std::size_t>(std::distance(fs::begin(entries), fs::end(entries)));
}

void at_step(TwinBench& bench, const std::string& id, const std::function<void()>& what) {
  bench.events.on_event = [=](const Event& event) {
    const auto* step = std::get_if<event::Step>(&event);
    if (step != nullptr && step->id == id) {
      what();
    }
  };
}

TEST(SaveFiles, ByFastbootTheFilesAreSavedBeforeTheModemLeaves) {
  test::TemporaryDirectory folder;
  TwinBench bench(ec20());
  rehearsal::MemoryJournals journals;
  Saving choice(folder / "state/backups");
  choice.journals = &journals;
  auto report = bench.flash(*newer_package("ec20"), choice);
  ASSERT_TRUE(report) << report.error().what;
  ASSERT_TRUE(report->saved_files);
  EXPECT_EQ(report->saved_files->file, folder / "state/backups/port-1-1_2026-11-21T093000Z.tar");
  auto whole = must(verify_efs_archive(report->saved_files->file, {}));
  EXPECT_EQ(whole.imei, bench.modem->imei());
  EXPECT_EQ(whole.items, 1U);
  EXPECT_GT(whole.files, 0U);
  EXPECT_EQ(files_in(folder / "state/backups"), 1U) << "nothing is left beside it";
  auto rights = fs::status(folder / "state/backups").permissions();
  EXPECT_EQ(rights & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
  auto steps = bench.events.steps();
  auto at = [&](const char* id) { return std::find(steps.begin(), steps.end(), id) - steps.begin(); };
  EXPECT_LT(at("save"), at("switch"));
  EXPECT_LT(at("switch"), std::ssize(steps));
  auto names = must(journals.names());
  ASSERT_EQ(names.size(), 1U);
  EXPECT_THAT(must(journals.read(names.front(), 1_MiB)), HasSubstr("T093000Z.tar"));
}

TEST(SaveFiles, A9x07ByAnotherMethodIsSavedLikewise) {
  for (auto method : {plan::Method::fastboot, plan::Method::download}) {
    test::TemporaryDirectory folder;
    TwinBench bench;
    Saving choice(folder / "b");
    choice.method = method;
    choice.overrides = {"unknown"};
    auto report = bench.flash(*newer_package("eg25-g"), choice);
    ASSERT_TRUE(report) << plan::name(method) << ": " << report.error().what;
    ASSERT_TRUE(report->saved_files) << plan::name(method);
    EXPECT_EQ(must(verify_efs_archive(report->saved_files->file, {})).imei, bench.modem->imei());
  }
}

TEST(SaveFiles, WithoutAFolderNothingIsSavedAndNothingIsSaid) {
  TwinBench bench(ec20());
  auto report = bench.flash(*newer_package("ec20"));
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_FALSE(report->saved_files);
  EXPECT_THAT(bench.events.steps(), Not(Contains("save")));
  EXPECT_THAT(bench.events.log(), Not(HasSubstr("could not be saved")));
}

TEST(SaveFiles, TwoOfTheSameSecondAreTwoFiles) {
  test::TemporaryDirectory folder;
  fs::create_directories(folder / "b");
  std::ofstream(folder / "b/port-1-1_2026-11-21T093000Z.tar") << "of another";
  std::ofstream(folder / "b/port-1-1_2026-11-21T093000Z-1.tar.partial") << "on its way";
  TwinBench bench(ec20());
  auto report = bench.flash(*newer_package("ec20"), Saving(folder / "b"));
  ASSERT_TRUE(report) << report.error().what;
  ASSERT_TRUE(report->saved_files);
  EXPECT_EQ(report->saved_files->file, folder / "b/port-1-1_2026-11-21T093000Z-2.tar");
  std::ifstream other(folder / "b/port-1-1_2026-11-21T093000Z.tar");
  std::ostringstream text;
  text << other.rdbuf();
  EXPECT_EQ(text.str(), "of another");
}

/// What is not touched needs no copy: DIAG that is silent or isn't there, a modem that can't be asked, a folder that
/// can't be made.
TEST(SaveFiles, AFlashThatLeavesItAloneGoesOnWithoutACopy) {
  for (const auto* fault : {"diag-silent", "folder"}) {
    test::TemporaryDirectory folder;
    std::ofstream(folder / "file") << "no folder";
    auto faults = fault == std::string("folder") ? std::vector<std::string>{} : std::vector<std::string>{fault};
    TwinBench bench(ec20(faults));
    Saving choice(folder / (faults.empty() ? "file/b" : "b"));
    choice.method = plan::Method::fastboot;
    auto report = bench.flash(*newer_package("ec20"), choice);
    ASSERT_TRUE(report) << fault << ": " << report.error().what;
    EXPECT_FALSE(report->saved_files) << fault;
    EXPECT_THAT(bench.events.log(), HasSubstr("what is the module's own could not be saved")) << fault;
    EXPECT_EQ(files_in(folder / "b"), 0U) << fault;
  }
  test::TemporaryDirectory folder;
  TwinBench::Options options;
  options.faults = {"composition@no_diag"};
  TwinBench other(options);
  Saving by_at(folder / "b");
  by_at.method = plan::Method::fastboot;
  by_at.overrides = {"unknown"};
  auto report = other.flash(*newer_package("eg25-g"), by_at);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_THAT(other.events.log(), HasSubstr("no DIAG interface"));

  TwinBench waiting(ec20({}, twin::Mode::fastboot));
  Saving choice(folder / "b");
  choice.overrides = {"unknown"};
  ASSERT_TRUE(waiting.flash(*newer_package("ec20"), choice));
  EXPECT_THAT(waiting.events.log(), HasSubstr("from a modem that runs"));
}

TEST(SaveFiles, APortThatLogsAllTheTimeIsReadAllTheSame) {
  test::TemporaryDirectory folder;
  TwinBench bench(ec20({"diag-flood"}));
  auto report = bench.flash(*newer_package("ec20"), Saving(folder / "b"));
  ASSERT_TRUE(report) << report.error().what;
  ASSERT_TRUE(report->saved_files);
  EXPECT_EQ(must(verify_efs_archive(report->saved_files->file, {})).imei, bench.modem->imei());
}

TEST(SaveFiles, ThePartitionTableIsSentOnceTheCopyIsWhole) {
  test::TemporaryDirectory folder;
  TwinBench bench(ec20());
  Streaming choice(folder / "b");
  auto report = bench.flash(*newer_package("ec20"), choice);
  ASSERT_TRUE(report) << report.error().what << " / " << report.error().hint;
  ASSERT_TRUE(report->saved_files);
  EXPECT_EQ(report->after.revision, newer_revision("ec20"));
  auto steps = bench.events.steps();
  auto at = [&](const char* id) { return std::find(steps.begin(), steps.end(), id) - steps.begin(); };
  EXPECT_LT(at("save"), at("switch"));
}

TEST(SaveFiles, AFlashThatIsCutSaysThatItGoesOnWithThatCopy) {
  test::TemporaryDirectory folder;
  TwinBench bench(ec20({"wrong-address@5000"}));
  auto report = bench.flash(*newer_package("ec20"), Streaming(folder / "b's"));
  ASSERT_FALSE(report);
  EXPECT_EQ(files_in(folder / "b's"), 1U);
  EXPECT_THAT(report.error().hint, HasSubstr("--override efs --backup '" + (folder / "b'\\''s/port-1-1_")));
}

TEST(SaveFiles, AFullDiskIsNoCopyAndLeavesNone) {
  for (auto method : {plan::Method::fastboot, plan::Method::download}) {
    test::TemporaryDirectory folder;
    TwinBench bench(ec20());
    const auto& package = *newer_package("ec20");
    Streaming choice(folder / "b");
    choice.method = method;
    auto before = bench.fingerprint();
    test::LongestFile full(4096);
    auto report = bench.flash(package, choice);
    EXPECT_EQ(files_in(folder / "b"), 0U);
    EXPECT_EQ(report.has_value(), method == plan::Method::fastboot);
    EXPECT_TRUE(report || bench.fingerprint() == before);
  }
}

TEST(SaveFiles, WithoutACopyThePartitionTableIsNotSent) {
  const auto refused = [](const std::string& why, const std::vector<std::string>& faults, auto change) {
    test::TemporaryDirectory folder;
    std::ofstream(folder / "file") << "no folder";
    TwinBench bench(ec20(faults));
    Streaming choice(folder / "b");
    change(choice, folder / "file/b");
    auto before = bench.fingerprint();
    auto report = bench.flash(*newer_package("ec20"), choice);
    ASSERT_FALSE(report) << why;
    EXPECT_EQ(report.error().code, Code::refused) << why;
    EXPECT_EQ(report.error().rule, "efs") << why << ": " << report.error().what;
    EXPECT_EQ(bench.fingerprint(), before) << why;
    EXPECT_THAT(bench.modem->state(), StartsWith("running")) << why;
  };
  const auto as_it_is = [](Streaming& /*choice*/, const std::string& /*no_folder*/) {};
  refused("DIAG is silent", {"diag-silent"}, as_it_is);
  refused("EFS is empty", {"blank@efs2"}, as_it_is);
  refused("no folder", {}, [](Streaming& choice, const std::string& no_folder) { choice.backups = no_folder; });
  refused("--no-backup, noticed late", {}, [](Streaming& choice, const auto&) { choice.backups.clear(); });
  refused("--no-backup", {}, [](Streaming& choice, const auto&) { choice.saves_files = false; });
  refused("not lifted", {}, [](Streaming& choice, const auto&) { choice.overrides.clear(); });
}

/// What DIAG doesn't show is marked and told; where IMEI and calibration are at stake, the person decides.
TEST(SaveFiles, ACopyWithHolesIsTheirsWhoNameIt) {
  test::TemporaryDirectory folder;
  TwinBench bench(ec20());
  LyingBus bus(bench.bus, LyingBus::Lie::no_calibration);
  auto before = bench.fingerprint();
  auto refused = bench.flash_over(bus, *newer_package("ec20"), Streaming(folder / "b"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "efs") << refused.error().what;
  EXPECT_THAT(refused.error().what, HasSubstr("not all there"));
  EXPECT_THAT(refused.error().hint, HasSubstr("--backup " + (folder / "b/port-1-1_2026-11-21T093000Z.tar")));
  EXPECT_EQ(bench.fingerprint(), before);
  EXPECT_GT(must(verify_efs_archive(folder / "b/port-1-1_2026-11-21T093000Z.tar", {})).troubles, 0U);

  auto by_fastboot = bench.flash_over(bus, *newer_package("ec20"), Saving(folder / "b"));
  ASSERT_TRUE(by_fastboot) << by_fastboot.error().what;
  EXPECT_THAT(bench.events.log(), HasSubstr("not all there"));
}

TEST(SaveFiles, NoiseInsteadOfDiagIsNoCopy) {
  test::TemporaryDirectory folder;
  TwinBench bench(ec20());
  LyingBus bus(bench.bus, LyingBus::Lie::noise);
  EXPECT_EQ(bench.flash_over(bus, *newer_package("ec20"), Streaming(folder / "b")).error().rule, "efs");
  auto report = bench.flash_over(bus, *newer_package("ec20"), Saving(folder / "b"));
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_FALSE(report->saved_files);
  EXPECT_EQ(files_in(folder / "b"), 0U);
}

TEST(SaveFiles, ACopyThatThePersonNamesIsEnoughWhereNoneCanBeMade) {
  test::TemporaryDirectory folder;
  TwinBench bench(ec20());
  std::ofstream(folder / "file") << "no folder";
  Streaming choice(folder / "file/b");
  choice.backup_at_hand = true;
  auto report = bench.flash(*newer_package("ec20"), choice);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_THAT(bench.events.log(), HasSubstr("goes on with the copy that --backup names"));
}

TEST(SaveFiles, StoppedOrLostWhileItSavesEndsTheFlashAndLeavesNothing) {
  for (const auto* moment : {"save", "efs", "nv"}) {
    for (auto lost : {false, true}) {
      test::TemporaryDirectory folder;
      TwinBench bench(ec20());
      auto before = bench.fingerprint();
      std::stop_source person;
      at_step(bench, moment, [&] {
        if (lost) {
          bench.modem->power_cut();
        } else {
          person.request_stop();
        }
      });
      auto report = bench.flash(*newer_package("ec20"), Saving(folder / "b"), person.get_token());
      ASSERT_FALSE(report) << moment;
      EXPECT_EQ(report.error().code, lost ? Code::modem_lost : Code::interrupted) << moment;
      EXPECT_EQ(files_in(folder / "b"), 0U) << moment;
      EXPECT_EQ(bench.fingerprint(), before) << moment;
    }
  }
}

}  // namespace
}  // namespace modemedic::operation
