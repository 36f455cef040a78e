#include "operation/gps.h"

#include "support/scripted_bus.h"
#include "support/tool.h"
#include "support/twin_bench.h"

#include <csignal>
#include <cstdlib>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char** environ;

namespace modemedic::operation {
namespace {

using namespace std::chrono_literals;
using test::must;
using test::TwinBench;
using testing::HasSubstr;

TEST(Gps, IsSwitchedOnAndOffAndKnowsWhenItWasAlready) {
  TwinBench bench;
  auto found = must(bench.find());
  EXPECT_EQ(must(switch_gps(bench.bus, found, true)), Switched::now);
  EXPECT_EQ(must(switch_gps(bench.bus, found, true)), Switched::already);
  EXPECT_EQ(must(switch_gps(bench.bus, found, false)), Switched::now);
  EXPECT_EQ(must(switch_gps(bench.bus, found, false)), Switched::already);
}

TEST(Gps, BringsSentencesOnTheNmeaPortOnceItIsOn) {
  TwinBench bench;
  auto found = must(bench.find());
  EXPECT_EQ(must(first_sentence(bench.bus, found, Deadline::in(bench.clock, 3s))), std::nullopt);
  must(switch_gps(bench.bus, found, true));
  auto sentence = must(first_sentence(bench.bus, found, Deadline::in(bench.clock, 3s)));
  ASSERT_TRUE(sentence);
  EXPECT_THAT(*sentence, testing::StartsWith("$GPGGA,"));
}

TEST(Gps, FindsItsPortInEveryComposition) {
  for (const auto* composition : {"rndis", "ecm", "mbim", "no_diag"}) {
    TwinBench::Options options;
    options.faults = {std::string("composition@") + composition};
    TwinBench bench(options);
    auto found = must(bench.find());
    must(switch_gps(bench.bus, found, true));
    auto sentence = must(first_sentence(bench.bus, found, Deadline::in(bench.clock, 3s)));
    EXPECT_TRUE(sentence) << composition;
  }
}

TEST(Gps, SaysWhatTheModemSaidNoTo) {
  test::ScriptedBus bus(must(twin::find_persona("eg25-g")).running, [](std::uint8_t, const std::string& sent) {
    return std::vector<std::string>{sent == "AT\r" ? "\r\nOK\r\n" : "\r\n+CME ERROR: 501\r\n"};
  });
  bus.unasked = {"\r\nRDY\r\n"};
  auto refused = switch_gps(bus, {bus.device(), {}}, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::device_refused);
  EXPECT_THAT(refused.error().what, HasSubstr("+CME ERROR: 501"));
}

TEST(Gps, TakesNoNoiseForASentence) {
  for (const auto* noise : {"$GPGGA,1*00\r\n", "GPGGA\r\n", "\n\n\n", "*\n", "$\n", "\xff\xfe", "$"}) {
    test::ScriptedBus bus(must(twin::find_persona("eg25-g")).running,
                          [](std::uint8_t, const std::string&) { return std::vector<std::string>{}; });
    bus.unasked.assign(100'000, noise);  // without end, as far as anybody can tell
    auto sentence = first_sentence(bus, {bus.device(), {}}, Deadline::in(bus.clock(), 1s));
    ASSERT_TRUE(sentence) << noise;
    EXPECT_FALSE(*sentence);
  }
}

/// gpsd on a free port, reading a pty; ended with the test.
class Gpsd {
public:
  Gpsd() {
    std::array<char, 64> name{};
    termios raw{};
    pty_ = Descriptor(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (grantpt(pty_.get()) != 0 || unlockpt(pty_.get()) != 0 || ptsname_r(pty_.get(), name.data(), name.size()) != 0) {
      throw std::runtime_error("no pty");
    }
    keeper_ = Descriptor(open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    tcgetattr(keeper_.get(), &raw);
    cfmakeraw(&raw);
    tcsetattr(keeper_.get(), TCSANOW, &raw);
    chmod(name.data(), 0666);  // gpsd gives up root
    port_ = free_port();
    auto port = std::to_string(port_);
    std::vector<std::string> words{"gpsd", "-N", "-n", "-S", port, name.data()};
    std::vector<char*> argv;
    for (auto& word : words) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    if (posix_spawn(&pid_, "/usr/sbin/gpsd", nullptr, nullptr, argv.data(), environ) != 0) {
      throw std::runtime_error("gpsd does not start");
    }
  }

  ~Gpsd() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  Gpsd(const Gpsd&) = delete;
  Gpsd& operator=(const Gpsd&) = delete;

  void feed(ByteView bytes) const { static_cast<void>(write(pty_.get(), bytes.data(), bytes.size())); }

  /// A client that watches, once gpsd listens.
  Descriptor watch() const {
    for (auto until = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < until;) {
      Descriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      auto address = loopback(port_);
      if (connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        constexpr std::string_view request = "?WATCH={\"enable\":true,\"json\":true};\n";
        static_cast<void>(write(client.get(), request.data(), request.size()));
        return client;
      }
      poll(nullptr, 0, 50);
    }
    throw std::runtime_error("gpsd does not listen");
  }

private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  static std::uint16_t free_port() {
    Descriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(probe.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no free port");
    }
    return ntohs(address.sin_port);
  }

  Descriptor pty_;
  Descriptor keeper_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

TEST(Gps, GivesGpsdAFix) {
  if (!test::have("gpsd")) {
    GTEST_SKIP() << "gpsd is not installed (apt install gpsd)";
  }
  TwinBench bench;
  auto found = must(bench.find());
  must(switch_gps(bench.bus, found, true));
  auto pipe = must(bench.bus.open(found.device, *knowledge::nmea_interface(found.device.fingerprint)));
  Gpsd gpsd;
  auto client = gpsd.watch();
  std::string said;
  Buffer sentence(4096);
  for (int second = 0; second < 200 && said.find("\"lat\":47.28") == std::string::npos; ++second) {
    auto count = must(pipe->receive(sentence, Deadline::in(bench.clock, 5s)));  // a simulated second
    gpsd.feed(ByteView(sentence).first(count));
    pollfd answer{client.get(), POLLIN, 0};
    std::array<char, 4096> text{};
    if (poll(&answer, 1, 50) > 0) {
      auto size = read(client.get(), text.data(), text.size());
      said.append(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
  }
  EXPECT_THAT(said, HasSubstr("\"class\":\"TPV\""));
  EXPECT_THAT(said, HasSubstr("\"lat\":47.285")) << said;
  EXPECT_THAT(said, HasSubstr("\"lon\":8.565"));
}

}  // namespace
}  // namespace modemedic::operation
