#include "support/command.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

/// `doctor` through the real command line: what it says, what it ends with, and the report that it makes.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int healthy = 0;
constexpr int something_to_do = 20;
constexpr int cannot_tell = 21;

class Doctor : public testing::Test {
protected:
  Ended doctor(const Serve& serve, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"--bus", serve.bus(), "--data", data, "doctor", "--watch", "2"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  /// A file of a report, by Info-ZIP; empty when it isn't in it.
  static std::string in_report(const std::string& zip, const std::string& name) {
    std::string text;
    auto* pipe = ::popen(("unzip -p '" + zip + "' '" + name + "' 2>/dev/null").c_str(), "r");
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
      text += static_cast<char>(c);
    }
    ::pclose(pipe);
    return text;
  }

  TempDir dir;
  std::string data = dir / "data";
};

TEST_F(Doctor, SaysThatAModemIsWell) {
  Serve serve({"eg25-g"});
  auto found = doctor(serve);
  EXPECT_EQ(found.exit, healthy) << found.out << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("port 1-1: it is well: EG25 with EG25GGBR07A07M2G_30.004.30.004"),
                               HasSubstr("seen"), HasSubstr("AT answers")));
}

TEST_F(Doctor, SaysWhatToDoAndWhatNot) {
  struct Case {
    std::vector<std::string> serve;
    int exit;
    std::vector<std::string> says;
  };

  const std::vector<Case> cases = {
      {{"eg25-g:edl"}, something_to_do, {"it is in EDL", "modemedic mode normal", "USB_BOOT", "modemedic rescue"}},
      {{"eg25-g", "--fault", "force-fastboot"}, something_to_do, {"fastboot", "Xiaomi", "`reboot`, which clears"}},
      {{"eg25-g:dump"}, something_to_do, {"crashed", "OCIMEM.BIN", "modemedic mode normal resets it"}},
      {{"eg25-g:download"}, something_to_do, {"its usual id, but no firmware runs", "never answers AT"}},
      {{"ec20:download"}, something_to_do, {"download mode (DLOAD)", "this is not Sahara"}},
      {{"eg25-g", "--fault", "blank@efs2"}, something_to_do, {"no IMEI", "besides: it is in factory test mode"}},
      {{"eg25-g", "--fault", "no-sim"}, something_to_do, {"no SIM"}},
      {{"eg25-g", "--fault", "full-speed"}, something_to_do, {"full speed"}},
      {{"eg25-g", "--fault", "blank@modem"}, something_to_do, {"AT is silent while DIAG answers"}},
      {{"eg25-g", "--fault", "composition@mbim_only"}, cannot_tell, {"neither AT nor DIAG", "MBIM"}},
      {{"eg25-g", "--fault", "at-error@cfun"}, cannot_tell, {"did not answer all"}},
  };
  for (const auto& each : cases) {
    Serve serve(each.serve);
    auto found = doctor(serve);
    EXPECT_EQ(found.exit, each.exit) << each.serve.front() << found.out << found.err;
    for (const auto& words : each.says) {
      EXPECT_THAT(found.out, HasSubstr(words)) << each.serve.front();
    }
  }
}

TEST_F(Doctor, SeesABootLoop) {
  Serve serve({"eg25-g", "--fault", "blank@system"});
  auto found = run({"--bus", serve.bus(), "--data", data, "doctor", "--watch", "4"});
  EXPECT_EQ(found.exit, something_to_do) << found.out << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("boot loop: it came and went"), HasSubstr("another supply, no hub"),
                               HasSubstr("its flash memory is probably failing")));
}

TEST_F(Doctor, WithoutAModemTellsThePhysicalStepsThatAreLeft) {
  Serve serve({"eg25-g", "--real-timing"});  // still off the bus
  auto found = doctor(serve);
  EXPECT_EQ(found.exit, something_to_do) << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("modem: no modem is on the bus"), HasSubstr("USB_BOOT to 1.8 V"),
                               HasSubstr("no firmware will")));
}

TEST_F(Doctor, TellsOfSeveralAndEndsWithTheWorst) {
  Serve serve({"eg25-g", "ec20:fastboot", "eg25-g:edl"});
  auto found = doctor(serve, {"--json"});
  EXPECT_EQ(found.exit, something_to_do);
  EXPECT_THAT(found.out, AllOf(HasSubstr("\"id\":\"healthy\""), HasSubstr("\"id\":\"fastboot\""),
                               HasSubstr("\"id\":\"edl\""), HasSubstr("\"exit\":20")));
  auto first = run({"--bus", serve.bus(), "--data", data, "--modem", "port:1-1", "doctor"});
  EXPECT_EQ(first.exit, healthy) << first.out;
}

// Field story 1: the next day it is back in fastboot, and the doctor remembers.
TEST_F(Doctor, RemembersThatItWasInFastbootBefore) {
  Serve serve({"ec20", "--fault", "force-fastboot", "--state", dir / "nand"});
  ASSERT_TRUE(serve.has_said("fastboot") || serve.wait_for("fastboot"));
  EXPECT_THAT(doctor(serve).out, HasSubstr("its boot loader waits in fastboot"));
  // A day passes.
  for (const auto& file : std::filesystem::directory_iterator(data + "/modems")) {
    std::ifstream in(file.path());
    std::stringstream text;
    text << in.rdbuf();
    auto record = text.str();
    auto seen = record.find("\"first\":");
    ASSERT_NE(seen, std::string::npos) << record;
    auto year = record.find("20", seen);
    record.replace(year, 4, "2020");
    std::ofstream(file.path(), std::ios::trunc) << record;
  }
  auto again = doctor(serve);
  EXPECT_EQ(again.exit, something_to_do);
  EXPECT_THAT(again.out, AllOf(HasSubstr("in fastboot again"), HasSubstr("its flash is probably failing"),
                               HasSubstr("doctor --report report.zip"), HasSubstr("don't use `fastboot continue`")));
  auto cured = run({"--bus", serve.bus(), "--data", data, "mode", "normal"});
  EXPECT_EQ(cured.exit, 0) << cured.err;
  EXPECT_EQ(doctor(serve).exit, healthy) << "reboot has cleared the flag";
}

// Field story 5.
TEST_F(Doctor, ExplainsPassedAndStillInEdl) {
  auto package = dir / "fw";
  ASSERT_EQ(run({"virtual", "package", "eg25-g", package, "--small"}).exit, 0);
  {
    Serve serve({"eg25-g", "--state", dir / "nand"});
    ASSERT_EQ(run({"--bus", serve.bus(), "--data", data, "flash", package, "--yes"}).exit, 0);
  }
  Serve serve({"eg25-g", "--state", dir / "nand", "--fault", "blank@sbl"});
  auto found = doctor(serve);
  EXPECT_EQ(found.exit, something_to_do);
  EXPECT_THAT(found.out,
              AllOf(HasSubstr("flashed without an error, and waits in EDL all the same"), HasSubstr("USB_BOOT"),
                    HasSubstr("fused"), HasSubstr("modemedic check " + package), HasSubstr("--anew")));
}

TEST_F(Doctor, MakesAReportThatTellsNobodyWhoseModemItIs) {
  Serve serve({"eg25-g"});
  auto zip = dir / "report.zip";
  auto found = doctor(serve, {"--json", "--report", zip});
  EXPECT_EQ(found.exit, healthy) << found.out << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("\"event\":\"report\""), HasSubstr("\"masked\":true")));
  auto at = found.out.find("IMEI ") + 5;
  auto imei = found.out.substr(at, 15);
  ASSERT_EQ(imei.find_first_not_of("0123456789"), std::string::npos) << imei;
  std::string all;
  for (const auto* name :
       {"README.txt", "diagnosis.txt", "diagnosis.json", "identity.json", "fingerprint.txt", "state.txt"}) {
    auto text = in_report(zip, name);
    EXPECT_FALSE(text.empty()) << name;
    all += text;
  }
  EXPECT_THAT(all, AllOf(HasSubstr("it is well"), HasSubstr(imei.substr(0, 8)), Not(HasSubstr(imei)),
                         Not(HasSubstr(imei.substr(6, 8)))));
  EXPECT_EQ(doctor(serve, {"--report", zip}).exit, 11) << "a report is not written over another";

  auto open = dir / "open.zip";
  EXPECT_EQ(doctor(serve, {"--report", open, "--unmasked"}).exit, healthy);
  EXPECT_THAT(in_report(open, "diagnosis.txt"), HasSubstr(imei));
  EXPECT_THAT(in_report(open, "README.txt"), HasSubstr("NOTHING IS MASKED"));
}

TEST_F(Doctor, MakesAReportOfAModemThatIsNotThereToo) {
  Serve serve({"eg25-g", "--real-timing"});
  auto zip = dir / "report.zip";
  EXPECT_EQ(doctor(serve, {"--report", zip}).exit, something_to_do);
  EXPECT_THAT(in_report(zip, "diagnosis.txt"), HasSubstr("no modem is on the bus"));
}

TEST_F(Doctor, ReportsOfOneModemOnly) {
  Serve serve({"eg25-g", "eg25-g:edl"});
  auto found = doctor(serve, {"--report", dir / "report.zip"});
  EXPECT_EQ(found.exit, 3);
  EXPECT_THAT(found.err, HasSubstr("--modem port:1-1"));
  EXPECT_FALSE(std::filesystem::exists(dir / "report.zip"));
}

TEST_F(Doctor, IsNotGreetedByAFaultThatCannotBe) {
  auto wrong = run({"virtual", "serve", "eg25-g", "--fault", "blank@sbl9"});
  EXPECT_EQ(wrong.exit, 2);
  EXPECT_THAT(wrong.err, HasSubstr("no partition 'sbl9'"));
  EXPECT_EQ(run({"virtual", "serve", "eg25-g", "--fault", "composition@token_ring"}).exit, 2);
}

}  // namespace
}  // namespace modemedic::tests
