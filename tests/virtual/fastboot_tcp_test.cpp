#include "virtual/fastboot_tcp.h"

#include "base/wake_pipe.h"
#include "support/tool.h"
#include "virtual/fastboot_function.h"
#include "virtual/force_flag.h"
#include "virtual/generator.h"
#include "virtual/modem.h"
#include "virtual/package_images.h"
#include "virtual/partition_reader.h"
#include "virtual/usbip_server.h"

#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace modemedic::twin {
namespace {

using testing::HasSubstr;

/// A modem in fastboot and what a client sees.
class TcpSession : public testing::Test {
protected:
  TcpSession()
      : function(FastbootFunction::Setup{.persona = persona,
                                         .nand = nand,
                                         .timers = timers,
                                         .fingerprint = persona.fastboot,
                                         .on_exit = [](FastbootExit) {}}) {
    function.connected();
  }

  std::string take(FastbootTcpSession& session) {
    std::string text(as_text(session.output()));
    session.sent(session.output().size());
    return text;
  }

  static std::string message(std::string_view text) {
    auto length = ByteWriter(Endian::big).u64(text.size()).take();
    return std::string(as_text(length)) + std::string(text);
  }

  SimulatedClock clock;
  Timers timers{clock};
  Persona persona = *find_persona("eg25-g");
  Nand nand{persona.geometry};
  FastbootFunction function;
};

TEST_F(TcpSession, GreetsAndPassesMessagesBothWays) {
  FastbootTcpSession session(function);
  EXPECT_EQ(take(session), "FB01");
  session.feed(as_bytes("FB01"));
  session.feed(as_bytes(message("getvar:version") + message("getvar:kernel")));
  EXPECT_EQ(take(session), message("OKAY0.5") + message("OKAYlk"));
  EXPECT_FALSE(session.over());
}

TEST_F(TcpSession, TakesBytesCutAnywhereAndMessagesOfAnyLength) {
  std::string data(100'000, 'x');
  auto all = "FB01" + message(fmt::format("download:{:08x}", data.size())) + message(data) + message("flash:misc") +
             message("");
  for (std::size_t piece : {1U, 7U, 16384U, 1'000'000U}) {
    FastbootTcpSession session(function);
    for (auto rest = std::string_view(all); !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) {
      session.feed(as_bytes(rest.substr(0, piece)));
    }
    EXPECT_EQ(take(session),
              "FB01" + message("DATA000186a0") + message("OKAY") + message("OKAY") + message("FAILunknown command"));
  }
}

TEST_F(TcpSession, SpeaksNoOtherProtocol) {
  for (const auto* start : {"GET / HTTP/1.1\r\n", "FB02", "fb01"}) {
    FastbootTcpSession session(function);
    session.feed(as_bytes(start));
    EXPECT_TRUE(session.over()) << start;
  }
}

TEST_F(TcpSession, IsFullWhileTheModemTakesNothing) {
  FastbootTcpSession session(function);
  session.feed(as_bytes("FB01" + message("download:00001000")));
  auto deaf = message("x");  // a short packet inside its data
  session.feed(as_bytes(deaf));
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(session.full());
    session.feed(as_bytes(deaf));
  }
  EXPECT_TRUE(session.full());
}

TEST_F(TcpSession, EndsWithTheBootLoader) {
  FastbootTcpSession session(function);
  function.disconnect();
  EXPECT_TRUE(session.over());
  session.feed(as_bytes("FB01" + message("getvar:version")));
}

/// The public client against a virtual modem, each in its own thread or process.
class PublicFastboot : public testing::Test {
protected:
  void SetUp() override {
    if (!test::have("fastboot")) {
      GTEST_SKIP() << "fastboot (package fastboot) is not installed";
    }
    persona = *find_persona("eg25-g");
    auto nand = std::make_unique<Nand>(persona.geometry);
    ASSERT_TRUE(provision(*nand, persona, *firmware::parse_revision(persona.revision), "0012d687", Scale::small));
    modem = std::make_unique<VirtualModem>(VirtualModem::Setup{.persona = persona, .serial = "0012d687", .faults = {}},
                                           std::move(nand), timers);
    auto listener = Listener::open("127.0.0.1", 0);
    ASSERT_TRUE(listener) << listener.error().what;
    fastboot = std::make_unique<FastbootTcp>(std::move(*listener), *modem);
    server = UsbIpServer::listen("127.0.0.1", 0, timers).value();
    server->serve_beside(*fastboot);
    modem->power_on(Mode::fastboot);
    thread = std::thread([this] { EXPECT_TRUE(server->run(stop.readable())); });
  }

  void TearDown() override { join(); }

  /// Ends the server: from then on the modem is the test's alone.
  void join() {
    if (thread.joinable()) {
      stop.wake();
      thread.join();
    }
  }

  /// The same, and lets the modem start first: the clock is real, as the client is.
  void join_once_it_runs() {
    join();
    auto deadline = Deadline::in(clock, std::chrono::seconds(10));
    while (!modem->state().starts_with("running") && !deadline.passed(clock)) {
      timers.run_due();
      std::this_thread::yield();
    }
  }

  test::Outcome client(const std::string& arguments) const {
    return test::run(fmt::format("timeout 30 fastboot -s tcp:127.0.0.1:{} {}", fastboot->port(), arguments));
  }

  SectorRange range(std::string_view name) const {
    return firmware::find_partition_any_case(persona.table, name)->range;
  }

  Buffer image(std::string_view name) const { return PartitionReader(modem->nand(), range(name)).written().bytes; }

  /// Writes the file that goes into that partition out of a package with another revision.
  Buffer write_newer(std::string_view partition, const std::string& path) const {
    auto files =
        generate_package(persona, *firmware::parse_revision("EG25GGBR07A08M2G_30.006.30.006"), {.scale = Scale::small});
    for (const auto& placed : placed_images(persona)) {
      if (placed.partition == partition) {
        auto bytes = std::ranges::find(*files, placed.path, &GeneratedFile::path)->bytes();
        test::write_file(path, bytes);
        return bytes;
      }
    }
    return {};
  }

  SteadyClock clock;
  Timers timers{clock};
  Persona persona;
  WakePipe stop = WakePipe::make().value();
  std::unique_ptr<VirtualModem> modem;
  std::unique_ptr<FastbootTcp> fastboot;
  std::unique_ptr<UsbIpServer> server;
  std::thread thread;
  test::TemporaryDirectory folder;
};

TEST_F(PublicFastboot, ReadsVariables) {
  EXPECT_THAT(client("getvar version").output, HasSubstr("version: 0.5\n"));
  auto all = client("getvar all").output;
  EXPECT_THAT(all, HasSubstr("max-download-size:\t0xd000000\n"));
  EXPECT_THAT(all, HasSubstr("kernel:lk\n"));
  EXPECT_THAT(client("oem device-info").output, HasSubstr("Device unlocked: false"));
}

TEST_F(PublicFastboot, FlashesUbiAndABootImageAndReboots) {
  auto system = write_newer("system", folder / "system.ubi");
  auto modem_image = write_newer("modem", folder / "modem.ubi");
  auto boot = write_newer("boot", folder / "boot.img");
  for (const auto& [partition, file] :
       {std::pair("system", "system.ubi"), std::pair("modem", "modem.ubi"), std::pair("boot", "boot.img")}) {
    auto outcome = client(fmt::format("flash {} {}", partition, folder / file));
    EXPECT_EQ(outcome.status, 0) << outcome.output;
  }
  auto outcome = client("reboot");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  join_once_it_runs();
  EXPECT_EQ(image("system"), system);
  EXPECT_EQ(image("boot"), boot);
  EXPECT_EQ(modem->state(), "running EG25GGBR07A08M2G");
  EXPECT_FALSE(force_fastboot(modem->nand(), range("misc")));
}

TEST_F(PublicFastboot, SeesEveryRefusal) {
  test::write_file(folder / "noise", Buffer(3000, std::byte{0x55}));
  test::write_file(folder / "big", Buffer(2'000'000, std::byte{0x55}));
  const std::pair<std::string, std::string> refusals[] = {
      {"flash boot " + folder / "noise", "Image is not a boot image"},
      {"flash aboot " + folder / "big", "Image size too large"},
      {"flash nothing " + folder / "noise", "update_ubi_vol failed"},
      {"erase nothing", "unknown partition name"},
      {"flashing unlock", "oem unlock is not allowed"},
      {"oem edl", "unknown command"},
  };
  for (const auto& [command, text] : refusals) {
    auto outcome = client(command);
    EXPECT_NE(outcome.status, 0) << command;
    EXPECT_THAT(outcome.output, HasSubstr(text)) << command;
  }
}

TEST_F(PublicFastboot, LeavesTheFlagBehindWhenItContinues) {
  write_newer("boot", folder / "boot.img");
  EXPECT_EQ(client("flash boot " + folder / "boot.img").status, 0);
  EXPECT_EQ(client("continue").status, 0);
  join_once_it_runs();
  EXPECT_THAT(modem->state(), testing::StartsWith("running"));
  EXPECT_TRUE(force_fastboot(modem->nand(), range("misc")));
}

}  // namespace
}  // namespace modemedic::twin
