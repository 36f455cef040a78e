#include "virtual/fastboot_function.h"

#include "firmware/boot_image.h"
#include "virtual/force_flag.h"
#include "virtual/generator.h"
#include "virtual/host_port.h"
#include "virtual/package_images.h"
#include "virtual/partition_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using testing::ElementsAre;

Buffer pattern(std::size_t size, unsigned seed = 1) {
  Buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>((i * 13 + seed) & 0xFFU);
  }
  return bytes;
}

/// A modem in fastboot and a host at its endpoints; each answer stands for itself, with a bar between two.
class Fastboot : public testing::Test {
protected:
  void SetUp() override { start("eg25-g"); }

  void start(const std::string& id, bool real_timing = false) {
    function.reset();
    persona = *find_persona(id);
    nand = std::make_unique<Nand>(persona.geometry);
    ASSERT_TRUE(provision(*nand, persona, *firmware::parse_revision(persona.revision), "0012d687", Scale::small));
    connect(real_timing);
  }

  void connect(bool real_timing = false) {
    auto shown = persona.fastboot;
    shown.serial = "1c5d6f";
    function = std::make_unique<FastbootFunction>(
        FastbootFunction::Setup{.persona = persona,
                                .nand = *nand,
                                .timers = timers,
                                .fingerprint = std::move(shown),
                                .real_timing = real_timing,
                                .on_exit = [this](FastbootExit way) { exits.push_back(way); }});
    auto pair = function_pair(function->fingerprint());
    out = function->out(pair.out.address);
    in = function->in(pair.in.address);
    listen();
    function->connected();
  }

  void listen() {
    in->submit(4096, [this](UrbStatus status, ByteView data) {
      if (status == UrbStatus::ok) {
        received += (received.empty() ? "" : "|") + std::string(as_text(data));
        listen();
      }
    });
  }

  std::string take() { return std::exchange(received, {}); }

  /// One OUT transfer.
  void send(ByteView bytes, bool zlp = false) {
    auto& kept = sent.emplace_back(bytes.begin(), bytes.end());
    out->submit(kept, zlp, [](UrbStatus, std::size_t) {});
    timers.run_due();
  }

  std::string ask(std::string_view text) {
    take();
    send(as_bytes(text));
    return take();
  }

  std::string download(ByteView bytes) {
    auto answer = ask(fmt::format("download:{:08x}", bytes.size()));
    if (!answer.starts_with("DATA")) {
      return answer;
    }
    EXPECT_EQ(answer, fmt::format("DATA{:08x}", bytes.size()));
    for (auto rest = bytes; !rest.empty(); rest = rest.subspan(std::min<std::size_t>(rest.size(), 16384))) {
      send(rest.first(std::min<std::size_t>(rest.size(), 16384)));
    }
    return take();
  }

  SectorRange range(std::string_view name) const {
    return firmware::find_partition_any_case(persona.table, name)->range;
  }

  Buffer image(std::string_view name) const { return PartitionReader(*nand, range(name)).written().bytes; }

  std::string fingerprint(std::string_view name) const { return nand->fingerprint(range(name)); }

  bool forced() const { return force_fastboot(*nand, range("misc")); }

  /// A file of the persona's package.
  Buffer file(std::string_view partition) const {
    auto files = generate_package(persona, *firmware::parse_revision(persona.revision), {.scale = Scale::small});
    for (const auto& placed : placed_images(persona)) {
      if (placed.partition == partition) {
        return std::ranges::find(*files, placed.path, &GeneratedFile::path)->bytes();
      }
    }
    return {};
  }

  SimulatedClock clock;
  Timers timers{clock};
  Persona persona;
  std::unique_ptr<Nand> nand;
  std::vector<FastbootExit> exits;
  std::string received;
  std::list<Buffer> sent;
  std::unique_ptr<FastbootFunction> function;
  OutEndpoint* out = nullptr;
  InEndpoint* in = nullptr;
};

TEST_F(Fastboot, TellsItsVariables) {
  EXPECT_EQ(ask("getvar:version"), "OKAY0.5");
  EXPECT_EQ(ask("getvar:secure"), "OKAYno");
  EXPECT_EQ(ask("getvar:max-download-size"), "OKAY\t0xd000000");
  EXPECT_EQ(ask("getvar:serialno"), "OKAY1c5d6f");
  EXPECT_EQ(ask("getvar:kernel"), "OKAYlk");
  EXPECT_EQ(ask("getvar:version-baseband"), "OKAY");
  EXPECT_EQ(ask("getvar:partition-size:boot"), "OKAY");
  EXPECT_EQ(ask("getvar:Version"), "OKAY");
  EXPECT_EQ(ask("getvar: version"), "OKAY");
}

TEST_F(Fastboot, ListsThemAllForAnyPrefixOfAll) {
  const std::string list =
      "INFOversion:0.5|INFOvariant:|INFOsecure:no|INFOversion-baseband:|INFOversion-bootloader:|INFOdisplay-panel:|"
      "INFOoff-mode-charge:0|INFOcharger-screen-enabled:0|INFOmax-download-size:\t0xd000000|INFOserialno:1c5d6f|"
      "INFOkernel:lk|INFOproduct:|OKAY";
  EXPECT_EQ(ask("getvar:all"), list);
  EXPECT_EQ(ask("getvar:a"), list);
  EXPECT_EQ(ask("getvar:"), list);
}

TEST_F(Fastboot, MatchesCommandsByPrefixAndKnowsNoOther) {
  EXPECT_EQ(ask("hello"), "FAILunknown command");
  EXPECT_EQ(ask(""), "FAILunknown command");
  EXPECT_EQ(ask("GETVAR:version"), "FAILunknown command");
  EXPECT_EQ(ask("oem edl"), "FAILunknown command");
  EXPECT_EQ(ask("reboot-edl"), "OKAY");
  EXPECT_THAT(exits, ElementsAre(FastbootExit::reboot));
  EXPECT_EQ(ask("getvar:version"), "");
}

TEST_F(Fastboot, TellsItsWaysOutApart) {
  for (auto [command, way] : {std::pair("reboot-bootloader", FastbootExit::bootloader),
                              std::pair("reboot", FastbootExit::reboot), std::pair("continue", FastbootExit::go_on)}) {
    connect();
    exits.clear();
    EXPECT_EQ(ask(command), "OKAY");
    EXPECT_THAT(exits, ElementsAre(way));
  }
}

TEST_F(Fastboot, AnswersOemCommands) {
  EXPECT_EQ(ask("oem device-info"),
            "INFO\tDevice tampered: false|INFO\tDevice unlocked: false|INFO\tDevice critical unlocked: false|"
            "INFO\tCharger screen enabled: false|INFO\tDisplay panel: |OKAY");
  EXPECT_EQ(ask("oem unlock"), "FAILoem unlock is not allowed");
  EXPECT_EQ(ask("flashing unlock_critical"), "FAILoem unlock is not allowed");
  EXPECT_EQ(ask("oem lock"), "INFO\tDevice already : locked!|OKAY");
}

TEST_F(Fastboot, AnswersQueuedCommandsInTheirOrder) {
  for (const auto* command : {"getvar:version", "nonsense", "getvar:kernel"}) {
    send(as_bytes(command));
  }
  EXPECT_EQ(take(), "OKAY0.5|FAILunknown command|OKAYlk");
  EXPECT_EQ(ask("getvar:versiongetvar:kernel"), "OKAY");  // one transfer is one command
  send(as_bytes("getvar:ver"));
  send(as_bytes("sion"));
  EXPECT_EQ(take(), "OKAY|FAILunknown command");  // and two are two
}

TEST_F(Fastboot, ReadsASizeUpToTheFirstOtherCharacter) {
  EXPECT_EQ(ask("download:00000000"), "DATA00000000|OKAY");
  EXPECT_EQ(ask("download:0x10"), "DATA00000000|OKAY");
  EXPECT_EQ(ask("download:"), "DATA00000000|OKAY");
  EXPECT_EQ(ask("download:0d000001"), "FAILdata too large");
  EXPECT_EQ(ask("download:fffffffffffffffffffffff"), "FAILdata too large");
  EXPECT_EQ(ask("download:0d000000"), "DATA0d000000");
}

TEST_F(Fastboot, FlashesUbiAndErasesTheRest) {
  auto system = file("system");
  EXPECT_EQ(download(system), "OKAY");
  EXPECT_EQ(ask("flash:system"), "OKAY");
  EXPECT_EQ(image("system"), system);
  auto boot = file("boot");
  EXPECT_EQ(download(boot), "OKAY");
  EXPECT_EQ(ask("flash:boot"), "OKAY");
  EXPECT_EQ(ask("flash:recovery"), "OKAY");  // what was downloaded stays
  EXPECT_EQ(image("recovery"), boot);
}

// Trap 1.
TEST_F(Fastboot, GuardsNothing) {
  auto noise = pattern(5000);
  EXPECT_EQ(download(noise), "OKAY");
  for (const auto* name : {"sbl", "mibib", "efs2", "tz", "rpm", "sec", "rawdata"}) {
    EXPECT_EQ(ask(std::string("flash:") + name), "OKAY") << name;
    EXPECT_TRUE(std::equal(noise.begin(), noise.end(), image(name).begin())) << name;
    EXPECT_EQ(ask(std::string("erase:") + name), "OKAY") << name;
    EXPECT_TRUE(PartitionReader(*nand, range(name)).blank()) << name;
  }
  EXPECT_EQ(ask("erase:EFS2"), "FAILunknown partition name");
  EXPECT_EQ(ask("erase:nothing"), "FAILunknown partition name");
}

// Trap 2.
TEST_F(Fastboot, ForcesItselfWithEveryFlashEvenOneThatFails) {
  EXPECT_FALSE(forced());
  EXPECT_EQ(ask("erase:usr_data"), "OKAY");
  EXPECT_FALSE(forced());
  EXPECT_EQ(ask("flash:boot"), "FAILImage is not a boot image");
  EXPECT_TRUE(forced());

  start("eg25-g");
  for (auto block = range("misc").start.n / 64; block < range("misc").end().n / 64; ++block) {
    nand->mark_bad(block);
  }
  EXPECT_EQ(ask("flash:system"), "FAILset fastboot force flag failed");
  EXPECT_FALSE(image("system").empty());
}

// Trap 3.
TEST_F(Fastboot, ErasesWhenItHasNothingToFlash) {
  EXPECT_EQ(ask("flash:usr_data"), "OKAY");
  EXPECT_TRUE(PartitionReader(*nand, range("usr_data")).blank());
  EXPECT_EQ(download(file("system")), "OKAY");
  EXPECT_EQ(ask("download:0fffffff"), "FAILdata too large");  // and what was downloaded is gone
  EXPECT_EQ(ask("flash:system"), "OKAY");
  EXPECT_TRUE(PartitionReader(*nand, range("system")).blank());
  auto boot = fingerprint("boot");
  EXPECT_EQ(ask("flash:boot"), "FAILImage is not a boot image");
  EXPECT_EQ(fingerprint("boot"), boot);
}

// Trap 4.
TEST_F(Fastboot, WritesWhatIsNoUbiShifted) {
  auto noise = pattern(10 * 2128);
  EXPECT_EQ(download(noise), "OKAY");
  for (const auto* name : {"system", "modem", "recoveryfs"}) {
    EXPECT_EQ(ask(std::string("flash:") + name), "OKAY");
    auto written = image(name);
    ASSERT_EQ(written.size(), 10U * 2048) << name;
    for (std::size_t page = 0; page < 10; ++page) {
      EXPECT_TRUE(std::equal(written.begin() + static_cast<std::ptrdiff_t>(page * 2048),
                             written.begin() + static_cast<std::ptrdiff_t>(page * 2048 + 2048),
                             noise.begin() + static_cast<std::ptrdiff_t>(page * 2128)))
          << page;
    }
  }
  EXPECT_EQ(ask("flash:usr_data"), "OKAY");  // not with the others
  EXPECT_TRUE(std::equal(noise.begin(), noise.end(), image("usr_data").begin()));
  auto ubi = file("system");
  ubi.pop_back();
  EXPECT_EQ(download(ubi), "OKAY");
  EXPECT_EQ(ask("flash:system"), "FAILflash write failure");
}

TEST_F(Fastboot, WritesShiftedByMoreOnBiggerPages) {
  start("ec25-e");
  auto noise = pattern(3 * 4256);
  EXPECT_EQ(download(noise), "OKAY");
  EXPECT_EQ(ask("flash:system"), "OKAY");
  auto written = image("system");
  ASSERT_EQ(written.size(), 3U * 4096);
  EXPECT_TRUE(std::equal(written.begin() + 4096, written.begin() + 8192, noise.begin() + 4256));
}

// Trap 5.
TEST_F(Fastboot, TakesAZlpBehindItsDataForACommand) {
  auto data = pattern(1024);
  EXPECT_EQ(ask("download:00000400"), "DATA00000400");
  send(data, true);
  EXPECT_EQ(take(), "OKAY|FAILunknown command");
}

TEST_F(Fastboot, IsDeafAfterAShortPacketInsideItsData) {
  EXPECT_EQ(ask("download:00000800"), "DATA00000800");
  send(pattern(1000));
  send(pattern(1048));
  EXPECT_EQ(take(), "");
  EXPECT_EQ(ask("getvar:version"), "");
  connect();
  EXPECT_EQ(ask("download:00000800"), "DATA00000800");
  send({});
  send(pattern(2048));
  EXPECT_EQ(ask("getvar:version"), "");
  connect();
  EXPECT_EQ(ask("download:00010000"), "DATA00010000");
  send(pattern(16384));
  send(pattern(16384), true);  // fills the first request: its ZLP comes into the second
  EXPECT_EQ(take(), "");
  EXPECT_EQ(ask("getvar:version"), "");
}

TEST_F(Fastboot, TakesDataInTransfersOfAnySize) {
  for (std::size_t piece : {512U, 16384U, 32768U, 49152U, 1'000'000U}) {
    connect();
    auto data = pattern(100'001);
    EXPECT_EQ(ask(fmt::format("download:{:x}", data.size())), "DATA000186a1");
    for (auto rest = ByteView(data); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
      send(rest.first(std::min(piece, rest.size())));
    }
    EXPECT_EQ(take(), "OKAY") << piece;
    EXPECT_EQ(ask("flash:usr_data"), "OKAY");
    EXPECT_TRUE(std::equal(data.begin(), data.end(), image("usr_data").begin()));
  }
}

TEST_F(Fastboot, TakesWhatFollowsItsDataForACommand) {
  EXPECT_EQ(ask("download:00000200"), "DATA00000200");
  auto data = pattern(512);
  auto command = as_bytes("getvar:version");
  data.insert(data.end(), command.begin(), command.end());
  send(data);
  EXPECT_EQ(take(), "OKAY|OKAY0.5");
}

// Trap 6.
TEST_F(Fastboot, AnswersAnEraseForTheLastBlockOnly) {
  const auto first = range("usr_data").start.n / 64;
  const auto last = range("usr_data").end().n / 64 - 1;
  nand->fail_erase_of(first);
  EXPECT_EQ(ask("erase:usr_data"), "OKAY");
  EXPECT_FALSE(PartitionReader(*nand, range("usr_data")).blank());
  nand->mark_bad(last);
  EXPECT_EQ(ask("erase:usr_data"), "FAILfailed to erase partition");
}

// Trap 8.
TEST_F(Fastboot, TakesAnUnknownNameForAVolumeOfSystem) {
  download(file("system"));
  EXPECT_EQ(ask("flash:nothing"), "FAILupdate_ubi_vol failed");
  EXPECT_EQ(ask("flash:System"), "FAILupdate_ubi_vol failed");
  EXPECT_TRUE(forced());
}

TEST_F(Fastboot, RefusesWhatDoesNotFit) {
  auto boot = fingerprint("aboot");
  EXPECT_EQ(download(pattern(range("aboot").count.n * 2048 + 1)), "OKAY");
  EXPECT_EQ(ask("flash:aboot"), "FAILImage size too large");
  EXPECT_EQ(fingerprint("aboot"), boot);
  // It fits, but not past a bad block.
  nand->mark_bad(range("aboot").start.n / 64);
  EXPECT_EQ(download(pattern(range("aboot").count.n * 2048)), "OKAY");
  EXPECT_EQ(ask("flash:aboot"), "FAILflash write failure");
}

TEST_F(Fastboot, GoesOnInTheNextBlockWhenOneFails) {
  auto system = file("system");
  const auto first = range("system").start.n;
  nand->fail_program_of(first + 5);
  nand->fail_erase_of(first / 64 + 1);
  EXPECT_EQ(download(system), "OKAY");
  EXPECT_EQ(ask("flash:system"), "OKAY");
  EXPECT_TRUE(nand->bad(first / 64));
  EXPECT_TRUE(nand->bad(first / 64 + 1));
  EXPECT_EQ(image("system"), system);
}

TEST_F(Fastboot, StartsADownloadedKernelAndNothingElse) {
  EXPECT_EQ(ask("boot"), "FAILinvalid bootimage header");
  download(file("boot"));
  EXPECT_EQ(ask("boot"), "OKAY");
  EXPECT_THAT(exits, ElementsAre(FastbootExit::boot));
}

TEST_F(Fastboot, TakesTheTimeOfItsChipAndIsTornInIt) {
  connect(true);
  download(file("boot"));
  EXPECT_EQ(ask("flash:boot"), "");
  clock.advance_to(TimePoint(std::chrono::microseconds(persona.timing.erase_block_us)));
  timers.run_due();
  clock.advance_to(clock.now() + std::chrono::microseconds(persona.timing.program_page_us / 2));
  timers.run_due();
  function->power_cut();
  EXPECT_EQ(nand->state(range("boot").start.n), Nand::PageState::torn);
}

TEST_F(Fastboot, OfAnEc20TakesYaffs2WithItsSpareAreas) {
  start("ec20");
  auto files = generate_package(persona, *firmware::parse_revision("EC20EQAR02A13E2G"), {.scale = Scale::small});
  auto before = image("system");
  auto rootfs =
      std::ranges::find(*files, "msm-9615-cdp-image--ipk-9615-cdp.rootfs.yaffs2", &GeneratedFile::path)->bytes();
  EXPECT_EQ(download(rootfs), "OKAY");
  EXPECT_EQ(ask("flash:system"), "OKAY");
  auto after = image("system");
  EXPECT_EQ(after.size(), rootfs.size() / 2112 * 2048);
  EXPECT_NE(after, before);
  EXPECT_TRUE(std::equal(after.begin() + 2048, after.begin() + 4096, rootfs.begin() + 2112));
  // Its boot loader is called otherwise than in the table.
  EXPECT_EQ(ask("erase:appsbl"), "FAILunknown partition name");
  EXPECT_EQ(ask("erase:aboot"), "OKAY");
  EXPECT_TRUE(PartitionReader(*nand, range("APPSBL")).blank());
}

}  // namespace
}  // namespace modemedic::twin
