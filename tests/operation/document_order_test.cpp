#include "operation/erase_range.h"
#include "operation/flash.h"
#include "operation/run_firehose.h"
#include "operation/upload.h"
#include "support/twin_bench.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What a tool without our care does to the same modem, by hand: so that the care is seen to be needed.
namespace modemedic::operation {
namespace {

using test::must;
using test::newer_package;
using test::TwinBench;
using testing::HasSubstr;
using testing::StartsWith;
namespace firehose = protocol::firehose;

class Careless : public testing::Test {
protected:
  Careless() : bench(in_edl()) {}

  static TwinBench::Options in_edl() {
    TwinBench::Options options;
    options.start = twin::Mode::edl;
    return options;
  }

  /// A programmer that takes commands, on the modem in EDL.
  void upload() {
    auto device = must(bench.find()).device;
    pipe = must(bench.bus.open(device, 0));
    link.emplace(*pipe, bench.clock, bench.events);
    must(upload_programmer(*pipe, bench.clock, *link, package, bench.events));
    must(configure(*link));
  }

  bool program(const firmware::Image& image) {
    auto reader = must(firmware::ImageReader::open(package, image.file));
    firehose::Program command{package.geometry, image.range.start, package.file(image).size, "image"};
    return must(link->program(command, *reader, [](std::uint64_t) {}, {})).ack;
  }

  bool erase(const SectorRange& range) { return must(link->run(firehose::Erase{package.geometry, range, {}})).ack; }

  const firmware::Image& image(const std::string& partition) const {
    return *std::find_if(package.images.begin(), package.images.end(),
                         [&](const auto& i) { return i.partition == partition; });
  }

  /// From top to bottom, as the file has it.
  void run_document_order() {
    for (std::size_t i = 0; i < package.commands.size(); ++i) {
      const auto& command = package.commands[i];
      if (command.kind == firmware::RawCommand::Kind::erase) {
        EXPECT_TRUE(erase(command.range));
      } else {
        auto meant = std::find_if(package.images.begin(), package.images.end(),
                                  [i](const auto& candidate) { return candidate.command == i; });
        EXPECT_TRUE(program(*meant));
      }
    }
  }

  TwinBench bench;
  const firmware::Package& package = *newer_package("eg25-g");
  std::unique_ptr<usb::Pipe> pipe;
  std::optional<FirehoseLink> link;
};

TEST_F(Careless, DocumentOrderIsAcknowledgedAndLeavesTheBootChainBlank) {
  upload();
  run_document_order();
  auto& nand = bench.modem->nand();
  for (std::uint64_t page : {std::uint64_t{0}, std::uint64_t{640}, std::uint64_t{13184}}) {
    EXPECT_EQ(nand.state(page), twin::Nand::PageState::erased) << page;
  }
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), StartsWith("edl"));
}

TEST_F(Careless, TheSamePackageInOurOrderBoots) {
  auto report = bench.flash(package, test::lifting_unknown());
  ASSERT_TRUE(report) << report.error().what;
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), HasSubstr("running EG25GGBR07A08M2G"));
}

TEST_F(Careless, DocumentOrderIsNeverProven) {
  plan::Plan plan{{}, package.geometry};
  using Kind = plan::Step::Kind;
  auto add = [&](Kind kind, bool no_return) -> plan::Step& {
    plan::Step step;
    step.kind = kind;
    step.no_return = no_return;
    plan.steps.push_back(step);
    return plan.steps.back();
  };
  for (auto kind : {Kind::switch_to_edl, Kind::upload, Kind::configure, Kind::ask_chip}) {
    add(kind, false);
  }
  for (std::size_t i = 0; i < package.commands.size(); ++i) {
    const auto& command = package.commands[i];
    if (command.kind == firmware::RawCommand::Kind::erase) {
      auto& step = add(Kind::erase, true);
      step.range = command.range;
      step.command = i;
      continue;
    }
    auto& step = add(Kind::program, true);
    step.image = static_cast<std::size_t>(
        std::find_if(package.images.begin(), package.images.end(), [i](const auto& m) { return m.command == i; }) -
        package.images.begin());
    const auto& meant = package.images[step.image];
    step.name = meant.partition;
    step.range = {meant.range.start, package.geometry.sectors_for(package.file(meant).size)};
  }
  add(Kind::reset, true);
  add(Kind::prove, true);
  auto proven = plan::prove_plan(plan, package);
  ASSERT_FALSE(proven);
  EXPECT_THAT(proven.error().what, HasSubstr("programmed without having been erased"));
}

TEST_F(Careless, AProgramOverWhatIsThereIsAcknowledgedAndSpoilsIt) {  // trap 1
  upload();
  EXPECT_TRUE(program(image("TZ")));
  bench.power_cycle();
  EXPECT_THAT(bench.modem->state(), testing::Not(StartsWith("running")));
}

}  // namespace
}  // namespace modemedic::operation
