#include "operation/consult.h"

#include "operation/journal_store.h"
#include "operation/known_backups.h"
#include "operation/upload.h"
#include "support/twin_bench.h"
#include "virtual/birth.h"
#include "virtual/efs.h"
#include "virtual/running_function.h"

#include <filesystem>
#include <functional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The doctor's verdict on virtual modems that are as sick as each row of data/symptoms.toml says, and on the whole
/// matrix of personas, states and faults.
namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::TwinBench;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using twin::Mode;

/// A bus that shows what is on it and does not let it be opened.
class ClosedBus final : public usb::Bus {
public:
  ClosedBus(usb::Bus& inner, Code code, std::string what) : inner_(inner), code_(code), what_(std::move(what)) {}

  Result<std::vector<usb::DeviceInfo>> snapshot() override { return inner_.snapshot(); }

  Result<bool> wait_change(Deadline deadline) override { return inner_.wait_change(deadline); }

  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo& /*device*/, std::uint8_t /*interface*/) override {
    return fail(code_).what(what_).hint("sudo usermod -aG dialout, or so");
  }

  const Clock& clock() const override { return inner_.clock(); }

private:
  usb::Bus& inner_;
  Code code_;
  std::string what_;
};

/// A device that is no modem of ours.
class Stranger final : public twin::Pluggable {
public:
  explicit Stranger(const usb::Fingerprint& shown) : function_(shown) {}

  twin::UsbFunction* function() const override { return const_cast<twin::SilentFunction*>(&function_); }

  std::uint64_t enumeration() const override { return 1; }

private:
  twin::SilentFunction function_;
};

/// A modem to be examined, and what is known besides.
struct Patient {
  std::string persona = "eg25-g";
  Mode mode = Mode::running;
  std::vector<std::string> faults = {};
};

class Practice {
public:
  explicit Practice(const Patient& patient) : bench(options_of(patient)), journals(folder / "journal") {
    options.time = "2026-11-21T08:00:00Z";
  }

  /// It has been away, and comes back in this mode.
  Consultation examine() { return examine_over(bench.bus); }

  Consultation examine_over(usb::Bus& bus) {
    ModemRecords records(folder.path(), "test", bench.events);
    options.journals = &journals;
    options.records = &records;
    return must(consult(bus, options, bench.events, {})).front();
  }

  /// Flashes the newer package, and keeps the journal.
  Result<FlashReport> flash() {
    auto choice = test::lifting_unknown();
    choice.journals = &journals;
    choice.time = "2026-11-20T08:00:00Z";
    return bench.flash(*test::newer_package(bench.persona.id), choice);
  }

  test::TemporaryDirectory folder;
  TwinBench bench;
  FolderJournals journals;
  ConsultOptions options;

private:
  static TwinBench::Options options_of(const Patient& patient) {
    TwinBench::Options made;
    made.persona = patient.persona;
    made.start = patient.mode;
    made.faults = patient.faults;
    return made;
  }
};

/// All rows that speak: the verdict first.
std::vector<std::string> rows_of(const Consultation& consultation) {
  std::vector<std::string> rows = {consultation.diagnosis.verdict->id};
  for (const auto* beside : consultation.diagnosis.besides) {
    rows.push_back(beside->id);
  }
  return rows;
}

std::vector<std::string> rows_of(const Patient& patient) {
  return rows_of(Practice(patient).examine());
}

std::string name_of(const Patient& patient) {
  auto text = patient.persona + ":" + std::to_string(static_cast<int>(patient.mode));
  for (const auto& fault : patient.faults) {
    text += " " + fault;
  }
  return text;
}

// ------------------------------------------------------------------------------------ every row has a modem for it

/// The rows that a modem alone leads to.
const std::vector<std::pair<Patient, std::vector<std::string>>>& patients() {
  static const std::vector<std::pair<Patient, std::vector<std::string>>> all = {
      {{}, {"healthy"}},
      {{.faults = {"blank@efs2"}}, {"imei-lost", "cfun-5"}},
      {{.faults = {"no-imei"}}, {"imei-lost"}},
      {{.faults = {"no-calibration"}}, {"cfun-5"}},
      {{.faults = {"foreign-efs"}}, {"cfun-7"}},
      {{.faults = {"cfun:7"}}, {"cfun-7"}},
      {{.faults = {"cfun:4"}}, {"radio-off"}},
      {{.faults = {"cfun:0"}}, {"radio-off"}},
      {{.faults = {"cfun:6"}}, {"radio-off"}},
      {{.faults = {"not-ready:2"}}, {"healthy"}},
      {{.faults = {"not-ready:3600"}}, {"not-ready"}},
      {{.faults = {"at-error@qgmr", "at-error@cgmr"}}, {"not-ready"}},
      {{.faults = {"no-sim"}}, {"sim-missing"}},
      {{.faults = {"sim-pin"}}, {"sim-locked"}},
      {{.faults = {"sim-fails"}}, {"sim-failing"}},
      {{.faults = {"full-speed"}}, {"full-speed"}},
      {{.faults = {"no-imei", "cfun:4", "no-sim"}}, {"imei-lost", "radio-off", "sim-missing"}},
      {{.faults = {"composition@mbim_only"}}, {"no-ports"}},
      {{.faults = {"composition@no_at"}}, {"no-at-port"}},
      {{.faults = {"at-silent"}}, {"at-silent"}},
      {{.faults = {"at-silent", "diag-flood"}}, {"at-silent"}},
      {{.faults = {"at-noise"}}, {"at-silent"}},
      {{.faults = {"blank@modem"}}, {"at-silent"}},
      {{.faults = {"at-silent", "diag-silent"}}, {"silent"}},
      {{.faults = {"at-error@cfun"}}, {"runs"}},
      {{.faults = {"blank@system"}}, {"loop"}},
      {{.faults = {"torn@system"}}, {"loop"}},
      {{.faults = {"torn@boot"}}, {"loop"}},
      {{.faults = {"blank@boot"}}, {"fastboot"}},
      {{.faults = {"force-fastboot"}}, {"fastboot"}},
      {{.mode = Mode::fastboot}, {"fastboot"}},
      {{.faults = {"blank@sbl"}}, {"edl"}},
      {{.faults = {"torn@sbl"}}, {"edl"}},
      {{.mode = Mode::edl}, {"edl"}},
      {{.mode = Mode::edl, .faults = {"lost-hello"}}, {"edl"}},
      {{.mode = Mode::edl, .faults = {"sahara-dead"}}, {"edl-silent"}},
      {{.mode = Mode::edl, .faults = {"full-speed"}}, {"edl", "full-speed"}},
      {{.faults = {"blank@mibib"}}, {"boot-mode"}},
      {{.faults = {"blank@tz"}}, {"boot-mode"}},
      {{.faults = {"torn@rpm"}}, {"boot-mode"}},
      {{.faults = {"blank@aboot"}}, {"boot-mode"}},
      {{.mode = Mode::download}, {"boot-mode"}},
      {{.mode = Mode::dump}, {"dump"}},
      {{.persona = "ec20"}, {"healthy"}},
      {{.persona = "ec20", .faults = {"blank@efs2"}}, {"imei-lost", "cfun-5"}},
      {{.persona = "ec20", .faults = {"blank@appsbl"}}, {"download"}},
      {{.persona = "ec20", .mode = Mode::download}, {"download"}},
      {{.persona = "ec20", .faults = {"force-fastboot"}}, {"fastboot"}},
      {{.persona = "ec20", .faults = {"blank@system"}}, {"loop"}},
  };
  return all;
}

TEST(Doctor, TellsOfEachModemWhatIsWrongWithIt) {
  for (const auto& [patient, rows] : patients()) {
    EXPECT_EQ(rows_of(patient), rows) << name_of(patient);
  }
}

/// A modem that no persona is like.
Consultation of_another_make(Mode mode, const std::function<void(twin::Persona&)>& change) {
  Practice practice({});
  auto& bench = practice.bench;
  auto persona = bench.persona;
  change(persona);
  twin::VirtualModem modem({persona, "49cbd7ef", false, {}}, std::make_unique<twin::Nand>(persona.geometry),
                           bench.timers);
  twin::InProcessBus bus(bench.clock, bench.timers);
  bus.plug(modem, "1-1");
  modem.power_on(mode);
  bus.run_until([&] { return modem.function() != nullptr; }, Deadline::in(bench.clock, 1min));
  return practice.examine_over(bus);
}

/// One that was flashed, whose EFS was saved on the way, and that lost what is its own after that.
Consultation after_losing(const char* what) {
  Practice practice({});
  auto& bench = practice.bench;
  practice.options.backups = practice.folder / "a person's backups";
  {
    ModemRecords records(practice.folder.path(), "test", bench.events);
    auto choice = test::lifting_unknown();
    choice.records = &records;
    choice.journals = &practice.journals;
    choice.time = "2026-11-20T08:00:00Z";
    choice.backups = practice.options.backups;
    must(bench.flash(*test::newer_package("eg25-g"), choice));
  }
  auto efs = must(twin::read_efs(bench.modem->nand(), bench.persona));
  if (std::string_view(what) == "IMEI") {
    bench.modem->nand().erase(20);  // of EFS2
  } else {
    must(twin::write_efs(bench.modem->nand(), bench.persona, {efs.imei, {}}));
  }
  bench.power_cycle();
  return practice.examine();
}

/// What a modem alone does not lead to, each with what else it takes.
const std::map<std::string, std::function<Consultation()>>& cases() {
  static const std::map<std::string, std::function<Consultation()>> all = {
      {"no-modem",
       [] {
         Practice practice({});
         practice.bench.modem->power_cut();
         return practice.examine();
       }},
      {"bus-errors",
       [] {
         Practice practice({});
         practice.bench.modem->power_cut();
         practice.options.kernel["1-1"] = {.connects = 1, .errors = 4};
         return practice.examine();
       }},
      {"not-ours",
       [] {
         Practice practice({});
         auto shown = practice.bench.persona.running;
         shown.pid = 0x0900;  // an RM500U, Unisoc
         Stranger stranger(shown);
         twin::InProcessBus bus(practice.bench.clock, practice.bench.timers);
         bus.plug(stranger, "1-1");
         return practice.examine_over(bus);
       }},
      {"no-permission",
       [] {
         Practice practice({});
         ClosedBus closed(practice.bench.bus, Code::permission, "no permission for /dev/bus/usb/001/004");
         return practice.examine_over(closed);
       }},
      {"held",
       [] {
         Practice practice({});
         ClosedBus closed(practice.bench.bus, Code::busy, "ModemManager (process 812) holds it");
         return practice.examine_over(closed);
       }},
      {"edl-programmer",
       [] {
         Practice practice({.mode = Mode::edl});
         auto& bench = practice.bench;
         {
           auto pipe = must(open_edl(bench.bus, must(bench.find()).device));
           FirehoseLink link(*pipe, bench.clock, bench.events);
           must(upload_programmer(*pipe, bench.clock, link, *test::newer_package("eg25-g"), bench.events));
         }
         return practice.examine();
       }},
      {"imei-lost-backup", [] { return after_losing("IMEI"); }},
      {"cfun-5-backup", [] { return after_losing("calibration"); }},
      {"edl-after-passed",
       [] {
         Practice practice({});
         must(practice.flash());
         practice.bench.modem->nand().erase(0);
         practice.bench.power_cycle();
         return practice.examine();
       }},
      {"edl-after-cut",
       [] {
         Practice practice({.faults = {"cut@400000"}});
         EXPECT_FALSE(practice.flash());
         practice.bench.power_cycle();
         return practice.examine();
       }},
      {"fastboot-after-cut",
       [] {
         Practice practice({.faults = {"cut@400000"}});
         EXPECT_FALSE(practice.flash());
         practice.bench.power_cycle(Mode::fastboot);
         return practice.examine();
       }},
      {"fastboot-again",
       [] {
         Practice practice({.faults = {"force-fastboot"}});
         practice.options.time = "2026-11-20T08:00:00Z";
         EXPECT_EQ(rows_of(practice.examine()).front(), "fastboot");
         practice.options.time = "2026-11-21T08:00:00Z";
         practice.bench.power_cycle();
         return practice.examine();
       }},
      {"edl-stranger",
       [] { return of_another_make(Mode::edl, [](twin::Persona& persona) { persona.hwid = 0x0009a0e100000000; }); }},
      {"boot-mode-dump",
       [] {
         return of_another_make(Mode::dump, [](twin::Persona& persona) {
           persona.dump = persona.download;  // SBL shows its crash under the normal PID
         });
       }},
  };
  return all;
}

TEST(Doctor, KnowsWhatAModemAloneDoesNotTell) {
  for (const auto& [row, examine] : cases()) {
    EXPECT_EQ(rows_of(examine()).front(), row);
  }
}

TEST(Doctor, OffersTheExactCommandThatBringsTheImeiBack) {
  auto consultation = cases().at("imei-lost-backup")();
  EXPECT_THAT(rows_of(consultation), ElementsAre("imei-lost-backup", "cfun-5-backup"));
  EXPECT_THAT(
      knowledge::fill(consultation.diagnosis.verdict->todo.front(), consultation.words),
      AllOf(StartsWith("modemedic restore '/"),
            HasSubstr("/a person'\\''s backups/49cbd7ef_2026-11-20T080000Z.zip' --package /"), EndsWith("/package")))
      << "it can be pasted into a shell";
}

TEST(Doctor, OffersNoBackupOfAnotherModuleNorABrokenOne) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  test::FlashChoice choice;
  choice.time = "2026-11-20T08:00:00Z";
  choice.backups = folder / "backups";
  auto saved = *must(bench.flash(*test::newer_package("eg25-g"), choice)).saved;
  auto serial = saved.manifest.chip_serial;
  auto imei = saved.manifest.imei;
  EXPECT_EQ(find_backup(folder / "backups", {serial, imei}, {}), saved.file);
  EXPECT_EQ(find_backup(folder / "backups", {serial, ""}, {}), saved.file);
  EXPECT_EQ(find_backup(folder / "backups", {"", imei}, {}), saved.file);
  EXPECT_EQ(find_backup(folder / "backups", {"", ""}, {}), std::nullopt);
  EXPECT_EQ(find_backup(folder / "backups", {"11223344", imei}, {}), std::nullopt) << "one of the two contradicts";
  EXPECT_EQ(find_backup(folder / "backups", {serial, "867391040000000"}, {}), std::nullopt);
  EXPECT_EQ(find_backup(folder / "absent", {serial, imei}, {}), std::nullopt);
  auto size = std::filesystem::file_size(saved.file);
  std::filesystem::resize_file(saved.file, size - 1000);
  EXPECT_EQ(find_backup(folder / "backups", {serial, imei}, {}), std::nullopt);
}

TEST(Doctor, HasAModemForEveryRow) {
  std::set<std::string> led_to;
  for (const auto& [patient, rows] : patients()) {
    led_to.insert(rows.begin(), rows.end());
  }
  for (const auto& [row, examine] : cases()) {
    led_to.insert(row);
  }
  for (const auto& symptom : knowledge::symptoms()) {
    EXPECT_THAT(led_to, Contains(symptom.id));
  }
}

// ------------------------------------------------------------------------------------------------ the whole matrix

bool nineteen_fifteen(const std::string& persona) {
  return persona == "ec20";
}

/// The verdict that a modem in this mode has whatever its firmware is like: it doesn't run.
std::string verdict_of_mode(const std::string& persona, Mode mode) {
  switch (mode) {
    case Mode::edl:
      return nineteen_fifteen(persona) ? "download" : "edl";
    case Mode::download:
      return nineteen_fifteen(persona) ? "download" : "boot-mode";
    case Mode::dump:
      return nineteen_fifteen(persona) ? "download" : "dump";
    case Mode::fastboot:
      return "fastboot";
    case Mode::running:
      break;
  }
  return "healthy";
}

/// What a fault does to a modem that runs; on an EC20 its placeholder has no QGMR to stand in.
const std::map<std::string, std::string>& verdict_of_fault() {
  static const std::map<std::string, std::string> all = {
      {"no-imei", "imei-lost"},
      {"blank@efs2", "imei-lost"},
      {"no-calibration", "cfun-5"},
      {"foreign-efs", "cfun-7"},
      {"cfun:7", "cfun-7"},
      {"cfun:4", "radio-off"},
      {"cfun:0", "radio-off"},
      {"no-sim", "sim-missing"},
      {"sim-pin", "sim-locked"},
      {"sim-fails", "sim-failing"},
      {"at-silent", "at-silent"},
      {"at-noise", "at-silent"},
      {"diag-silent", "healthy"},
      {"diag-flood", "healthy"},
      {"at-error@cfun", "runs"},
      {"at-error@qgmr", "healthy"},
      {"at-error@cpin", "sim-failing"},
      {"not-ready:3600", "not-ready"},
      {"composition@ecm", "healthy"},
      {"composition@mbim", "healthy"},
      {"composition@rndis", "healthy"},
      {"composition@laptop", "healthy"},
      {"composition@no_diag", "healthy"},
      {"composition@no_at", "no-at-port"},
      {"composition@mbim_only", "no-ports"},
      {"force-fastboot", "fastboot"},
      {"blank@boot", "fastboot"},
      {"torn@boot", "loop"},
      {"blank@system", "loop"},
  };
  return all;
}

/// Which of them can be seen in a mode where the firmware does not run.
std::string expected(const std::string& persona, Mode mode, const std::string& fault) {
  if (mode != Mode::running) {
    return verdict_of_mode(persona, mode);
  }
  auto ec20_tells_at_once = nineteen_fifteen(persona) && fault == "not-ready:3600";
  return ec20_tells_at_once ? "healthy" : verdict_of_fault().at(fault);
}

TEST(Doctor, IsRightOnTheWholeMatrix) {
  for (const auto* persona : {"eg25-g", "eg25-g-p4k", "ec25-e", "ec20"}) {
    for (auto mode : {Mode::running, Mode::edl, Mode::download, Mode::dump, Mode::fastboot}) {
      for (const auto& [fault, verdict] : verdict_of_fault()) {
        if (!twin::check_faults(must(twin::find_persona(persona)), twin::Faults({must(twin::parse_fault(fault))}))) {
          continue;  // an EC20 has no other compositions
        }
        Patient patient{persona, mode, {fault}};
        EXPECT_EQ(rows_of(patient).front(), expected(persona, mode, fault)) << name_of(patient);
      }
    }
  }
}

TEST(Doctor, SaysInEveryStateWhoKeepsItOut) {
  for (const auto* persona : {"eg25-g", "ec20"}) {
    for (auto mode : {Mode::running, Mode::edl, Mode::download, Mode::dump, Mode::fastboot}) {
      Practice practice({.persona = persona, .mode = mode});
      ClosedBus forbidden(practice.bench.bus, Code::permission, "no permission");
      EXPECT_EQ(rows_of(practice.examine_over(forbidden)).front(), "no-permission");
      ClosedBus held(practice.bench.bus, Code::busy, "gpsd (process 7) holds it");
      auto found = practice.examine_over(held);
      EXPECT_EQ(rows_of(found).front(), "held");
      EXPECT_THAT(found.words["holder"], HasSubstr("gpsd"));
    }
  }
}

// ----------------------------------------------------------------------------------------------------- its evidence

TEST(Doctor, ReadsWhatACrashLeftAndDisturbsNothing) {
  Practice practice({.mode = Mode::dump});
  for (int i = 0; i < 3; ++i) {
    auto found = practice.examine();
    EXPECT_THAT(found.evidence, AllOf(Contains(HasSubstr("OCIMEM.BIN")), Contains(HasSubstr("CODERAM")),
                                      Contains(HasSubstr("49cbd7ef"))));
    EXPECT_EQ(found.words["memory"], "3 regions, 49156 bytes");  // 0x4000 + 0x8000 + 4
  }
}

TEST(Doctor, BelievesTheKernelsLogOfALoop) {
  Practice practice({});
  practice.options.kernel["1-1"] = {.connects = 10, .errors = 0};
  auto found = practice.examine();
  EXPECT_EQ(found.diagnosis.verdict->id, "loop");
  EXPECT_EQ(found.words["times"], "10");
  practice.options.kernel["1-1"].connects = 3;  // so does a flash
  EXPECT_EQ(practice.examine().diagnosis.verdict->id, "healthy");
}

TEST(Doctor, IsQuickWithAModemThatIsWell) {
  Practice practice({});
  auto start = practice.bench.clock.now();
  practice.examine();
  EXPECT_LT(practice.bench.clock.now() - start, 500ms);
}

TEST(Doctor, TellsOfACutFlashWithThePackageThatGoesOn) {
  auto found = cases().at("edl-after-cut")();
  auto advice = knowledge::fill(found.diagnosis.verdict->todo.front(), found.words);
  EXPECT_THAT(advice, testing::StartsWith("go on where it stopped: modemedic flash "));
  EXPECT_THAT(advice, testing::Not(HasSubstr("PACKAGE")));
}

TEST(Doctor, ChangesNothingOnAnyModem) {
  for (auto mode : {Mode::running, Mode::edl, Mode::download, Mode::dump, Mode::fastboot}) {
    Practice practice({.mode = mode});
    auto before = practice.bench.fingerprint();
    auto enumeration = practice.bench.modem->enumeration();
    practice.examine();
    EXPECT_EQ(practice.bench.fingerprint(), before);
    EXPECT_EQ(practice.bench.modem->enumeration(), enumeration);
  }
}

}  // namespace
}  // namespace modemedic::operation
