#include "operation/flash.h"
#include "support/twin_bench.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::newer_package;
using test::TwinBench;
using testing::AnyOf;
using testing::Eq;
using testing::Not;
using testing::StartsWith;

/// What happens to what is asked of a bus; an error is its answer instead of the modem's.
using Strike = std::function<Result<void>()>;

/// A bus on which something happens to the n-th thing that is asked of a pipe or of itself, and that counts what was
/// not given back.
class StruckBus final : public usb::Bus {
public:
  StruckBus(usb::Bus& inner, std::size_t moment, Strike strike)
      : inner_(inner), moment_(moment), strike_(std::move(strike)) {}

  Result<std::vector<usb::DeviceInfo>> snapshot() override {
    TRY(count());
    return inner_.snapshot();
  }

  Result<bool> wait_change(Deadline deadline) override { return inner_.wait_change(deadline); }

  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo& device, std::uint8_t interface_number) override {
    TRY(count());
    TRY_ASSIGN(auto pipe, inner_.open(device, interface_number));
    return std::make_unique<StruckPipe>(std::move(pipe), *this);
  }

  Result<std::unique_ptr<usb::Reservation>> reserve(const usb::DeviceInfo& /*device*/, usb::Purpose /*purpose*/,
                                                    Events& /*events*/) override {
    return std::make_unique<Held>(held);
  }

  const Clock& clock() const override { return inner_.clock(); }

  std::size_t asked = 0;  ///< how many things were asked of it
  int held = 0;           ///< pipes and reservations that are not given back

private:
  struct Held : usb::Reservation {
    explicit Held(int& number) : held(number) { ++held; }

    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    ~Held() override { --held; }

    int& held;
  };

  class StruckPipe final : public usb::Pipe {
  public:
    StruckPipe(std::unique_ptr<usb::Pipe> inner, StruckBus& bus)
        : inner_(std::move(inner)), bus_(bus), held_(bus.held) {}

    Result<void> send(ByteView bytes, usb::Zlp zlp, Deadline deadline) override {
      TRY(bus_.count());
      return inner_->send(bytes, zlp, deadline);
    }

    Result<void> flush(Deadline deadline) override {
      TRY(bus_.count());
      return inner_->flush(deadline);
    }

    Result<void> send_last(ByteView bytes, Deadline deadline) override {
      TRY(bus_.count());
      return inner_->send_last(bytes, deadline);
    }

    Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
      TRY(bus_.count());
      return inner_->receive(into, deadline);
    }

  private:
    std::unique_ptr<usb::Pipe> inner_;
    StruckBus& bus_;
    Held held_;
  };

  Result<void> count() { return asked++ == moment_ ? strike_() : Result<void>{}; }

  usb::Bus& inner_;
  std::size_t moment_;
  Strike strike_;
};

constexpr auto never = std::numeric_limits<std::size_t>::max();
/// No wait of a flash is longer: half a minute for EDL, a minute or two for the modem's return.
constexpr Duration longest_wait = 10min;

/// How many things a whole flash asks of its bus.
std::size_t moments_of_a_flash() {
  TwinBench bench;
  StruckBus bus(bench.bus, never, [] { return Result<void>{}; });
  test::must(bench.flash_over(bus, *newer_package("eg25-g")).transform([](const auto&) {}));
  return bus.asked;
}

/// Every one of the first, where a stage follows the other, then some of the many in the midst of the images, and every
/// one of the last.
std::set<std::size_t> moments_to_try() {
  auto all = moments_of_a_flash();
  std::set<std::size_t> moments;
  for (std::size_t moment = 0; moment < all; moment += moment < 60 || moment + 30 > all ? 1 : all / 30 + 1) {
    moments.insert(moment);
  }
  return moments;
}

/// Flashes while that happens, and looks at what holds at all times: an end in time with a word about it, everything
/// given back, and a modem that the same package brings back.
void expect_a_good_end(std::size_t moment, const std::function<Result<void>(TwinBench&)>& strike,
                       const std::set<Code>& codes) {
  TwinBench bench;
  StruckBus bus(bench.bus, moment, [&] { return strike(bench); });
  auto started = bench.clock.now();
  auto result = bench.flash_over(bus, *newer_package("eg25-g"));
  SCOPED_TRACE("moment " + std::to_string(moment) + ": " + (result ? "done" : result.error().what));
  EXPECT_LT(bench.clock.now() - started, longest_wait);
  EXPECT_EQ(bus.held, 0);
  if (result) {
    return;
  }
  EXPECT_THAT(result.error().hint, Not(Eq("")));
  EXPECT_TRUE(codes.contains(result.error().code)) << name(result.error().code);
  bench.power_cycle();
  ASSERT_THAT(bench.modem->state(), AnyOf(StartsWith("running"), StartsWith("edl")));
  auto again = bench.flash(*newer_package("eg25-g"), test::lifting_unknown());
  EXPECT_TRUE(again) << again.error().what << " / " << again.error().hint;
}

TEST(Unplugged, AtAnyMomentEndsWellAndGivesEverythingBack) {
  for (auto moment : moments_to_try()) {
    auto strike = [](TwinBench& bench) {
      bench.modem->power_cut();
      return Result<void>{};
    };
    expect_a_good_end(moment, strike, {Code::modem_lost, Code::not_proven});
  }
}

/// A hub that loses its power for a moment, or a loose plug: another device comes at once where the modem was.
TEST(Unplugged, AndPluggedInAgainAtAnyMomentEndsWell) {
  for (auto moment : moments_to_try()) {
    auto strike = [](TwinBench& bench) {
      bench.modem->power_cut();
      bench.modem->power_on();
      return Result<void>{};
    };
    expect_a_good_end(moment, strike, {Code::modem_lost, Code::not_proven});
  }
}

/// As the pipes say it after they have cleared the endpoint's halt.
TEST(Unplugged, OrStalledOnceAtAnyMomentEndsWell) {
  for (auto moment : moments_to_try()) {
    auto strike = [](TwinBench& /*bench*/) -> Result<void> {
      return fail(Code::device_refused).what("the modem answered a transfer with a stall");
    };
    expect_a_good_end(moment, strike,
                      {Code::device_refused, Code::timeout, Code::modem_lost, Code::not_proven, Code::device_protocol});
  }
}

}  // namespace
}  // namespace modemedic::operation
