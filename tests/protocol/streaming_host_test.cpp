#include "protocol/streaming_host.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::protocol {
namespace {

using streaming::Target;
using testing::HasSubstr;
using testing::StartsWith;
using Risk = StreamingHost::TableRisk;

// Frames of the field (facts: dload-streaming.md).
const std::string reset_done = "7e 0c 14 3a 7e";
const std::string invalid_command =
    "7e 0e 49 6e 76 61 6c 69 64 20 43 6f 6d 6d 61 6e 64 0a 58 bd 7e"
    "7e 0d 05 00 00 00 49 6e 76 61 6c 69 64 20 43 6f 6d 6d 61 6e 64 bf c3 7e";

Buffer bytes_of(std::size_t count, std::byte value = std::byte{0x55}) {
  return Buffer(count, value);
}

/// The body in hex of what is sent ("send 1b 0e …"), "write 0+1024", "await", "done", "failed".
std::string next(StreamingHost& host) {
  auto action = host.next();
  if (auto* send = std::get_if<Send>(&action)) {
    EXPECT_EQ(send->zlp, Zlp::never);
    HdlcReader reader;
    reader.feed(send->bytes);
    auto frame = reader.next();
    return frame && std::holds_alternative<Buffer>(*frame) ? "send " + hex(std::get<Buffer>(*frame)) : "spoilt";
  }
  if (auto* part = std::get_if<StreamingHost::WriteImage>(&action)) {
    return "write " + std::to_string(part->offset) + "+" + std::to_string(part->length);
  }
  if (std::holds_alternative<Await>(action)) {
    return "await";
  }
  return std::holds_alternative<Done>(action) ? "done" : "failed";
}

Error failure(StreamingHost& host) {
  auto action = host.next();
  auto* failed = std::get_if<Failed>(&action);
  EXPECT_NE(failed, nullptr);
  return failed != nullptr ? failed->error : Error{};
}

void answer(StreamingHost& host, const std::string& body) {
  host.feed(hdlc_frame(*from_hex(body), true));
}

Target target(std::uint8_t features = 9) {
  return {.version = 3,
          .lowest_version = 2,
          .block_size = 0x400,
          .flash_base = 0,
          .flash_name = "NAND",
          .window = 2,
          .sectors = std::vector<std::uint32_t>(0x80, 0x200000),
          .features = features};
}

const Buffer table = bytes_of(464);

StreamingHost in_session(bool was_running = false) {
  StreamingHost host;
  host.start(StreamingHost::Session{.table = table, .risk = Risk::cannot_erase, .was_running = was_running});
  EXPECT_THAT(next(host), StartsWith("send 01"));
  host.feed(hdlc_frame(streaming::target(target()), true));
  EXPECT_EQ(next(host), "send 17 01");
  answer(host, "18");
  EXPECT_EQ(next(host), "send 19 00 " + hex(table));
  answer(host, "1a00");
  return host;
}

StreamingHost opened(std::uint64_t size) {
  auto host = in_session();
  host.start(StreamingHost::Image{"SBL1", size});
  EXPECT_EQ(next(host), "send 1b 0e 30 3a 53 42 4c 31 00");
  answer(host, "1c00");
  return host;
}

TEST(StreamingHost, SaysHelloByTheBook) {
  StreamingHost host;
  host.start(StreamingHost::Greeting{});
  EXPECT_EQ(next(host), "send 01 " + hex(as_bytes("QCOM fast download protocol host")) + " 03 02 09");
  EXPECT_EQ(next(host), "await");
  host.feed(hdlc_frame(streaming::target(target())));
  EXPECT_EQ(next(host), "done");
  ASSERT_TRUE(host.target());
  EXPECT_EQ(host.target()->flash_name, "NAND");
  EXPECT_EQ(host.target()->sectors.size(), 0x80U);
  EXPECT_EQ(host.target()->features, 9);
}

TEST(StreamingHost, ReadsATargetByteByByte) {
  // version 4, lowest 2, block 0x400, base 0, "ab", window 2, one sector of 0x200000, features 9
  auto body = *from_hex("02" + hex(as_bytes("QCOM fast download protocol targ")) +
                        "04 02 00040000 00000000 02 6162 0200 0100 00002000 09");
  auto read = streaming::parse_target(body);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, 4);
  EXPECT_EQ(read->lowest_version, 2);
  EXPECT_EQ(read->block_size, 0x400U);
  EXPECT_EQ(read->flash_name, "ab");
  EXPECT_EQ(read->window, 2);
  EXPECT_EQ(read->sectors, std::vector<std::uint32_t>{0x200000});
  for (std::size_t length = 0; length < body.size(); ++length) {
    EXPECT_FALSE(streaming::parse_target(ByteView(body).first(length))) << length;
  }
}

TEST(StreamingHost, WritesAnImageOneFrameAtATime) {
  auto host = opened(2500);
  EXPECT_EQ(next(host), "write 0+1024");
  EXPECT_EQ(next(host), "await");
  answer(host, "0800000000");
  EXPECT_EQ(next(host), "write 1024+1024");
  answer(host, "0800040000");
  EXPECT_EQ(next(host), "write 2048+452");
  answer(host, "0800080000");
  EXPECT_EQ(next(host), "send 15");
  answer(host, "16");
  EXPECT_EQ(next(host), "done");
  host.start(StreamingHost::Reset{});
  EXPECT_EQ(next(host), "send 0b");
  host.feed(*from_hex(reset_done));
  EXPECT_EQ(next(host), "done");
}

TEST(StreamingHost, FramesAWriteAsTheLoaderTakesIt) {
  auto frame = streaming::write_frame(0x00010400, *from_hex("7e 7d 01"));
  EXPECT_EQ(hex(ByteView(frame).first(11)), "7e 07 00 04 01 00 7d 5e 7d 5d 01");
  EXPECT_LE(hdlc_frame(streaming::write_frame(0, bytes_of(1024))).size(), 1060U);
}

TEST(StreamingHost, OverridesNoTable) {
  EXPECT_EQ(hex(ByteView(streaming::partition_table(table)).first(2)), "19 00");
}

TEST(StreamingHost, SendsNoTableWhenNobodySaysWhatItMayErase) {
  StreamingHost host;
  host.start(StreamingHost::Session{.table = table});
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::refused);
  EXPECT_EQ(error.rule, "efs");
}

TEST(StreamingHost, SendsNoTableThatTheLoaderCannotTake) {
  for (std::size_t size : {std::size_t{0}, std::size_t{513}}) {
    StreamingHost host;
    host.start(StreamingHost::Session{.table = bytes_of(size), .risk = Risk::loss_accepted});
    EXPECT_EQ(failure(host).code, Code::package_bad) << size;
  }
}

TEST(StreamingHost, StopsWhenTheTableDiffers) {
  StreamingHost host;
  host.start(StreamingHost::Session{.table = table, .risk = Risk::cannot_erase});
  next(host);
  host.feed(hdlc_frame(streaming::target(target()), true));
  next(host);
  answer(host, "18");
  next(host);
  answer(host, "1a01");
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::device_refused);
  EXPECT_THAT(error.what, HasSubstr("it differs from the one on the chip"));
  EXPECT_THAT(error.hint, HasSubstr("nothing was erased"));
  EXPECT_EQ(host.table_answer(), streaming::TableAnswer::differs);
  host.start(StreamingHost::Image{"SBL1", 10});
  EXPECT_EQ(failure(host).code, Code::bug);
}

TEST(StreamingHost, OpensNothingWithoutData) {
  auto host = in_session();
  host.start(StreamingHost::Image{"SBL1", 0});
  EXPECT_EQ(failure(host).code, Code::package_bad);
}

TEST(StreamingHost, OpensNothingThatIsNoPartitionsName) {
  for (const auto* name : {"", "A B", "SBL\x01", "fourteen-chars"}) {
    auto host = in_session();
    host.start(StreamingHost::Image{name, 10});
    EXPECT_EQ(failure(host).code, Code::bug) << name;
  }
}

TEST(StreamingHost, OpensNothingBeforeTheTable) {
  StreamingHost host;
  host.start(StreamingHost::Image{"SBL1", 10});
  EXPECT_EQ(failure(host).code, Code::bug);
}

TEST(StreamingHost, ClosesWhatAnotherHostLeftOpen) {
  for (const auto* closed : {"16", "0d 0f000000 43616e6e6f74"}) {
    auto host = in_session(true);
    EXPECT_EQ(next(host), "send 15");
    answer(host, closed);
    EXPECT_EQ(next(host), "done") << closed;
  }
  auto fresh = in_session(false);
  EXPECT_EQ(next(fresh), "done");
}

TEST(StreamingHost, PassesOverTheAnswerToTheProbeBeforeIt) {
  StreamingHost host;
  host.start(StreamingHost::Greeting{});
  next(host);
  host.feed(*from_hex(invalid_command));
  EXPECT_EQ(next(host), "await");
  EXPECT_THAT(host.take_logs(), testing::ElementsAre("Invalid Command"));
  host.feed(hdlc_frame(streaming::target(target()), true));
  EXPECT_EQ(next(host), "done");
}

TEST(StreamingHost, SaysWhatTheLoaderSays) {
  auto host = opened(2000);
  next(host);
  answer(host, "0e" + hex(as_bytes("Write unsuccessful\n")));
  answer(host, "0d 07000000" + hex(as_bytes("Write unsuccessful\x1b[2J")));
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::device_refused);
  EXPECT_EQ(error.what,
            "the loader refuses writing SBL1 at byte 0: the operation failed (\"Write unsuccessful\\x1b[2J\")");
  EXPECT_THAT(host.take_logs(), testing::ElementsAre("Write unsuccessful"));
}

TEST(StreamingHost, FailsWhenAnotherByteIsConfirmed) {
  auto host = opened(5000);
  next(host);
  answer(host, "0800040000");
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::device_protocol);
  EXPECT_EQ(error.what, "the loader confirms byte 1024 of SBL1 when 0 was sent");
}

TEST(StreamingHost, TakesNoConfirmationOfWhatWasNotSent) {
  auto host = opened(5000);
  answer(host, "0800000000");  // before the first write went out
  EXPECT_EQ(next(host), "failed");
}

TEST(StreamingHost, SaysHowAnOpenWasRefused) {
  auto host = in_session();
  host.start(StreamingHost::Image{"SBL1", 10});
  next(host);
  answer(host, "1c04");
  EXPECT_EQ(failure(host).what, "the loader refuses opening (erasing) SBL1: block 0 is write-protected");
}

TEST(StreamingHost, NeedsALoaderThatWritesSinglePartitions) {
  StreamingHost host;
  host.start(StreamingHost::Session{.table = table, .risk = Risk::cannot_erase});
  next(host);
  host.feed(hdlc_frame(streaming::target(target(1)), true));
  EXPECT_THAT(failure(host).what, HasSubstr("multi-image"));
}

TEST(StreamingHost, NeedsANewSessionAfterAFailure) {
  auto host = opened(5000);
  next(host);
  host.timed_out();
  EXPECT_EQ(failure(host).what, "the loader does not answer writing SBL1 at byte 0");
  host.start(StreamingHost::Image{"SBL1", 10});
  EXPECT_EQ(failure(host).code, Code::bug);
  host.start(StreamingHost::Greeting{});
  next(host);
  host.feed(hdlc_frame(streaming::target(target()), true));
  EXPECT_EQ(next(host), "done");
  host.start(StreamingHost::Image{"SBL1", 10});
  EXPECT_EQ(failure(host).code, Code::bug);
}

TEST(StreamingHost, SaysThatNoLoaderStarted) {
  StreamingHost host;
  host.start(StreamingHost::Greeting{});
  next(host);
  host.timed_out();
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::timeout);
  EXPECT_EQ(error.what, "no streaming loader answers");
}

TEST(StreamingHost, EndsATalkWithoutEnd) {
  auto host = opened(5000);
  next(host);
  for (int i = 0; i < 6000 && next(host) == "await"; ++i) {
    answer(host, "0e 41 0a");
  }
  EXPECT_THAT(failure(host).what, HasSubstr("without end"));
  EXPECT_LE(host.take_logs().size(), 100U);
}

TEST(StreamingHost, FailsOnASpoiltFrame) {
  auto host = opened(5000);
  next(host);
  host.feed(*from_hex("7e 08 00 00 00 00 12 34 7e"));
  EXPECT_EQ(failure(host).code, Code::device_protocol);
}

TEST(StreamingHost, EndsWhateverTheLoaderSays) {
  std::mt19937 random(2);
  const std::vector<std::string> answers = {"18",         "1a00", "1a01",         "1c00", "16", "0c", "0800000000",
                                            "0800040000", "0e41", "0d0500000041", "02",   "1a", "08", "1c"};
  for (int run = 0; run < 300; ++run) {
    auto host = in_session(run % 2 == 0);
    for (int step = 0; step < 200; ++step) {
      auto what = next(host);
      if (what == "done" || what == "failed") {
        if (random() % 2 == 0) {
          host.start(StreamingHost::Image{"SBL1", random() % 5000});
        } else {
          host.start(StreamingHost::Session{.table = table, .risk = Risk::cannot_erase});
        }
      } else if (what != "await") {
        continue;
      } else if (random() % 8 == 0) {
        Buffer noise(random() % 40);
        std::generate(noise.begin(), noise.end(), [&] { return static_cast<std::byte>(random()); });
        host.feed(noise);
      } else if (random() % 8 == 0) {
        host.feed(hdlc_frame(streaming::target(target())));
      } else {
        answer(host, answers[random() % answers.size()]);
      }
    }
  }
}

/// Neither is a frame, so no count of frames ends it.
TEST(StreamingHost, IsNotKeptByBytesWithoutEnd) {
  for (auto byte : {std::byte{0x7e}, std::byte{0x55}, std::byte{0x7d}}) {
    StreamingHost host;
    host.start(StreamingHost::Greeting{});
    next(host);
    for (int i = 0; i < 1000 && next(host) == "await"; ++i) {
      host.feed(bytes_of(512, byte));
    }
    EXPECT_EQ(failure(host).code, Code::device_protocol) << std::to_integer<int>(byte);
  }
}

}  // namespace
}  // namespace modemedic::protocol
