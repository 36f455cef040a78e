#include "support/backup_folder.h"
#include "support/command.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>

/// Stories 1, 2 and 4 through the real command line: an EC20 and a package that no other tool takes.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Ec20 : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(run({"virtual", "package", "ec20", package, "--small", "--revision", "EC20EQAR02A05E2G"}).exit, 0);
    write_backup(backup, "EC20EQAR02A04E2G", "861075020000012");
  }

  TempDir dir;
  std::string package = dir / "fw";
  std::string backup = dir / "backup";
};

/// Story 1: a modem that waits in fastboot, and keeps coming back there.
TEST_F(Ec20, ThatWaitsInFastbootIsNamedAndBroughtBackForGood) {
  Serve serve({"ec20:fastboot"});
  auto list = run({"--bus", serve.bus(), "list"});
  EXPECT_THAT(list.out, AllOf(HasSubstr("fastboot"), HasSubstr("EC20")));
  auto doctor = run({"--bus", serve.bus(), "doctor"});
  EXPECT_EQ(doctor.exit, 20);
  EXPECT_THAT(doctor.out, AllOf(HasSubstr("fastboot"), HasSubstr("reboot")));
  auto back = run({"--bus", serve.bus(), "mode", "normal"});
  EXPECT_EQ(back.exit, 0) << back.err;
  EXPECT_THAT(run({"--bus", serve.bus(), "list"}).out, AllOf(HasSubstr("running"), HasSubstr("EC20EQAR02A04E2G")));
}

/// Story 2: no md5.txt, QGMR answers ERROR, and the modem sits in fastboot after another tool failed.
TEST_F(Ec20, TakesAPackageWithoutMd5FromWhereAnotherToolLeftIt) {
  auto inspect = run({"inspect", package});
  EXPECT_EQ(inspect.exit, 0);
  EXPECT_THAT(inspect.out, AllOf(HasSubstr("9x15"), HasSubstr("no md5.txt"), HasSubstr("named *rootfs*.yaffs2")));
  auto plan = run({"plan", package});
  EXPECT_EQ(plan.exit, 0) << plan.err;
  EXPECT_THAT(plan.out, AllOf(HasSubstr("by fastboot"), HasSubstr("proven")));

  Serve serve({"ec20:fastboot"});
  auto refused = run({"--bus", serve.bus(), "flash", package, "--yes"});
  EXPECT_EQ(refused.exit, 4) << "who it is can't be asked there";
  auto flash = run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "unknown"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out, AllOf(HasSubstr("done and proven"), HasSubstr("EC20EQAR02A05E2G")));
}

/// A part of a package leaves a modem that does not start: nothing is sent to it.
TEST_F(Ec20, TakesNoPackageWithoutDsp2OrWithASpoiltLoader) {
  Serve serve({"ec20:fastboot"});
  auto flash = [&] { return run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "unknown"}); };
  auto dsp2 = std::filesystem::path(package) / "dsp2.mbn";
  std::filesystem::rename(dsp2, dir / "dsp2.mbn");
  auto missing = flash();
  EXPECT_EQ(missing.exit, 5) << missing.err;
  EXPECT_THAT(missing.err, AllOf(HasSubstr("dsp2"), HasSubstr("nothing was sent")));
  std::filesystem::rename(dir / "dsp2.mbn", dsp2);

  auto loader = std::filesystem::path(package) / "NPRG9x15.hex";
  std::fstream(loader, std::ios::in | std::ios::out | std::ios::binary).seekp(100) << "ZZ";
  auto spoilt = flash();
  EXPECT_THAT(spoilt.exit, testing::AnyOf(4, 5)) << spoilt.out << spoilt.err;
}

/// "Works after continue, and is back in fastboot the next day": the flag that only a reboot clears.
TEST_F(Ec20, IsBroughtOutOfFastbootForGoodByRebootAndNotByContinue) {
  Serve serve({"ec20:fastboot"});
  auto boot = std::filesystem::path(package) / "boot-oe-msm9615.img";
  auto fastboot = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--bus", serve.bus(), "fastboot"});
    return run(words);
  };
  auto flashed = fastboot({"flash", "boot", boot, "--yes", "--override", "unknown"});
  EXPECT_EQ(flashed.exit, 0) << flashed.err;
  EXPECT_THAT(flashed.out, HasSubstr("until `modemedic fastboot reboot`"));
  EXPECT_EQ(fastboot({"continue"}).exit, 4) << "nobody knows what is in boot";
  EXPECT_EQ(fastboot({"continue", "--override", "unknown"}).exit, 0);
  EXPECT_TRUE(serve.wait_for("running"));
  EXPECT_EQ(run({"--bus", serve.bus(), "mode", "fastboot"}).exit, 0);
  auto rescued = run({"--bus", serve.bus(), "rescue"});
  EXPECT_EQ(rescued.exit, 0) << rescued.err;
  EXPECT_THAT(rescued.out, HasSubstr("fastboot's reboot"));
}

TEST_F(Ec20, IsFlashedFromItsRunningFirmware) {
  Serve serve({"ec20"});
  auto check = run({"--bus", serve.bus(), "check", package});
  EXPECT_EQ(check.exit, 0) << check.out << check.err;
  auto flash = run({"--bus", serve.bus(), "flash", package, "--yes"});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out,
              AllOf(HasSubstr("EC20EQAR02A04E2G -> EC20EQAR02A05E2G"), HasSubstr("as before"), HasSubstr("CFUN 1")));
}

/// Story 4: the oldest tool erased aboot and stopped half-way: download mode.
TEST_F(Ec20, LeftInDownloadModeIsContinuedFromThere) {
  Serve serve({"ec20:download"});
  auto refused = run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "unknown", "--override", "efs"});
  EXPECT_EQ(refused.exit, 4);
  EXPECT_THAT(refused.err, HasSubstr("--backup"));
  auto missing = run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "unknown", "--override", "efs",
                      "--backup", dir / "nothing"});
  EXPECT_EQ(missing.exit, 11) << missing.err;

  auto flash = run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "unknown", "--override", "efs",
                    "--backup", backup});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out, AllOf(HasSubstr("done and proven"), HasSubstr("EC20EQAR02A05E2G")));
}

/// What the rule efs asks for is a whole backup, of such a modem, with its identity in it.
TEST_F(Ec20, TakesNothingElseForABackup) {
  Serve serve({"ec20:download"});
  auto flash = [&](const std::string& path) {
    return run({"--bus", serve.bus(), "flash", package, "--yes", "--override", "unknown", "--override", "efs",
                "--backup", path});
  };
  std::ofstream(dir / "text") << "EFS";
  EXPECT_EQ(flash(dir / "text").exit, 5);
  EXPECT_EQ(flash(package).exit, 5) << "a package is none";

  auto other = dir / "other";
  write_backup(other, "EC25EFAR06A15M4G", "861075020000012");
  auto refused = flash(other);
  EXPECT_EQ(refused.exit, 4);
  EXPECT_THAT(refused.err, HasSubstr("EC25EFA"));

  auto without = dir / "without";
  write_backup(without, "EC20EQAR02A04E2G", "861075020000012", "dsp2");
  EXPECT_EQ(flash(without).exit, 5);

  std::ofstream(dir / "backup/data/00-EFS2.bin") << std::string(2048, 'F');
  auto changed = flash(backup);
  EXPECT_EQ(changed.exit, 5);
  EXPECT_THAT(changed.err, HasSubstr("digest"));
  EXPECT_FALSE(serve.has_said("streaming loader"));
}

TEST_F(Ec20, TakesNoBackupOfAnotherModemWhereTheModemTellsWhoItIs) {
  Serve serve({"ec20"});
  auto refused = run({"--bus", serve.bus(), "flash", package, "--yes", "--method", "download", "--override", "efs",
                      "--backup", backup});
  EXPECT_EQ(refused.exit, 4);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("861075020000012"), HasSubstr("nothing was sent")));
}

/// The boot loader anew, with a backup that was made of the running modem.
TEST_F(Ec20, GoesByDownloadModeWithABackupOfItsOwnFiles) {
  Serve serve({"ec20"});
  auto tar = dir / "mine.tar";
  auto saved = run({"--bus", serve.bus(), "backup", tar, "--efs"});
  ASSERT_EQ(saved.exit, 0) << saved.out << saved.err;
  auto flash = run(
      {"--bus", serve.bus(), "flash", package, "--yes", "--method", "download", "--override", "efs", "--backup", tar});
  EXPECT_EQ(flash.exit, 0) << flash.err;
  EXPECT_THAT(flash.out, AllOf(HasSubstr("done and proven"), HasSubstr("as before")));
}

/// What a 9x07's flash always did: its own copy first, in the same run.
TEST_F(Ec20, IsSavedOverDiagBeforeItLeavesItsRunningFirmware) {
  Serve serve({"ec20"});
  auto flash = [&](const std::string& data, std::vector<std::string> words) {
    words.insert(words.begin(), {"--bus", serve.bus(), "--data", dir / data, "--json", "flash", package, "--yes"});
    return run(words);
  };
  auto copies = [&](const std::string& data) {
    std::error_code error;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(dir / data + "/backups", error)) {
      files.push_back(entry.path());
    }
    return files;
  };
  auto declined = flash("a", {"--method", "download", "--override", "efs", "--no-backup"});
  EXPECT_EQ(declined.exit, 4) << declined.out << declined.err;
  EXPECT_THAT(declined.out, HasSubstr("--backup FILE"));
  EXPECT_FALSE(serve.has_said("download mode"));

  auto streamed = flash("b", {"--method", "download", "--override", "efs"});
  ASSERT_EQ(streamed.exit, 0) << streamed.out << streamed.err;
  EXPECT_THAT(streamed.out, AllOf(HasSubstr("\"id\":\"save\""), HasSubstr("\"saved\":{"), HasSubstr("\"troubles\":0")));
  ASSERT_EQ(copies("b").size(), 1U);
  auto verified = run({"backup", copies("b").front(), "--verify"});
  EXPECT_EQ(verified.exit, 0) << verified.err;
  EXPECT_THAT(verified.out, AllOf(HasSubstr("is whole"), HasSubstr("1 NV items")));

  auto by_fastboot = flash("c", {"--no-backup"});
  EXPECT_EQ(by_fastboot.exit, 0) << by_fastboot.err;
  EXPECT_THAT(by_fastboot.out, HasSubstr("\"saved\":null"));
  EXPECT_TRUE(copies("c").empty());
}

TEST_F(Ec20, IsRehearsedOnATwin) {
  auto rehearsal = run({"rehearse", package});
  EXPECT_EQ(rehearsal.exit, 0) << rehearsal.err;
  EXPECT_THAT(rehearsal.out, AllOf(HasSubstr("done and proven"), HasSubstr("EC20EQAR02A05E2G")));
  auto cuts = run({"rehearse", package, "--cuts", "3"});
  EXPECT_EQ(cuts.exit, 0) << cuts.out << cuts.err;
}

}  // namespace
}  // namespace modemedic::tests
