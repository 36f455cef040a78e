// A whole flash of a small package onto a twin, over a bus on which what the modem says is cut, changed, said twice or
// lost as the input tells. Whatever it hears, the host comes to an end, says nothing is done that is not, and leaves
// alone what is the module's own.

#include "fuzz_target.h"
#include "peer/input.h"
#include "support/twin_bench.h"
#include "virtual/efs.h"
#include "virtual/partition_reader.h"

#include <map>

using namespace modemedic;
using namespace std::chrono_literals;

namespace {

/// Passes everything on, but for what the input has other ideas of.
class TwistedBus final : public usb::Bus {
public:
  TwistedBus(usb::Bus& real, fuzz::Input& input, std::function<void()> power_cut)
      : real_(real), input_(input), power_cut_(std::move(power_cut)), started_(real.clock().now()) {}

  Result<std::vector<usb::DeviceInfo>> snapshot() override {
    count_call();
    return real_.snapshot();
  }

  Result<bool> wait_change(Deadline deadline) override {
    count_call();
    return real_.wait_change(deadline);
  }

  Result<std::unique_ptr<usb::Pipe>> open(const usb::DeviceInfo& device, std::uint8_t interface_number) override {
    count_call();
    TRY_ASSIGN(auto pipe, real_.open(device, interface_number));
    return std::make_unique<TwistedPipe>(*this, std::move(pipe));
  }

  const Clock& clock() const override { return real_.clock(); }

private:
  class TwistedPipe final : public usb::Pipe {
  public:
    TwistedPipe(TwistedBus& bus, std::unique_ptr<usb::Pipe> real) : bus_(bus), real_(std::move(real)) {}

    Result<void> send(ByteView bytes, usb::Zlp zlp, Deadline deadline) override {
      bus_.count_call();
      return real_->send(bytes, zlp, deadline);
    }

    Result<void> flush(Deadline deadline) override {
      bus_.count_call();
      return real_->flush(deadline);
    }

    Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
      bus_.count_call();
      if (again_) {
        again_ = false;
        auto count = std::min(into.size(), last_.size());
        std::copy_n(last_.begin(), count, into.begin());
        return count;
      }
      TRY_ASSIGN(auto count, real_->receive(into, deadline));
      count = twist(into, count);
      last_.assign(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, 4096)));
      return count;
    }

  private:
    /// So many transfers go by untouched, then one does not.
    std::size_t twist(std::span<std::byte> into, std::size_t count) {
      if (bus_.untouched_ > 0 || bus_.input_.empty()) {
        bus_.untouched_ -= bus_.untouched_ > 0 ? 1 : 0;
        return count;
      }
      bus_.untouched_ = bus_.input_.u8();
      switch (bus_.input_.u8() % 8) {
        case 0:
          return 0;
        case 1:
          return count == 0 ? 0 : bus_.input_.below(count);
        case 2:
          if (count > 0) {
            into[bus_.input_.below(count)] = static_cast<std::byte>(bus_.input_.u8());
          }
          return count;
        case 3: {
          auto other = bus_.input_.bytes();
          auto size = std::min(other.size(), into.size());
          std::copy_n(other.begin(), size, into.begin());
          return size;
        }
        case 4: {
          auto text = "<?xml version=\"1.0\"?><data><log value=\"" + bus_.input_.text() + "\"/></data>";
          auto size = std::min(text.size(), into.size());
          std::copy_n(as_bytes(text).begin(), size, into.begin());
          return size;
        }
        case 5:
          again_ = true;
          return count;
        case 6:
          bus_.power_cut_();
          return count;
        default: {
          auto more = bus_.input_.bytes();
          auto size = std::min(more.size(), into.size() - count);
          std::copy_n(more.begin(), size, into.begin() + static_cast<std::ptrdiff_t>(count));
          return count + size;
        }
      }
    }

    TwistedBus& bus_;
    std::unique_ptr<usb::Pipe> real_;
    Buffer last_;
    bool again_ = false;
  };

  void count_call() {
    fuzz::must(++calls_ < 1'000'000, "a flash ends");
    fuzz::must(clock().now() - started_ < 1h, "a flash ends within an hour");
  }

  usb::Bus& real_;
  fuzz::Input& input_;
  std::function<void()> power_cut_;
  TimePoint started_;
  std::size_t calls_ = 0;
  std::size_t untouched_ = 0;
};

bool holds_images(const twin::Nand& nand, const firmware::Package& package) {
  static std::map<std::size_t, Buffer> files;
  return std::all_of(package.images.begin(), package.images.end(), [&](const firmware::Image& image) {
    auto& file = files[image.file];
    if (file.empty()) {
      file = test::must(firmware::read_file(package, image.file, 64_MiB));
    }
    auto written = twin::PartitionReader(nand, image.range).written().bytes;
    return written.size() >= file.size() && std::equal(file.begin(), file.end(), written.begin());
  });
}

}  // namespace

MODEMEDIC_FUZZ(flash) {
  static const auto& package = *test::newer_package("eg25-g");
  static const auto plan = test::must(plan::prove_plan(test::must(plan::make_plan(package)), package));
  fuzz::Input input(bytes);
  test::TwinBench::Options options;
  options.start = input.u8() % 2 == 0 ? twin::Mode::edl : twin::Mode::running;
  test::TwinBench bench(options);
  auto own = test::must(twin::read_efs(bench.modem->nand(), bench.persona));
  // Not at once: the modem may be at work in the very call.
  TwistedBus bus(bench.bus, input, [&] { bench.timers.after(1ms, [&] { bench.modem->power_cut(); }); });
  auto work = [&]() -> Result<operation::FlashReport> {
    operation::FlashOptions flash;
    operation::GateOptions gate;
    gate.overrides = {"unknown"};
    TRY_ASSIGN(auto found, operation::find_modem(bus, "", bench.events));
    TRY_ASSIGN(auto admission, operation::admit(bus, found, package, gate, bench.events));
    return operation::flash(bus, std::move(admission), plan, flash, bench.events, {});
  };
  auto result = work();
  fuzz::must(test::must(twin::read_efs(bench.modem->nand(), bench.persona)) == own, "what is the module's own stays");
  fuzz::must(result || bytes.size() > 1, "a flash that nobody disturbs ends well");
  if (result) {
    fuzz::must(bench.modem->state().starts_with("running"), "what is said to be done is done");
    fuzz::must(holds_images(bench.modem->nand(), package), "every image stands where it belongs");
    return;
  }
  fuzz::must(result.error().code != Code::bug && result.error().code != Code::plan_unproven,
             "no modem makes a bug of ours");
  fuzz::must(!result.error().what.empty() && !result.error().hint.empty(), "an error says what to do");
  fuzz::must_be_told(result.error());
}
