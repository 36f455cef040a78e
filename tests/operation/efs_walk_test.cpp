#include "operation/efs_walk.h"

#include "operation/efs_archive.h"
#include "operation/efs_backup.h"
#include "protocol/hdlc.h"
#include "support/twin_bench.h"
#include "virtual/efs2_device.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Files and NV items over DIAG: from the twin, and from devices that mean no good.
namespace modemedic::operation {
namespace {

using test::must;
using test::TwinBench;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using twin::Efs2Device;
using twin::EfsNode;
using twin::EfsTree;
namespace efs2 = protocol::efs2;

constexpr auto time = "2026-11-21T09:30:00Z";

/// A DIAG port with a function behind it; nothing takes no time.
class DiagPipe final : public usb::Pipe {
public:
  using Answer = std::function<std::optional<Buffer>(ByteView body)>;

  DiagPipe(twin::SimulatedClock& clock, Answer answer) : clock_(clock), answer_(std::move(answer)) {}

  Result<void> send(ByteView bytes, usb::Zlp /*zlp*/, Deadline /*deadline*/) override {
    reader_.feed(bytes);
    while (auto frame = reader_.next()) {
      auto& body = std::get<Buffer>(*frame);
      commands.push_back(body);
      if (auto answer = answer_(body)) {
        auto framed = protocol::hdlc_frame(*answer);
        inbox_.insert(inbox_.end(), framed.begin(), framed.end());
      }
    }
    return {};
  }

  Result<void> flush(Deadline /*deadline*/) override { return {}; }

  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline) override {
    if (inbox_.empty()) {
      clock_.advance_to(std::max(clock_.now(), deadline.at));
      return fail(Code::timeout).what("silence");
    }
    auto count = std::min(into.size(), inbox_.size());
    std::copy_n(inbox_.begin(), count, into.begin());
    inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }

  std::vector<Buffer> commands;

private:
  twin::SimulatedClock& clock_;
  Answer answer_;
  protocol::HdlcReader reader_;
  Buffer inbox_;
};

struct Walked {
  Result<EfsSummary> summary;
  std::vector<EfsEntry> entries;

  const EfsEntry& find(const std::string& path) const {
    auto found = std::ranges::find(entries, path, &EfsEntry::path);
    return found != entries.end() ? *found : throw std::runtime_error("nothing was told of " + path);
  }
};

Walked walk(DiagPipe& pipe, const Clock& clock, const EfsBounds& bounds = {}) {
  Walked walked{{}, {}};
  walked.summary = walk_efs(pipe, clock, bounds,
                            [&](const EfsEntry& entry) {
                              walked.entries.push_back(entry);
                              return Result<void>{};
                            },
                            {});
  return walked;
}

Walked walk(EfsTree tree, Efs2Device::Numbering numbering = Efs2Device::Numbering::facts,
            const EfsBounds& bounds = {}) {
  twin::SimulatedClock clock;
  Efs2Device device(std::move(tree), numbering);
  DiagPipe pipe(clock, [&](ByteView body) {
    auto answer = device.answer(body);
    Buffer refusal{std::byte{0x13}};
    refusal.insert(refusal.end(), body.begin(), body.end());
    return std::optional(answer ? *answer : refusal);
  });
  return walk(pipe, clock, bounds);
}

Buffer text(std::string_view bytes) {
  return {as_bytes(bytes).begin(), as_bytes(bytes).end()};
}

EfsNode file(std::string path, std::string_view content) {
  return {.path = std::move(path), .content = text(content)};
}

EfsNode directory(std::string path) {
  return {.path = std::move(path), .kind = EfsNode::Kind::directory, .content = {}};
}

TEST(EfsWalk, ReadsEveryFileByEitherNumberOfReaddir) {
  std::string large(5000, 'x');
  large[1024] = 'y';
  const EfsTree tree = {directory("/nv"),
                        directory("/nv/deep"),
                        file("/nv/deep/large", large),
                        file("/nv/empty", ""),
                        file("/odd \xff\n name", "odd"),
                        {.path = "/link", .kind = EfsNode::Kind::link, .content = text("/nv")}};
  for (auto numbering : {Efs2Device::Numbering::facts, Efs2Device::Numbering::older}) {
    auto walked = walk(tree, numbering);
    ASSERT_TRUE(walked.summary) << walked.summary.error().what;
    EXPECT_EQ(walked.summary->readdir, numbering == Efs2Device::Numbering::facts ? 13 : 12);
    EXPECT_EQ(walked.summary->troubles, 0U);
    EXPECT_EQ(walked.summary->bytes, 5003U);
    ASSERT_EQ(walked.entries.size(), tree.size());
    for (const auto& node : tree) {
      const auto& entry = walked.find(node.path);
      EXPECT_EQ(static_cast<std::uint32_t>(entry.kind), static_cast<std::uint32_t>(node.kind));
      if (node.kind == EfsNode::Kind::file) {
        EXPECT_EQ(entry.content, node.content);
      }
    }
    EXPECT_EQ(walked.find("/link").target, "/nv");
  }
}

TEST(EfsWalk, SendsNothingThatCouldWrite) {
  twin::SimulatedClock clock;
  for (auto numbering : {Efs2Device::Numbering::facts, Efs2Device::Numbering::older}) {
    Efs2Device device({directory("/a"), file("/a/b", "b")}, numbering);
    DiagPipe pipe(clock, [&](ByteView body) { return device.answer(body); });
    must(walk(pipe, clock).summary);
    for (const auto& body : pipe.commands) {
      EXPECT_THAT((std::vector<int>{0, 2, 3, 4, 7, 11, 12, 13, 19}), Contains(std::to_integer<int>(body.at(2))));
      EXPECT_EQ(body.at(3), std::byte{0});
    }
  }
}

TEST(EfsWalk, TenThousandFilesAreReadAndMoreThanABoundAreNot) {
  EfsTree tree;
  for (int i = 0; i < 10'000; ++i) {
    tree.push_back(file("/" + std::to_string(i), "x"));
  }
  // Each entry is looked for in the whole tree: the twin is slow with that many, so the list comes from a counter.
  twin::SimulatedClock clock;
  auto endless = [&](std::uint32_t most) {
    return [most](ByteView body) -> std::optional<Buffer> {
      ByteReader reader(body, Endian::little);
      reader.u16();
      auto command = reader.u16();
      auto first = reader.u32();
      auto second = reader.u32();
      ByteWriter out(Endian::little);
      out.bytes(body.first(4));
      if (command == efs2::hello) {
        out.fill(40);
      } else if (command == efs2::opendir || command == efs2::open) {
        out.u32(1).u32(0);
      } else if (command == efs2::readdir) {
        out.u32(first).u32(second).u32(0).u32(0).u32(0100600).u32(0).u32(0).u32(0).u32(0);
        out.bytes(as_bytes(second > most ? "" : std::to_string(second))).u8(0);
      } else if (command == efs2::read) {
        out.u32(first).u32(0).u32(0).u32(0);
      } else {
        out.u32(0);
      }
      return out.take();
    };
  };
  DiagPipe many(clock, endless(10'000));
  auto walked = walk(many, clock);
  ASSERT_TRUE(walked.summary) << walked.summary.error().what;
  EXPECT_EQ(walked.entries.size(), 10'000U);
  DiagPipe without_end(clock, endless(0xFFFFFFFF));
  auto stopped = walk(without_end, clock, {.entries = 3000});
  ASSERT_FALSE(stopped.summary);
  EXPECT_EQ(stopped.summary.error().code, Code::device_protocol);
  EXPECT_EQ(stopped.entries.size(), 3000U);
}

/// Every directory has one in it that is called like it.
TEST(EfsWalk, ComesOutOfDirectoriesThatHoldThemselves) {
  twin::SimulatedClock clock;
  auto loop = [](ByteView body) -> std::optional<Buffer> {
    ByteReader reader(body, Endian::little);
    reader.u16();
    auto command = reader.u16();
    auto first = reader.u32();
    auto number = reader.u32();
    ByteWriter out(Endian::little);
    out.bytes(body.first(4));
    if (command == efs2::readdir) {
      static constexpr std::array names = {".", "..", "a/b", "loop", "loop", ""};
      const auto* name = names.at(std::min<std::size_t>(number, names.size()) - 1);
      out.u32(first).u32(number).u32(0).u32(1).u32(040755).fill(16).bytes(as_bytes(name)).u8(0);
    } else if (command == efs2::opendir) {
      out.u32(1).u32(0);
    } else {
      out.fill(40);
    }
    return out.take();
  };
  DiagPipe pipe(clock, loop);
  auto walked = walk(pipe, clock);
  ASSERT_TRUE(walked.summary) << walked.summary.error().what;
  EXPECT_EQ(walked.entries.size(), 33U) << "the depth that is believed, and the first beyond it";
  EXPECT_THAT(walked.entries.back().trouble, HasSubstr("without end"));
}

TEST(EfsWalk, KeepsAndMarksWhatErrsOrLies) {
  twin::SimulatedClock clock;
  Efs2Device device({file("/good", "good"), file("/half", std::string(3000, 'h')), file("/lies", "lies")});
  DiagPipe pipe(clock, [&](ByteView body) -> std::optional<Buffer> {
    auto answer = device.answer(body);
    auto command = std::to_integer<int>(body[2]);
    auto offset = command == efs2::read ? load<std::uint32_t>(body.data() + 12, Endian::little) : 0;
    if (command == efs2::read && offset >= 2048) {
      store(answer->data() + 12, std::uint32_t{0xFFFFFFFF}, Endian::little);
      store(answer->data() + 16, std::uint32_t{5}, Endian::little);
      answer->resize(20);
    }
    if (command == efs2::readdir && as_text(*answer).find("lies") != std::string_view::npos) {
      store(answer->data() + 24, std::uint32_t{0x7FFFFFFF}, Endian::little);  // its size
    }
    return answer;
  });
  auto walked = walk(pipe, clock);
  ASSERT_TRUE(walked.summary) << walked.summary.error().what;
  EXPECT_THAT(walked.find("/good").trouble, IsEmpty());
  EXPECT_EQ(walked.find("/half").content.size(), 2048U);
  EXPECT_THAT(walked.find("/half").trouble, HasSubstr("from byte 2048 on"));
  EXPECT_EQ(walked.find("/lies").content, text("lies"));
  EXPECT_THAT(walked.find("/lies").trouble, HasSubstr("says 2147483647 bytes, it has 4"));
  EXPECT_EQ(walked.summary->troubles, 2U);
}

TEST(EfsWalk, SaysSoWhenTheModemKnowsNoFilesOrKeepsSilent) {
  twin::SimulatedClock clock;
  DiagPipe refuses(clock, [](ByteView body) {
    Buffer refusal{std::byte{0x13}};
    refusal.insert(refusal.end(), body.begin(), body.end());
    return std::optional(refusal);
  });
  auto refused = walk(refuses, clock);
  ASSERT_FALSE(refused.summary);
  EXPECT_EQ(refused.summary.error().code, Code::device_refused);
  DiagPipe silent(clock, [](ByteView) { return std::optional<Buffer>(); });
  auto nothing = walk(silent, clock);
  ASSERT_FALSE(nothing.summary);
  EXPECT_EQ(nothing.summary.error().code, Code::timeout);
  EXPECT_EQ(silent.commands.size(), 3U) << "HELLO may be asked again";
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

TEST(EfsBackup, HoldsTheTwinsImeiAndCalibrationAndIsReadAgain) {
  test::TemporaryDirectory folder;
  TwinBench bench;
  auto about = must(backup_efs(bench.bus, must(bench.find()), folder / "efs.tar", time, bench.events, {}));
  EXPECT_EQ(about.identity.imei, bench.modem->imei());
  ASSERT_TRUE(about.nv);
  EXPECT_EQ(about.nv->read, 1U);
  EXPECT_EQ(about.nv->inactive, 9999U);
  auto whole = must(verify_efs_archive(folder / "efs.tar", {}));
  EXPECT_EQ(whole.imei, bench.modem->imei());
  EXPECT_EQ(whole.items, 1U);
  EXPECT_EQ(whole.files, 10U) << "550, and 6000 bytes of calibration in files of 700";
  auto bytes = content(folder / "efs.tar");
  EXPECT_THAT(bytes, AllOf(HasSubstr("efs/nvm/num/550"), HasSubstr("nv/00550"), HasSubstr("manifest.json")));
  auto again = backup_efs(bench.bus, must(bench.find()), folder / "efs.tar", time, bench.events, {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::usage);
  EXPECT_THAT(bench.modem->state(), HasSubstr("running"));
}

TEST(EfsBackup, OfAModemThatLostItsEfsHasNoImei) {
  test::TemporaryDirectory folder;
  TwinBench::Options options;
  options.faults = {"blank@efs2"};
  TwinBench bench(options);
  auto about = must(backup_efs(bench.bus, must(bench.find()), folder / "efs.tar", time, bench.events, {}));
  EXPECT_EQ(about.nv->read, 0U);
  EXPECT_EQ(must(verify_efs_archive(folder / "efs.tar", {})).files, 0U);
}

TEST(EfsBackup, LeavesNothingBehindWhenItFails) {
  test::TemporaryDirectory folder;
  for (const auto* fault : {"diag-silent", "composition@no_diag"}) {
    TwinBench::Options options;
    options.faults = {fault};
    TwinBench bench(options);
    EXPECT_FALSE(backup_efs(bench.bus, must(bench.find()), folder / "efs.tar", time, bench.events, {})) << fault;
    EXPECT_FALSE(std::filesystem::exists(folder / "efs.tar")) << fault;
  }
  TwinBench::Options options;
  options.start = twin::Mode::edl;
  TwinBench bench(options);
  auto refused = backup_efs(bench.bus, must(bench.find()), folder / "efs.tar", time, bench.events, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "mode");
}

TEST(EfsArchive, ThatIsCutOrChangedIsFoundOut) {
  test::TemporaryDirectory folder;
  auto archive = must(EfsArchive::create(folder / "a.tar"));
  must(archive.add({.path = "/../../etc/x", .content = text("climbs")}));
  must(archive.add({.path = "/A", .content = text("one")}));
  must(archive.add({.path = "/a", .content = text("two")}));
  must(archive.add({.path = "/" + std::string(1000, '\xff'), .content = text("long")}));
  must(archive.close({}));
  auto bytes = content(folder / "a.tar");
  EXPECT_FALSE(verify_efs_archive(folder / "a.tar", {})) << "a path that climbs is never in one of ours";
  auto good = must(EfsArchive::create(folder / "b.tar"));
  must(good.add({.path = "/A", .content = text("one of them")}));
  must(good.add({.path = "/a", .content = text("the other")}));
  must(good.add({.path = "/" + std::string(1000, '\xff'), .content = text("long")}));
  must(good.close({}));
  EXPECT_EQ(must(verify_efs_archive(folder / "b.tar", {})).files, 3U);
  bytes = content(folder / "b.tar");
  for (auto at : {bytes.find("one of them"), bytes.find("the other"), bytes.find("\"sha256\"") + 14}) {
    auto changed = bytes;
    changed.at(at) = static_cast<char>(changed.at(at) ^ 1);
    std::ofstream(folder / "c.tar", std::ios::binary) << changed;
    EXPECT_FALSE(verify_efs_archive(folder / "c.tar", {})) << at;
  }
  for (auto size : {std::size_t{0}, std::size_t{600}, bytes.find("\"entries\"")}) {
    std::ofstream(folder / "c.tar", std::ios::binary) << bytes.substr(0, size);
    EXPECT_FALSE(verify_efs_archive(folder / "c.tar", {})) << size;
  }
}

}  // namespace
}  // namespace modemedic::operation
