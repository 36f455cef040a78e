#include "base/digest.h"
#include "firmware/archive_writer.h"
#include "operation/backup.h"
#include "operation/chip_session.h"
#include "operation/restore.h"
#include "support/twin_bench.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Backup, loss of everything but the boot ROM, restore: over many chips, each with bad blocks and content of its own.
namespace modemedic::operation {
namespace {

using test::must;
using testing::StartsWith;

constexpr auto time = "2026-11-21T09:30:00Z";

/// An EG25-G with partitions just large enough for small firmware, and some blocks to spare for bad ones.
twin::Persona small_chip(std::uint8_t fill) {
  auto persona = must(twin::find_persona("eg25-g"));
  const std::map<std::string, std::uint64_t> blocks = {{"modem", 24},  {"recoveryfs", 24}, {"usr_data", 24},
                                                       {"system", 24}, {"SBL", 10},        {"MIBIB", 10},
                                                       {"EFS2", 10},   {"boot", 8},        {"recovery", 8}};
  std::uint64_t at = 0;
  for (auto& partition : persona.table) {
    auto wanted = blocks.find(partition.name);
    auto count = wanted == blocks.end() ? 5 : wanted->second;
    partition.range = {{at * 64}, {count * 64}};
    at += count;
  }
  persona.geometry.blocks = at + 8;  // some that no partition has
  persona.programmer.erased_fill = fill;
  return persona;
}

class Chip {
public:
  Chip(twin::Persona persona, const std::string& serial, const std::vector<std::uint64_t>& bad_blocks)
      : persona_(std::move(persona)), bus_(clock_, timers_) {
    persona_.factory_bad_blocks = bad_blocks;
    auto nand = std::make_unique<twin::Nand>(persona_.geometry);
    twin::mark_bad_blocks(*nand, persona_, {});
    must(twin::provision(*nand, persona_, test::revision(persona_.revision), serial, twin::Scale::small));
    modem_ = std::make_unique<twin::VirtualModem>(twin::VirtualModem::Setup{persona_, serial, false, {}},
                                                  std::move(nand), timers_);
    bus_.plug(*modem_, "1-1");
    power_on();
  }

  void power_on() {
    modem_->power_on();
    bus_.run_until([&] { return modem_->function() != nullptr; }, Deadline::in(clock_, std::chrono::minutes(1)));
  }

  twin::Nand& nand() { return modem_->nand(); }

  std::string state() const { return modem_->state(); }

  std::string imei() const { return modem_->imei(); }

  /// Erases all but what can't be: the boot ROM.
  void lose_everything() {
    modem_->power_cut();
    for (std::uint64_t block = 0; block < persona_.geometry.blocks; ++block) {
      nand().erase(block);
    }
    power_on();
  }

  std::unique_ptr<ChipSession> open() {
    static const auto programmer = must(programmer_of(*test::newer_package("eg25-g")));
    auto found = must(find_modem(bus_, "", events_));
    return must(ChipSession::open({bus_, found, programmer, nullptr, time, events_, {}}));
  }

  std::string back_up(const std::string& out) {
    auto chip = open();
    auto table = chip->table().table.value_or(firmware::PartitionTable{});
    ReadableChip readable{chip->link(), chip->identity(), chip->storage(), table, "prog", std::string(64, '0')};
    must(make_backup(readable, {out, {}, time}, events_, {}));
    must(chip->restart());
    return out;
  }

  Result<Identity> put_back(const std::string& path) {
    TRY_ASSIGN(auto backup, BackupFile::open(path));
    auto chip = open();
    RestoreTarget target{chip->link(), chip->identity(), chip->storage(), chip->table()};
    auto admitted = admit_restore(target, backup, {}, {});
    if (!admitted) {
      chip->leave();
      return fail(std::move(admitted.error()));
    }
    const auto& admission = *admitted;
    TRY(restore(target, admission, backup, nullptr, "", "1-1", path, chip->clock(), events_, {}));
    return chip->restart();
  }

  const twin::Persona& persona() const { return persona_; }

private:
  twin::SimulatedClock clock_;
  twin::Timers timers_{clock_};
  twin::Persona persona_;
  twin::InProcessBus bus_;
  std::unique_ptr<twin::VirtualModem> modem_;
  EventRecorder events_;
};

using Pages = std::map<std::uint64_t, Sha256>;

/// One that was programmed with nothing but 0xFF reads as an erased one does.
Pages programmed(const twin::Nand& nand) {
  Pages pages;
  for (std::uint64_t page = 0; page < nand.geometry().chip_sectors().n; ++page) {
    if (nand.state(page) == twin::Nand::PageState::programmed && !blank_fill(nand.peek(page))) {
      pages[page] = digest<Sha256>(nand.peek(page));
    }
  }
  return pages;
}

/// Blocks that are bad, so that no partition loses more than one: SBL and MIBIB keep theirs.
std::vector<std::uint64_t> some_bad_blocks(const twin::Persona& persona, std::mt19937_64& random) {
  std::vector<std::uint64_t> bad;
  for (const auto& partition : persona.table) {
    if (partition.name != "SBL" && partition.name != "MIBIB" && random() % 2 == 0) {
      auto blocks = partition.range.count.n / 64;
      bad.push_back(partition.range.start.n / 64 + random() % blocks);
    }
  }
  return bad;
}

/// What a life leaves where no firmware looks: pages in the middle of blocks, of EFS2 and of no partition.
void scribble(Chip& chip, std::mt19937_64& random) {
  std::vector<std::uint64_t> blocks;
  for (const auto& partition : chip.persona().table) {
    for (const auto* name : {"EFS2", "sys_rev", "RAWDATA", "cust_info", "sec"}) {
      for (auto at = partition.range.start.n; partition.name == name && at < partition.range.end().n; at += 64) {
        blocks.push_back(at / 64);
      }
    }
  }
  for (std::uint64_t i = 1; i <= 8; ++i) {
    blocks.push_back(chip.persona().geometry.blocks - i);
  }
  for (int i = 0; i < 40; ++i) {
    auto block = blocks[random() % blocks.size()];
    auto page = block * 64 + random() % 64;
    auto free = chip.nand().state(block * 64) == twin::Nand::PageState::erased || random() % 4 == 0;
    if (!chip.nand().bad(block) && free && chip.nand().state(page) == twin::Nand::PageState::erased) {
      Buffer bytes(2048, static_cast<std::byte>(random()));
      bytes[random() % bytes.size()] ^= std::byte{0x5A};
      chip.nand().program(page, bytes);
    }
  }
}

std::uint64_t chips_asked_for() {
  const auto* asked = std::getenv("MODEMEDIC_CHIPS");
  return asked == nullptr ? 25 : std::strtoull(asked, nullptr, 10);
}

TEST(RestoreMany, GivesATwinThatIsTheSameInEveryProgrammedPage) {
  for (std::uint64_t seed = 1; seed <= chips_asked_for(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    auto persona = small_chip(seed % 3 == 0 ? 0xEE : 0xFF);
    auto bad = some_bad_blocks(persona, random);
    Chip chip(std::move(persona), fmt::format("{:08x}", 0x10000000 + seed), bad);
    ASSERT_THAT(chip.state(), StartsWith("running"));
    auto imei = chip.imei();
    scribble(chip, random);
    auto before = programmed(chip.nand());
    test::TemporaryDirectory folder;
    auto file = chip.back_up(folder / "all.zip");
    chip.lose_everything();
    ASSERT_THAT(chip.state(), StartsWith("edl"));
    auto after = chip.put_back(file);
    ASSERT_TRUE(after) << after.error().what;
    EXPECT_EQ(after->imei, imei);
    ASSERT_TRUE(programmed(chip.nand()) == before);
  }
}

/// The same pieces with another manifest, sealed as ours are.
std::string forged(const std::string& from, const std::string& to, const std::function<void(std::string&)>& change) {
  auto backup = must(BackupFile::open(from));
  auto text = manifest_text(backup.manifest());
  change(text);
  auto zip = must(firmware::ArchiveWriter::create(to));
  must(zip->add("manifest.json", as_bytes(text)));
  must(zip->add("SHA256SUMS", as_bytes("")));
  for (const auto& piece : backup.manifest().pieces) {
    auto stream = must(backup.stream(piece));
    must(zip->add(piece.file, piece.stored * backup.manifest().geometry.page_size, [&] { return stream->read(); }));
  }
  must(zip->close());
  return to;
}

void replace_once(std::string& text, const std::string& what, const std::string& by) {
  auto at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), by);
}

TEST(RestoreMany, RefusesWhatIsOfAnotherChipOrIsNotWhole) {
  test::TemporaryDirectory folder;
  Chip chip(small_chip(0xFF), "49cbd7ef", {});
  auto file = chip.back_up(folder / "all.zip");
  auto number = 0;
  auto expect = [&](const std::function<void(std::string&)>& change, Code code, const std::string& rule) {
    auto before = chip.nand().changes();
    auto refused = chip.put_back(forged(file, folder / (std::to_string(++number) + ".zip"), change));
    ASSERT_FALSE(refused) << number;
    EXPECT_EQ(refused.error().code, code) << number << refused.error().what;
    EXPECT_EQ(refused.error().rule, rule) << number;
    EXPECT_EQ(chip.nand().changes(), before) << number;
  };
  auto change = [](const std::string& what, const std::string& by) {
    return [=](std::string& text) { replace_once(text, what, by); };
  };
  expect(change("49cbd7ef", "49cbd7ee"), Code::refused, "other-module");
  expect(change("\"blocks\": ", "\"blocks\": 1"), Code::geometry_mismatch, "");
  expect(change("\"name\": \"TZ\"", "\"name\": \"TX\""), Code::refused, "partition-table");
  expect(change("\"version\": 1", "\"version\": 2"), Code::package_bad, "");
  expect(change("data/00-", "../../00-"), Code::package_bad, "");
  expect(change("\"format\": \"modemedic-backup\"", "\"format\": \"other\""), Code::package_bad, "");
  expect([](std::string& text) { text.resize(text.size() / 2); }, Code::package_bad, "");
}

TEST(RestoreMany, RefusesACopyThatIsCutOrHasOneByteChanged) {
  test::TemporaryDirectory folder;
  Chip chip(small_chip(0xFF), "49cbd7ef", {});
  auto file = chip.back_up(folder / "all.zip");
  std::ifstream in(file, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  const auto bytes = all.str();
  auto spoiled = folder / "spoiled.zip";
  auto before = chip.nand().changes();
  auto expect_refused = [&](const std::string& content, std::size_t at) {
    std::ofstream(spoiled, std::ios::binary | std::ios::trunc) << content;
    auto refused = chip.put_back(spoiled);
    ASSERT_FALSE(refused) << at;
    EXPECT_EQ(refused.error().code, Code::package_bad) << at << ": " << refused.error().what;
    EXPECT_EQ(chip.nand().changes(), before) << at;
  };
  for (auto size : {std::size_t{0}, std::size_t{100}, bytes.size() / 3, bytes.size() - 1}) {
    expect_refused(bytes.substr(0, size), size);
  }
  std::mt19937_64 random(7);
  // In what is stored, and in the manifest; a bit of a zip header may say nothing.
  auto first = bytes.find("UBI#");
  for (int i = 0; i < 12; ++i) {
    auto at = i % 3 == 0 ? 100 + random() % 6000 : first + random() % 500'000;
    auto changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    expect_refused(changed, at);
  }
}

}  // namespace
}  // namespace modemedic::operation
