#include "protocol/fastboot_host.h"

#include <gmock/gmock.h>

namespace modemedic::protocol {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// A host that sent its command and waits.
FastbootHost waiting(const std::string& command) {
  FastbootHost host(command, 2s);
  auto action = host.next();
  EXPECT_EQ(as_text(std::get<Send>(action).bytes), command);
  EXPECT_EQ(std::get<Send>(action).zlp, Zlp::never);
  EXPECT_EQ(std::get<Await>(host.next()).patience, 2s);
  return host;
}

bool done(FastbootHost& host) {
  return std::holds_alternative<Done>(host.next());
}

Error failure(FastbootHost& host) {
  auto action = host.next();
  const auto* failed = std::get_if<Failed>(&action);
  return failed == nullptr ? Error{} : failed->error;
}

TEST(FastbootHost, TakesAnOkay) {
  auto host = waiting("getvar:max-download-size");
  host.feed(as_bytes("OKAY\t0xd000000"));
  ASSERT_TRUE(done(host));
  EXPECT_TRUE(host.reply().okay);
  EXPECT_EQ(host.reply().text, "\t0xd000000");
}

TEST(FastbootHost, TakesAFailForAnAnswer) {
  auto host = waiting("oem unlock");
  host.feed(as_bytes("FAILoem unlock is not allowed"));
  ASSERT_TRUE(done(host));
  EXPECT_FALSE(host.reply().okay);
  EXPECT_EQ(host.reply().text, "oem unlock is not allowed");
}

TEST(FastbootHost, CollectsInfoLinesUntilTheEnd) {
  auto host = waiting("getvar:all");
  host.feed(as_bytes("INFOversion:0.5"));
  host.feed(as_bytes("INFOsecure:no"));
  EXPECT_TRUE(std::holds_alternative<Await>(host.next()));
  host.feed(as_bytes("OKAY"));
  ASSERT_TRUE(done(host));
  EXPECT_THAT(host.reply().infos, ElementsAre("version:0.5", "secure:no"));
}

TEST(FastbootHost, IgnoresWhatCameBeforeItsQuestion) {
  FastbootHost host("getvar:version", 2s);
  host.feed(as_bytes("FAILunknown command"));
  EXPECT_TRUE(std::holds_alternative<Send>(host.next()));
  host.feed(as_bytes("OKAY0.5"));
  ASSERT_TRUE(done(host));
  EXPECT_EQ(host.reply().text, "0.5");
}

TEST(FastbootHost, EndsADeviceThatSpeaksSomethingElse) {
  for (const auto* answer : {"DATA00001000", "OKA", "\x1b[2Jhello", "<?xml version="}) {
    auto host = waiting("getvar:version");
    host.feed(as_bytes(answer));
    EXPECT_EQ(failure(host).code, Code::device_protocol) << answer;
    EXPECT_THAT(failure(host).what, testing::Not(HasSubstr("\x1b")));
  }
}

TEST(FastbootHost, EndsADeviceThatTalksWithoutEnd) {
  auto host = waiting("getvar:all");
  auto ended = false;
  for (int i = 0; i < 100'000 && !ended; ++i) {
    host.feed(as_bytes("INFO"));
    ended = std::holds_alternative<Failed>(host.next());
  }
  EXPECT_TRUE(ended);
}

TEST(FastbootHost, SaysThatTheBootLoaderIsSilent) {
  auto host = waiting("getvar:version");
  host.timed_out();
  EXPECT_EQ(failure(host).code, Code::timeout);
}

TEST(FastbootHost, SendsNoCommandThatABootLoaderCutsShort) {
  FastbootHost host(std::string(65, 'x'), 2s);
  EXPECT_EQ(failure(host).code, Code::bug);
}

}  // namespace
}  // namespace modemedic::protocol
