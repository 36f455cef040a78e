#include "operation/find_modem.h"

#include "operation/modem_records.h"
#include "support/tool.h"
#include "support/twin_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using test::TwinBench;
using testing::AllOf;
using testing::HasSubstr;

class TwoModems : public testing::Test {
protected:
  TwoModems() : second(bench.make_modem("12345678", {})) {
    bench.bus.plug(*second, "1-2");
    bench.power_on(*second);
  }

  Result<Found> find(const std::string& selector) { return find_modem(bench.bus, selector, bench.events); }

  TwinBench bench;
  std::unique_ptr<twin::VirtualModem> second;
};

TEST_F(TwoModems, AreListedByPort) {
  auto modems = find_modems(bench.bus);
  ASSERT_TRUE(modems);
  ASSERT_EQ(modems->size(), 2U);
  EXPECT_EQ((*modems)[0].device.port, "1-1");
  EXPECT_EQ((*modems)[1].device.port, "1-2");
  EXPECT_EQ((*modems)[1].sighting.state, knowledge::State::running);
}

TEST_F(TwoModems, AreNeverTakenByGuessing) {
  auto found = find("");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::several_modems);
  EXPECT_THAT(found.error().what, AllOf(HasSubstr("port:1-1 (2c7c:0125"), HasSubstr("port:1-2 (2c7c:0125")));
}

TEST_F(TwoModems, AreSelectedByPortAndImei) {
  EXPECT_EQ(find("port:1-2")->device.port, "1-2");
  EXPECT_EQ(find("imei:" + second->imei())->device.port, "1-2");
  EXPECT_EQ(find("imei:" + bench.modem->imei())->device.port, "1-1");
}

TEST_F(TwoModems, AreSelectedByTheSerialOfUsbAndOfTheChip) {
  EXPECT_EQ(find("serial:12345678")->device.port, "1-2");
  second->power_cut();
  bench.power_on(*second, twin::Mode::edl);  // shows no serial on USB, but tells it when asked
  EXPECT_EQ(find("serial:12345678")->device.port, "1-2");
}

TEST_F(TwoModems, AreSelectedInEdlByTheImeiThatIsRemembered) {
  test::TemporaryDirectory dir;
  ModemRecords records(dir.path(), "test", bench.events);
  auto imei = second->imei();
  auto device = find("port:1-2")->device;
  Identity both;
  both.imei = imei;
  both.chip.serial = 0x12345678;
  records.saw({device, "edl", both, "2026-11-21T09:30:00Z"});
  second->power_cut();
  bench.power_on(*second, twin::Mode::edl);
  auto found = find_modem(bench.bus, "imei:" + imei, bench.events, &records);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->device.port, "1-2");
  EXPECT_FALSE(find("imei:" + imei)) << "without records nobody knows";
}

TEST_F(TwoModems, AreNotSelectedInEdlByTheirPortsPast) {
  test::TemporaryDirectory dir;
  ModemRecords records(dir.path(), "test", bench.events);
  auto imei = second->imei();
  auto device = find("port:1-2")->device;
  Identity running;
  running.imei = imei;
  records.saw({device, "running", running, "2026-11-21T09:30:00Z"});
  second->power_cut();
  bench.power_on(*second, twin::Mode::edl);
  EXPECT_FALSE(find_modem(bench.bus, "imei:" + imei, bench.events, &records));
}

TEST_F(TwoModems, AreNotConfusedWithOneThatIsNotThere) {
  for (const auto* selector : {"port:1-3", "port:1-", "imei:000000000000000", "serial:x"}) {
    auto found = find(selector);
    ASSERT_FALSE(found) << selector;
    EXPECT_EQ(found.error().code, Code::no_modem);
    EXPECT_THAT(found.error().hint, HasSubstr("port:1-2"));
  }
}

TEST_F(TwoModems, AreNotSelectedByNonsense) {
  for (const auto* selector : {"1-1", "port:", "port", "name:x", ":"}) {
    auto found = find(selector);
    ASSERT_FALSE(found) << selector;
    EXPECT_EQ(found.error().code, Code::usage);
  }
}

TEST(FindModem, SaysWhenNoneIsInSight) {
  twin::SimulatedClock clock;
  twin::Timers timers(clock);
  twin::InProcessBus bus(clock, timers);
  EventRecorder events;
  auto found = find_modem(bus, "", events);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::no_modem);
  EXPECT_FALSE(found.error().hint.empty());
}

}  // namespace
}  // namespace modemedic::operation
