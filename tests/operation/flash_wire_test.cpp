#include "operation/flash.h"
#include "support/recording_bus.h"
#include "support/twin_bench.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What a whole flash puts on the wire, against the traps of a 9x07 programmer (facts: programmer-9x07.md).
namespace modemedic::operation {
namespace {

using test::newer_package;
using test::RecordingBus;
using test::TwinBench;
using testing::HasSubstr;

struct Sent {
  std::vector<std::string> documents;
  std::vector<RecordingBus::Transfer> raw;
};

Sent wire_of(const firmware::Package& package) {
  TwinBench bench;
  RecordingBus bus(bench.bus);
  auto report = bench.flash_over(bus, package);
  EXPECT_TRUE(report) << report.error().what;
  Sent sent;
  for (auto& transfer : bus.sent) {
    auto text = as_text(transfer.head);
    if (text.starts_with("<?xml")) {
      sent.documents.emplace_back(text);
    } else if (!sent.documents.empty() && !text.starts_with("AT")) {
      sent.raw.push_back(std::move(transfer));
    }
  }
  return sent;
}

std::vector<std::string> of_tag(const Sent& sent, const std::string& tag) {
  std::vector<std::string> found;
  std::copy_if(sent.documents.begin(), sent.documents.end(), std::back_inserter(found),
               [&](const std::string& text) { return text.find("<" + tag + " ") != std::string::npos; });
  return found;
}

TEST(FlashWire, SendsEveryAttributeOfEveryCommandEveryTime) {  // traps 4 and 7
  auto sent = wire_of(*newer_package("eg25-g"));
  for (const auto* tag : {"erase", "program", "read"}) {
    auto documents = of_tag(sent, tag);
    EXPECT_FALSE(documents.empty()) << tag;
    for (const auto& text : documents) {
      for (const auto* attribute : {"PAGES_PER_BLOCK=\"64\"", "SECTOR_SIZE_IN_BYTES=\"2048\"",
                                    "num_partition_sectors=\"", "physical_partition_number=\"0\"", "start_sector=\""}) {
        EXPECT_THAT(text, HasSubstr(attribute));
      }
    }
  }
}

TEST(FlashWire, NeverSendsADocumentThatTheProgrammerWouldGlueToTheNext) {  // trap 6
  auto sent = wire_of(*newer_package("eg25-g"));
  EXPECT_GT(sent.documents.size(), 20U);
  for (const auto& text : sent.documents) {
    EXPECT_NE(text.size() % 512, 0U);
    EXPECT_LE(text.size(), 4095U);
  }
}

TEST(FlashWire, EndsEveryRawTransferWithAZeroLengthPacket) {  // trap 6
  auto sent = wire_of(*newer_package("eg25-g"));
  EXPECT_GT(sent.raw.size(), 20U);
  for (const auto& transfer : sent.raw) {
    EXPECT_EQ(transfer.zlp, usb::Zlp::if_multiple);
    EXPECT_EQ(transfer.size % 512, 0U);
    EXPECT_LE(transfer.size, 16384U);
  }
}

TEST(FlashWire, ErasesSblFirstAndProgramsItLast) {
  auto sent = wire_of(*newer_package("eg25-g"));
  EXPECT_THAT(of_tag(sent, "erase").front(), HasSubstr("num_partition_sectors=\"640\""));
  EXPECT_THAT(of_tag(sent, "erase").front(), HasSubstr("start_sector=\"0\""));
  EXPECT_THAT(of_tag(sent, "program").back(), HasSubstr("start_sector=\"0\""));
}

TEST(FlashWire, NeverSendsWhatWouldDestroyIt) {
  auto sent = wire_of(*newer_package("eg25-g"));
  for (const auto& text : sent.documents) {
    EXPECT_THAT(text, testing::Not(HasSubstr("benchmark")));
    EXPECT_THAT(text, testing::Not(HasSubstr("4294967295")));
  }
}

TEST(FlashWire, PassesAVendorsEraseOnVerbatim) {
  auto package = *newer_package("eg25-g");
  auto erase = std::find_if(package.commands.begin(), package.commands.end(),
                            [](const auto& command) { return command.kind == firmware::RawCommand::Kind::erase; });
  ASSERT_NE(erase, package.commands.end());
  erase->attributes.emplace_back("vendor", "quectel");
  erase->attributes.emplace_back("c_project_name", "EG25GGB");
  auto tagged = of_tag(wire_of(package), "erase");
  auto range = "start_sector=\"" + std::to_string(erase->range.start.n) + "\"";
  auto sent = std::count_if(tagged.begin(), tagged.end(), [&](const std::string& text) {
    return text.find(range) != std::string::npos &&
           text.find(R"(vendor="quectel" c_project_name="EG25GGB")") != std::string::npos;
  });
  EXPECT_EQ(sent, 1);
}

}  // namespace
}  // namespace modemedic::operation
