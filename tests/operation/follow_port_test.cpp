#include "operation/follow_port.h"

#include "operation/switch_mode.h"
#include "support/recording_bus.h"
#include "support/twin_bench.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// The shape of a modem that is at USB 3 speed while it runs, and has a boot ROM that knows USB 2 alone.
usb::Fingerprint shape(const std::string& serial, bool running, usb::Speed speed) {
  usb::Fingerprint shape;
  shape.vid = running ? 0x2C7C : 0x05C6;
  shape.pid = running ? 0x0800 : 0x9008;
  shape.serial = serial;  // for the test to know it by: nobody else looks at it
  shape.speed = speed;
  return shape;
}

/// A modem that goes from mode to mode by itself.
class Wanderer final : public twin::Pluggable {
public:
  Wanderer(twin::Timers& timers, std::string name, usb::Speed running_speed)
      : timers_(timers), name_(std::move(name)), running_speed_(running_speed) {
    come(true);
  }

  twin::UsbFunction* function() const override { return function_.get(); }

  std::uint64_t enumeration() const override { return enumeration_; }

  /// Leaves after a while, and comes back in the other mode after another.
  void change(Duration leaves, Duration comes) {
    timers_.after(leaves, [this] {
      leave();
      if (on_away) {
        on_away();
      }
    });
    timers_.after(leaves + comes, [this] { come(!running_); });
  }

  void leave() { function_.reset(); }

  void come(bool running) {
    running_ = running;
    function_ = std::make_unique<twin::UsbFunction>(shape(name_, running, running ? running_speed_ : usb::Speed::high));
    ++enumeration_;
  }

  const std::string& name() const { return name_; }

  std::function<void()> on_away;

private:
  twin::Timers& timers_;
  std::string name_;
  usb::Speed running_speed_;
  std::unique_ptr<twin::UsbFunction> function_;
  std::uint64_t enumeration_ = 0;
  bool running_ = true;
};

/// Some modems on some connectors, all of which switch modes in an order that the seed decides.
class World {
public:
  explicit World(std::uint32_t seed) : random_(seed) {
    auto connectors = all_connectors();
    std::ranges::shuffle(connectors, random_);
    auto count = 2 + random_() % 5;
    for (std::size_t i = 0; i < count; ++i) {
      auto speed = random_() % 2 == 0 ? usb::Speed::super : usb::Speed::high;
      modems.push_back(std::make_unique<Wanderer>(timers, std::to_string(i), speed));
      bus.plug(*modems.back(), connectors[i].usb2, connectors[i].usb3);
    }
    for (std::size_t i = count; i < connectors.size(); ++i) {
      free_.push_back(connectors[i]);
    }
    for (auto& modem : modems) {
      for (auto begin = 0s; begin < 60s; begin += 20s) {
        modem->change(begin + some(), some());
      }
    }
  }

  /// Some time up to 8 s; often the same for several modems.
  Duration some() { return 1ms + 500ms * (random_() % 16); }

  /// Somebody takes the modem to a connector where none was, while it is away.
  void carry_away(std::size_t which) {
    modems[which]->on_away = [this, which] { bus.replug(*modems[which], free_.back().usb2, free_.back().usb3); };
  }

  struct Connector {
    std::string usb2;
    std::string usb3;
  };

  /// Ports of root hubs and of hubs behind them, numbered alike on all controllers, as they are.
  static std::vector<Connector> all_connectors() {
    std::vector<Connector> all;
    for (const auto* path : {"1", "2", "1.4", "1.14", "11.4"}) {
      all.push_back({std::string("1-") + path, std::string("2-") + path});
      all.push_back({std::string("3-") + path, std::string("4-") + path});
      all.push_back({std::string("5-") + path, ""});
    }
    return all;
  }

  twin::SimulatedClock clock;
  twin::Timers timers{clock};
  std::vector<std::unique_ptr<Wanderer>> modems;
  twin::InProcessBus bus{clock, timers};

private:
  std::mt19937 random_;
  std::vector<Connector> free_;
};

const usb::DeviceInfo& named(const std::vector<usb::DeviceInfo>& devices, const std::string& name) {
  auto found = std::ranges::find_if(devices, [&](const auto& one) { return one.fingerprint.serial == name; });
  return found == devices.end() ? throw std::runtime_error("no modem " + name) : *found;
}

/// Each of them is followed, in a world of its own for each, while all the others switch too.
TEST(FollowPort, NeverTakesOneModemForAnother) {
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    for (std::size_t which = 0; which < World(seed).modems.size(); ++which) {
      World world(seed);
      const auto& name = world.modems[which]->name();
      auto modem = named(test::must(world.bus.snapshot()), name);
      auto running = true;
      for (auto change = 0; change < 3; ++change) {
        auto next = wait_for_next(world.bus, modem, 0s, Deadline::in(world.clock, 40s));
        ASSERT_TRUE(next && *next) << "seed " << seed << ", modem " << name << ", change " << change;
        ASSERT_EQ((*next)->fingerprint.serial, name) << "seed " << seed << ", change " << change;
        running = !running;
        ASSERT_EQ((*next)->fingerprint.vid == 0x2C7C, running) << "seed " << seed << ": a change was missed";
        modem = **next;
      }
    }
  }
}

TEST(FollowPort, LosesAModemThatIsCarriedAwayRatherThanTakingAnother) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    for (std::size_t which = 0; which < World(seed).modems.size(); ++which) {
      World world(seed);
      world.carry_away(which);
      auto modem = named(test::must(world.bus.snapshot()), world.modems[which]->name());
      auto next = wait_for_next(world.bus, modem, 0s, Deadline::in(world.clock, 60s));
      ASSERT_TRUE(next);
      EXPECT_FALSE(*next) << "seed " << seed << ": took " << (*next)->fingerprint.serial << " on " << (*next)->port;
    }
  }
}

class Connector : public testing::Test {
protected:
  usb::DeviceInfo seen(const std::string& name) { return named(test::must(bus.snapshot()), name); }

  twin::SimulatedClock clock;
  twin::Timers timers{clock};
  Wanderer modem{timers, "modem", usb::Speed::super};
  Wanderer other{timers, "other", usb::Speed::high};
  twin::InProcessBus bus{clock, timers};
};

TEST_F(Connector, IsFollowedToItsOtherHalfAndBack) {
  bus.plug(modem, "1-1.4", "2-1.4");
  auto running = seen("modem");
  EXPECT_EQ(running.port, "2-1.4");
  EXPECT_EQ(running.companion, "1-1.4");
  modem.change(1s, 1s);
  auto edl = test::must(wait_for_next(bus, running, 0s, Deadline::in(clock, 10s)));
  ASSERT_TRUE(edl);
  EXPECT_EQ(edl->port, "1-1.4");
  modem.change(1s, 1s);
  auto back = test::must(wait_for_next(bus, *edl, 0s, Deadline::in(clock, 10s)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->port, "2-1.4");
}

TEST_F(Connector, WithoutAKnownOtherHalfLosesAModemThatChangesOver) {
  bus.plug(modem, "1-1", "2-1");
  auto running = seen("modem");
  running.companion.clear();
  modem.change(1s, 1s);
  EXPECT_FALSE(test::must(wait_for_next(bus, running, 0s, Deadline::in(clock, 10s))));
}

TEST_F(Connector, WithTwoDevicesInThePlaceOfOneIsAnError) {
  bus.plug(modem, "1-1", "2-1");
  bus.plug(other, "5-1", "");
  auto running = seen("modem");
  modem.leave();
  modem.come(false);
  bus.replug(other, "2-1");
  auto next = wait_for_next(bus, running, 0s, Deadline::in(clock, 10s));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, Code::several_modems);
  EXPECT_THAT(next.error().what, HasSubstr("05c6:9008"));
  EXPECT_THAT(next.error().what, HasSubstr("on port 2-1"));
}

TEST_F(Connector, IsNotLeftWhileTheModemIsStillThere) {
  bus.plug(modem, "1-1", "2-1");
  bus.plug(other, "1-1", "");  // the first sign of what comes may be there before the last of what goes
  auto running = seen("modem");
  EXPECT_FALSE(test::must(wait_for_next(bus, running, 0s, Deadline::in(clock, 5s))));
  EXPECT_EQ(test::must(device_after(bus, running))->fingerprint.serial, "modem");
}

/// What a hub does that is reset in the moment of the switch: all its devices come anew, and the request is lost.
class HubResets final : public usb::Bus {
public:
  HubResets(test::TwinBench& bench, int how_often) : bench_(bench), left_(how_often) {}

  Result<std::vector<usb::DeviceInfo>> snapshot() override { return bench_.bus.snapshot(); }

  Result<bool> wait_change(Deadline deadline) override { return bench_.bus.wait_change(deadline); }

  const Clock& clock() const override { return bench_.clock; }

  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo& device, std::uint8_t number) override {
    TRY_ASSIGN(auto pipe, bench_.bus.open(device, number));
    return std::make_unique<Cut>(std::move(pipe), *this);
  }

private:
  class Cut final : public usb::Pipe {
  public:
    Cut(std::unique_ptr<usb::Pipe> inner, HubResets& bus) : inner_(std::move(inner)), bus_(bus) {}

    Result<void> send(ByteView bytes, usb::Zlp zlp, Deadline deadline) override {
      auto switches = bytes.size() > 1 && bytes[0] == std::byte{0x4B} && bytes[1] == std::byte{0x65};
      if (switches && bus_.left_-- > 0) {
        bus_.bench_.power_cycle();
        return fail(Code::modem_lost).what("the hub was reset");
      }
      return inner_->send(bytes, zlp, deadline);
    }

    Result<void> flush(Deadline deadline) override { return inner_->flush(deadline); }

    Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
      return inner_->receive(into, deadline);
    }

  private:
    std::unique_ptr<usb::Pipe> inner_;
    HubResets& bus_;
  };

  test::TwinBench& bench_;
  int left_;
};

TEST(SwitchToEdl, AsksAgainAfterAHubHasBroughtTheModemAnew) {
  test::TwinBench bench;
  HubResets bus(bench, 1);
  auto found = switch_to_edl(bus, test::must(bench.find()), bench.events);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->sighting.state, knowledge::State::edl);
}

TEST(SwitchToEdl, GivesUpOnAModemThatComesBackAsItWas) {
  test::TwinBench bench;
  HubResets bus(bench, 100);
  auto found = switch_to_edl(bus, test::must(bench.find()), bench.events);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::device_refused);
  EXPECT_THAT(found.error().what, HasSubstr("not in EDL but running"));
}

}  // namespace
}  // namespace modemedic::operation
