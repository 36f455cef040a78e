#include "virtual/modem.h"

#include "virtual/force_flag.h"
#include "virtual/generator.h"
#include "virtual/host_port.h"

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

/// A modem on simulated time, with small firmware on it.
class Life {
public:
  struct Options {
    bool real_timing;
    bool blank;
    std::vector<Fault> faults;
  };

  Life() : Life(Options{}) {}

  explicit Life(const Options& options) {
    auto persona = *find_persona("eg25-g");
    auto nand = std::make_unique<Nand>(persona.geometry);
    Faults faults(options.faults);
    mark_bad_blocks(*nand, persona, faults);
    if (!options.blank) {
      auto done = provision(*nand, persona, *firmware::parse_revision(persona.revision), serial, Scale::small);
      EXPECT_TRUE(done) << done.error().what;
    }
    modem = std::make_unique<VirtualModem>(
        VirtualModem::Setup{.persona = persona, .serial = serial, .real_timing = options.real_timing, .faults = faults},
        std::move(nand), timers);
    modem->on_change = [this] { changes.push_back(modem->state()); };
  }

  /// Lets time pass.
  void pass(Duration time) {
    auto until = clock.now() + time;
    while (timers.next() && *timers.next() <= until) {
      clock.advance_to(*timers.next());
      timers.run_due();
    }
    clock.advance_to(until);
  }

  /// "2c7c:0125 bcd 0318", "nothing"
  std::string seen() const {
    const auto* function = modem->function();
    if (function == nullptr) {
      return "nothing";
    }
    const auto& shown = function->fingerprint();
    char text[32];
    std::snprintf(text, sizeof text, "%04x:%04x bcd %04x", shown.vid, shown.pid, shown.bcd_device);
    return text;
  }

  static constexpr const char* serial = "0012d687";
  SimulatedClock clock;
  Timers timers{clock};
  std::unique_ptr<VirtualModem> modem;
  std::vector<std::string> changes;
};

const std::string running = "2c7c:0125 bcd 0318";
const std::string edl = "05c6:9008 bcd 0000";
const std::string download = "2c7c:0125 bcd 0000";
const std::string dump = "05c6:900e bcd 0000";
const std::string fastboot = "18d1:d00d bcd 0100";

constexpr std::size_t diag = 0;
constexpr std::size_t at = 2;

Fault fault(std::string_view spec) {
  return *parse_fault(spec);
}

TEST(VirtualModem, IsOffUntilItIsPoweredOn) {
  Life life;
  life.pass(seconds(60));
  EXPECT_EQ(life.seen(), "nothing");
  EXPECT_EQ(life.modem->state(), "off");
  EXPECT_EQ(life.modem->enumeration(), 0U);
}

TEST(VirtualModem, BootsInItsPersonasTime) {
  Life life({.real_timing = true, .blank = false, .faults = {}});
  life.modem->power_on();
  life.pass(milliseconds(14999));
  EXPECT_EQ(life.seen(), "nothing");
  life.pass(milliseconds(1));
  EXPECT_EQ(life.seen(), running);
  EXPECT_EQ(life.modem->enumeration(), 1U);
  EXPECT_EQ(life.modem->state(), "running EG25GGBR07A07M2G");
  HostPort port(*life.modem->function(), at);
  EXPECT_EQ(port.ask("ATE0\r"), "");
  life.pass(milliseconds(3000));
  EXPECT_THAT(port.ask("AT+QGMR\r"), HasSubstr("EG25GGBR07A07M2G_01.016.00.000"));
  life.pass(milliseconds(1000));
  EXPECT_THAT(port.ask("AT+QGMR\r"), HasSubstr("\r\nEG25GGBR07A07M2G_30.004.30.004\r\n"));
  EXPECT_THAT(port.ask("AT+CGSN\r"), HasSubstr("\r\n" + life.modem->imei() + "\r\n"));
}

TEST(VirtualModem, WithoutTimingTheSameTakesMilliseconds) {
  Life life;
  life.modem->power_on();
  EXPECT_EQ(life.seen(), "nothing");
  life.pass(milliseconds(2));
  EXPECT_EQ(life.seen(), running);
  HostPort port(*life.modem->function(), at);
  EXPECT_THAT(port.ask("AT+QGMR\r"), HasSubstr("EG25GGBR07A07M2G_30.004.30.004"));
}

TEST(VirtualModem, TheDiagCommandTakesItToEdl) {
  Life life({.real_timing = true, .blank = false, .faults = {}});
  life.modem->power_on();
  life.pass(seconds(20));
  auto port = std::make_unique<HostPort>(*life.modem->function(), diag);
  port->send(*from_hex("4b 65 01 00 54 0f 7e"));
  EXPECT_EQ(hex(as_bytes(port->take())), "4b 65 01 00 54 0f 7e");
  EXPECT_EQ(life.seen(), running);
  life.pass(milliseconds(500));
  EXPECT_EQ(life.seen(), "nothing");
  EXPECT_TRUE(port->gone);
  life.pass(milliseconds(2000));
  EXPECT_EQ(life.seen(), edl);
  EXPECT_EQ(life.modem->enumeration(), 2U);
  HostPort sahara(*life.modem->function(), 0);
  life.pass(seconds(1));
  EXPECT_THAT(hex(as_bytes(sahara.take())), StartsWith("01 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00"));  // HELLO
}

TEST(VirtualModem, EachWayOutOfRunningLeadsWhereItSays) {
  struct Way {
    std::size_t port;
    std::string bytes;
    std::string leads_to;
  };

  const auto frame = [](const char* digits) { return std::string(as_text(*from_hex(digits))); };
  for (const auto& way : {Way{diag, frame("4b 65 01 00 54 0f 7e"), edl}, Way{diag, frame("3a a1 6e 7e"), download},
                          Way{diag, frame("29 02 00 59 6a 7e"), running}, Way{at, "AT+CFUN=1,1\r", running},
                          Way{at, "AT+QFASTBOOT\r", fastboot}, Way{at, "AT+QPOWD\r", "nothing"}}) {
    Life life;
    life.modem->power_on();
    life.pass(seconds(1));
    HostPort port(*life.modem->function(), way.port);
    port.send(way.bytes);
    EXPECT_EQ(life.seen(), running);
    life.pass(seconds(1));
    EXPECT_TRUE(port.gone);
    EXPECT_EQ(life.seen(), way.leads_to);
    EXPECT_EQ(life.modem->enumeration(), way.leads_to == "nothing" ? 1U : 2U);
  }
}

TEST(VirtualModem, PowersDownOnRequestAndTellsSo) {
  Life life({.real_timing = true, .blank = false, .faults = {}});
  life.modem->power_on();
  life.pass(seconds(30));
  HostPort port(*life.modem->function(), at);
  life.pass(seconds(1));
  port.take();
  EXPECT_EQ(port.ask("AT+QPOWD\r"), "AT+QPOWD\r\r\nOK\r\n");
  life.pass(milliseconds(3000));
  EXPECT_EQ(port.take(), "\r\nPOWERED DOWN\r\n");
  EXPECT_EQ(life.seen(), running);
  life.pass(seconds(2));
  EXPECT_EQ(life.seen(), "nothing");
  EXPECT_EQ(life.modem->state(), "off");
}

TEST(VirtualModem, APowerCycleBootsAgain) {
  Life life;
  life.modem->power_on();
  life.pass(seconds(1));
  HostPort port(*life.modem->function(), at);
  life.modem->power_cut();
  EXPECT_TRUE(port.gone);
  EXPECT_EQ(life.seen(), "nothing");
  life.pass(seconds(100));
  EXPECT_EQ(life.seen(), "nothing");
  life.modem->power_on();
  life.pass(seconds(1));
  EXPECT_EQ(life.seen(), running);
  EXPECT_EQ(life.modem->enumeration(), 2U);
}

TEST(VirtualModem, ACutWhileItBootsLeavesItOff) {
  Life life({.real_timing = true, .blank = false, .faults = {}});
  life.modem->power_on();
  life.pass(seconds(5));
  life.modem->power_cut();
  life.pass(seconds(100));
  EXPECT_EQ(life.seen(), "nothing");
}

TEST(VirtualModem, StartsWhereItIsTold) {
  for (const auto& [mode, shown] : {std::pair(Mode::edl, edl), std::pair(Mode::download, download),
                                    std::pair(Mode::dump, dump), std::pair(Mode::fastboot, fastboot)}) {
    Life life;
    life.modem->power_on(mode);
    life.pass(seconds(1));
    EXPECT_EQ(life.seen(), shown);
  }
}

TEST(VirtualModem, ABlankChipWaitsInEdl) {
  Life life({.real_timing = false, .blank = true, .faults = {}});
  life.modem->power_on();
  life.pass(seconds(1));
  EXPECT_EQ(life.seen(), edl);
  EXPECT_EQ(life.modem->state(), "edl (no SBL)");
  EXPECT_EQ(life.modem->imei(), "");
}

TEST(VirtualModem, ABootLoopComesAndGoes) {
  Life life;
  const auto* system = firmware::find_partition(life.modem->persona().table, "system");
  life.modem->nand().tear_page(system->range.start.n);
  life.modem->power_on();
  std::string last;
  int turns = 0;
  for (int i = 0; i < 200; ++i) {
    life.pass(milliseconds(100));
    turns += life.seen() != last;
    last = life.seen();
  }
  EXPECT_GT(turns, 10);
  EXPECT_GT(life.modem->enumeration(), 5U);
  EXPECT_THAT(life.modem->state(), StartsWith("boot loop (system is not whole"));
}

TEST(VirtualModem, ALostEfsShowsInAt) {
  Life life;
  EXPECT_NE(life.modem->imei(), "");
  const auto* efs = firmware::find_partition(life.modem->persona().table, "EFS2");
  const auto per_block = life.modem->persona().geometry.pages_per_block;
  for (auto page = efs->range.start.n; page < efs->range.end().n; page += per_block) {
    life.modem->nand().erase(page / per_block);
  }
  EXPECT_EQ(life.modem->imei(), "");
  life.modem->power_on();
  life.pass(seconds(1));
  HostPort port(*life.modem->function(), at);
  EXPECT_THAT(port.ask("AT+CGSN\r"), HasSubstr("\r\n0\r\n"));
  EXPECT_THAT(port.ask("AT+CFUN?\r"), HasSubstr("+CFUN: 5\r\n"));
}

TEST(VirtualModem, OnlyRebootClearsTheForceFlag) {
  Life life;
  auto misc = firmware::find_partition(life.modem->persona().table, "misc")->range;
  ASSERT_TRUE(set_force_fastboot(life.modem->nand(), misc));
  life.modem->power_on();
  life.pass(seconds(1));
  EXPECT_EQ(life.seen(), fastboot);
  auto say = [&](std::string_view command) {
    HostPort port(*life.modem->function(), 0);
    EXPECT_EQ(port.ask(command), "OKAY");
    life.pass(seconds(1));
  };
  say("reboot-bootloader");
  EXPECT_EQ(life.seen(), fastboot);
  say("continue");
  EXPECT_EQ(life.seen(), running);
  life.modem->power_cut();
  life.modem->power_on();
  life.pass(seconds(1));
  EXPECT_EQ(life.seen(), fastboot);
  say("reboot");
  EXPECT_EQ(life.seen(), running);
  life.modem->power_on();
  life.pass(seconds(1));
  EXPECT_EQ(life.seen(), running);
}

TEST(VirtualModem, ContinueWithoutAKernelIsSilentUntilAPowerCycle) {
  Life life;
  auto boot = firmware::find_partition(life.modem->persona().table, "boot")->range;
  life.modem->nand().erase(boot.start.n / 64);
  life.modem->power_on();
  life.pass(seconds(1));
  ASSERT_EQ(life.seen(), fastboot);
  HostPort port(*life.modem->function(), 0);
  port.ask("continue");
  life.pass(seconds(100));
  EXPECT_EQ(life.seen(), "nothing");
  life.modem->power_on();
  life.pass(seconds(1));
  EXPECT_EQ(life.seen(), fastboot);
}

TEST(VirtualModem, AWrongRevisionIsAnotherOne) {
  Life life({.real_timing = false, .blank = false, .faults = {fault("wrong-revision")}});
  life.modem->power_on();
  life.pass(seconds(1));
  HostPort port(*life.modem->function(), at);
  EXPECT_THAT(port.ask("AT+QGMR\r"), HasSubstr("\r\nEG25GGBR07A08M2G_30.004.30.004\r\n"));
}

/// Sahara RESET, as a host sends it that wants the modem to boot.
void reset_by_sahara(Life& life) {
  life.modem->power_on(Mode::edl);
  life.pass(seconds(1));
  HostPort port(*life.modem->function(), 0);
  port.send(*from_hex("07 00 00 00 08 00 00 00"));
  EXPECT_THAT(hex(as_bytes(port.take())), testing::EndsWith("08 00 00 00 08 00 00 00"));
  life.pass(seconds(1));
  EXPECT_TRUE(port.gone);
}

TEST(VirtualModem, AResetInEdlBootsWhatIsInTheChip) {
  Life whole;
  reset_by_sahara(whole);
  EXPECT_EQ(whole.seen(), running);

  Life blank({.real_timing = false, .blank = true, .faults = {}});
  reset_by_sahara(blank);
  EXPECT_EQ(blank.seen(), edl);
  EXPECT_EQ(blank.modem->enumeration(), 2U);
}

TEST(VirtualModem, OneThatNeverReturnsIsGoneAfterAReset) {
  Life life({.real_timing = false, .blank = false, .faults = {fault("never-returns")}});
  reset_by_sahara(life);
  life.pass(seconds(100));
  EXPECT_EQ(life.seen(), "nothing");
  EXPECT_EQ(life.modem->state(), "gone (fault never-returns)");
}

TEST(VirtualModem, ADarkOneIsReachedByTheBootPinOnly) {
  auto persona = *find_persona("eg25-g");
  persona.dark_when_torn = true;
  SimulatedClock clock;
  Timers timers(clock);
  auto nand = std::make_unique<Nand>(persona.geometry);
  ASSERT_TRUE(provision(*nand, persona, *firmware::parse_revision(persona.revision), Life::serial, Scale::small));
  nand->tear_page(firmware::find_partition(persona.table, "TZ")->range.start.n);
  VirtualModem modem({.persona = persona, .serial = Life::serial, .real_timing = false, .faults = {}}, std::move(nand),
                     timers);
  modem.power_on();
  EXPECT_FALSE(timers.next());
  EXPECT_EQ(modem.function(), nullptr);
  EXPECT_THAT(modem.state(), StartsWith("dark (TZ is not whole"));
  modem.power_on(Mode::edl);
  clock.advance_to(*timers.next());
  timers.run_due();
  ASSERT_NE(modem.function(), nullptr);
  EXPECT_EQ(modem.function()->fingerprint().pid, 0x9008);
}

TEST(VirtualModem, FaultsOfTheChipAreInTheChip) {
  Life life({.real_timing = false,
             .blank = false,
             .faults = {fault("bad-block:2000"), fault("erase-fails:2001"), fault("page-fails:128500")}});
  auto& nand = life.modem->nand();
  EXPECT_TRUE(nand.bad(2000));
  EXPECT_FALSE(nand.erase(2001));
  EXPECT_TRUE(nand.erase(2002));
  EXPECT_FALSE(nand.program(128500, as_bytes("x")));
  EXPECT_TRUE(nand.program(128501, as_bytes("x")));
}

TEST(VirtualModem, TwoModemsDifferInImeiAndSerial) {
  auto persona = *find_persona("ec25-e");
  SimulatedClock clock;
  Timers timers(clock);
  std::set<std::string> imeis;
  for (const auto* serial : {"00000001", "00000002"}) {
    auto nand = std::make_unique<Nand>(persona.geometry);
    ASSERT_TRUE(provision(*nand, persona, *firmware::parse_revision(persona.revision), serial, Scale::small));
    VirtualModem modem({.persona = persona, .serial = serial, .real_timing = false, .faults = {}}, std::move(nand),
                       timers);
    EXPECT_THAT(modem.imei(), testing::MatchesRegex("86108104[0-9]*"));
    EXPECT_EQ(modem.imei().size(), 15U);
    imeis.insert(modem.imei());
  }
  EXPECT_EQ(imeis.size(), 2U);
}

TEST(VirtualModem, GoesInTheMiddleOfAnything) {
  for (int steps = 0; steps < 40; ++steps) {
    Life life({.real_timing = true, .blank = false, .faults = {}});
    life.modem->power_on();
    life.pass(seconds(20));
    HostPort port(*life.modem->function(), at);
    port.send("AT+CFUN=1,1\r");
    for (int i = 0; i < steps && life.timers.next(); ++i) {
      life.clock.advance_to(*life.timers.next());
      life.timers.run_due();
    }
    life.modem.reset();
    EXPECT_FALSE(life.timers.next());
  }
}

}  // namespace
}  // namespace modemedic::twin
