#include "protocol/dload_wire.h"
#include "protocol/hdlc.h"
#include "protocol/streaming_wire.h"
#include "virtual/generator.h"
#include "virtual/host_port.h"
#include "virtual/loader_mark.h"
#include "virtual/modem.h"

#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t diag = 0;
constexpr std::size_t at = 2;

/// A whole EC20 on simulated time, with small firmware on it.
class Ec20 : public testing::Test {
protected:
  void SetUp() override { make(false); }

  void make(bool real_timing) {
    auto persona = *find_persona("ec20");
    auto nand = std::make_unique<Nand>(persona.geometry);
    ASSERT_TRUE(provision(*nand, persona, *firmware::parse_revision(persona.revision), "0012d687", Scale::small));
    modem_ = std::make_unique<VirtualModem>(
        VirtualModem::Setup{.persona = persona, .serial = "0012d687", .real_timing = real_timing, .faults = {}},
        std::move(nand), timers_);
  }

  void pass(Duration time) {
    auto until = clock_.now() + time;
    while (timers_.next() && *timers_.next() <= until) {
      clock_.advance_to(*timers_.next());
      timers_.run_due();
    }
    clock_.advance_to(until);
  }

  void power_on(Mode mode = Mode::running) {
    modem_->power_on(mode);
    pass(milliseconds(10));
  }

  std::string seen() const {
    const auto* function = modem_->function();
    return function == nullptr ? "nothing" : function->fingerprint().product + " " + function->fingerprint().serial;
  }

  void erase(std::string_view name) {
    auto range = firmware::find_partition(modem_->persona().table, name)->range;
    for (auto block = range.start.n / 64; block < range.end().n / 64; ++block) {
      modem_->nand().erase(block);
    }
  }

  SimulatedClock clock_;
  Timers timers_{clock_};
  std::unique_ptr<VirtualModem> modem_;
};

TEST_F(Ec20, TellsByAtWhatTheFactsSay) {
  power_on();
  EXPECT_EQ(modem_->state(), "running EC20EQAR02A04E2G");
  HostPort port(*modem_->function(), at);
  pass(seconds(1));
  EXPECT_THAT(port.ask("ATI\r"), HasSubstr("Quectel\r\nEC20\r\nRevision: EC20EQAR02A04E2G"));
  EXPECT_THAT(port.ask("AT+CGMR\r"), HasSubstr("\r\nEC20EQAR02A04E2G\r\n"));
  EXPECT_THAT(port.ask("AT+QGMR\r"), HasSubstr("\r\nERROR\r\n"));
  EXPECT_THAT(port.ask("AT+CGSN\r"), HasSubstr("\r\n" + modem_->imei() + "\r\n"));
}

TEST_F(Ec20, GoesFromDiagToDownloadModeUnderTheSamePid) {
  power_on();
  HostPort port(*modem_->function(), diag);
  EXPECT_EQ(hex(as_bytes(port.ask(as_text(*from_hex("7e 06 4e 95 7e"))))), "7e 13 06 88 d5 7e");
  port.send(*from_hex("3a a1 6e 7e"));
  pass(milliseconds(10));
  EXPECT_EQ(seen(), "QHSUSB_DLOAD ");
  EXPECT_EQ(modem_->function()->fingerprint().pid, 0x9215);
  HostPort boot_loader(*modem_->function(), 0);
  EXPECT_EQ(hex(as_bytes(boot_loader.ask(as_text(*from_hex("7e 06 4e 95 7e"))))), "7e 02 6a d3 7e");
  power_on();  // a power cycle boots what is on it
  EXPECT_THAT(modem_->state(), StartsWith("running"));
}

TEST_F(Ec20, ShowsTheLoaderAsAnotherDeviceOnTheSamePort) {
  power_on(Mode::download);
  auto before = modem_->enumeration();
  HostPort boot_loader(*modem_->function(), 0);
  boot_loader.ask(as_text(protocol::hdlc_frame(protocol::dload::write(0x41700000, as_bytes(loader_mark)))));
  boot_loader.send(*from_hex("7e 05 41 70 00 00 f7 63 7e"));
  pass(milliseconds(10));
  EXPECT_TRUE(boot_loader.gone);
  EXPECT_EQ(modem_->enumeration(), before + 1);
  EXPECT_EQ(modem_->state(), "download mode (streaming loader)");
  HostPort loader(*modem_->function(), 0);
  EXPECT_EQ(loader.ask(as_text(protocol::hdlc_frame(protocol::streaming::hello()))).substr(2, 20),
            "QCOM fast download p");
  loader.send(protocol::hdlc_frame(protocol::streaming::reset()));
  pass(milliseconds(10));
  EXPECT_THAT(modem_->state(), StartsWith("running"));
}

TEST_F(Ec20, TakesThirteenSecondsToFastboot) {
  make(true);
  modem_->power_on(Mode::fastboot);
  pass(milliseconds(12999));
  EXPECT_EQ(seen(), "nothing");
  pass(milliseconds(1));
  EXPECT_EQ(seen(), "Android MDM9615");
}

TEST_F(Ec20, EndsWhereItsFlashSays) {
  erase("system");
  modem_->power_on();
  pass(milliseconds(10));
  EXPECT_THAT(modem_->state(), StartsWith("boot loop (system"));
  erase("boot");
  power_on();
  EXPECT_EQ(modem_->state(), "fastboot (boot has no ANDROID!)");
  erase("APPSBL");
  power_on();
  EXPECT_EQ(modem_->state(), "download mode (no APPSBL)");
  for (auto mode : {Mode::edl, Mode::dump}) {
    power_on(mode);
    EXPECT_EQ(seen(), "QHSUSB_DLOAD ");
  }
}

}  // namespace
}  // namespace modemedic::twin
