#include "protocol/dload_host.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::protocol {
namespace {

using dload::Listener;
using dload::Nak;
using testing::HasSubstr;

// Frames of the field (facts: dload-streaming.md).
const std::string nop = "7e 06 4e 95 7e";
const std::string ack = "7e 02 6a d3 7e";
const std::string diag_bad_command = "7e 13 06 88 d5 7e";
const std::string invalid_command_log = "7e 0e 49 6e 76 61 6c 69 64 20 43 6f 6d 6d 61 6e 64 0a 58 bd 7e";
const std::string invalid_command_error = "7e 0d 05 00 00 00 49 6e 76 61 6c 69 64 20 43 6f 6d 6d 61 6e 64 bf c3 7e";
const std::string go_nprg = "7e 05 41 70 00 00 f7 63 7e";

Buffer bytes_of(std::size_t count, std::byte value = std::byte{0x55}) {
  return Buffer(count, value);
}

/// "send 7e …", "await", "done", "failed".
std::string next(DloadHost& host) {
  auto action = host.next();
  if (auto* send = std::get_if<Send>(&action)) {
    EXPECT_EQ(send->zlp, Zlp::never);
    return "send " + hex(send->bytes);
  }
  if (std::holds_alternative<Await>(action)) {
    return "await";
  }
  return std::holds_alternative<Done>(action) ? "done" : "failed";
}

Error failure(DloadHost& host) {
  auto action = host.next();
  auto* failed = std::get_if<Failed>(&action);
  EXPECT_NE(failed, nullptr);
  return failed != nullptr ? failed->error : Error{};
}

void answer(DloadHost& host, const std::string& frame) {
  host.feed(*from_hex(frame));
}

void answer(DloadHost& host, const Buffer& body) {
  host.feed(hdlc_frame(body, true));
}

/// What was sent, without framing.
Buffer sent(DloadHost& host) {
  auto action = host.next();
  auto* send = std::get_if<Send>(&action);
  EXPECT_NE(send, nullptr);
  if (send == nullptr) {
    return {};
  }
  HdlcReader reader;
  reader.feed(send->bytes);
  auto frame = reader.next();
  return frame ? std::get<Buffer>(*frame) : Buffer{};
}

/// A host whose probe was answered by a boot loader that takes writes of `most` bytes; its first write is to be sent.
DloadHost writing(std::vector<DloadHost::Loader> loaders, std::uint16_t most = 0x3f9) {
  DloadHost host(std::move(loaders));
  EXPECT_EQ(next(host), "send " + nop);
  answer(host, ack);
  EXPECT_EQ(hex(sent(host)), "07");
  answer(host, dload::parameters({.version = 8, .lowest_version = 8, .largest_write = most}));
  return host;
}

TEST(DloadHost, TellsWhoListensByThePublishedFrames) {
  const std::pair<std::string, Listener> answers[] = {
      {ack, Listener::dload},
      {diag_bad_command, Listener::diag},
      {invalid_command_log, Listener::streaming},
      {invalid_command_error, Listener::streaming},
  };
  for (const auto& [frame, listener] : answers) {
    DloadHost host({});
    EXPECT_EQ(next(host), "send " + nop);
    EXPECT_EQ(next(host), "await");
    answer(host, frame);
    EXPECT_EQ(next(host), "done") << frame;
    EXPECT_EQ(host.listener(), listener);
    EXPECT_FALSE(host.loader_started());
  }
}

TEST(DloadHost, HandsALoaderOverAndStartsIt) {
  auto code = bytes_of(1017 + 5);
  auto more = bytes_of(3, std::byte{0x7e});
  auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}, {0x41800000, more}}, 0x41700000}});
  auto first = sent(host);
  ASSERT_EQ(first.size(), 7U + 1017U);
  EXPECT_EQ(hex(ByteView(first).first(7)), "0f 41 70 00 00 03 f9");
  EXPECT_EQ(next(host), "await");
  answer(host, ack);
  EXPECT_EQ(hex(sent(host)), "0f 41 70 03 f9 00 05 55 55 55 55 55");
  answer(host, ack);
  EXPECT_EQ(hex(sent(host)), "0f 41 80 00 00 00 03 7e 7e 7e");
  EXPECT_FALSE(host.loader_started());
  answer(host, ack);
  EXPECT_EQ(next(host), "send " + go_nprg);
  EXPECT_TRUE(host.loader_started());
  EXPECT_EQ(next(host), "await");
  host.timed_out();  // GO has no answer
  EXPECT_EQ(next(host), "done");
  EXPECT_TRUE(host.loader_started());
}

TEST(DloadHost, WritesNoMoreAtOnceThanTheBootLoaderTakes) {
  auto code = bytes_of(1000);
  auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}}, 256);
  std::size_t written = 0;
  while (written < code.size()) {
    auto frame = sent(host);
    ASSERT_GT(frame.size(), 7U);
    EXPECT_LE(frame.size() - 7, 256U);
    EXPECT_EQ(load<std::uint32_t>(&frame[1], Endian::big), 0x41700000 + written);
    EXPECT_EQ(load<std::uint16_t>(&frame[5], Endian::big), frame.size() - 7);
    written += frame.size() - 7;
    answer(host, ack);
  }
  EXPECT_EQ(next(host), "send " + go_nprg);
}

TEST(DloadHost, TakesItsOwnMostWhereTheBootLoaderWouldTakeMore) {
  auto code = bytes_of(3000);
  auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}}, 65535);
  EXPECT_EQ(sent(host).size(), 7U + 0x3f9U);
}

TEST(DloadHost, WritesToABootLoaderThatDoesNotKnowTheQuestionForParameters) {
  auto code = bytes_of(10);
  DloadHost host({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}});
  next(host);
  answer(host, ack);
  next(host);
  answer(host, dload::nak(Nak::invalid_command));
  EXPECT_EQ(sent(host).size(), 7U + 10U);
}

TEST(DloadHost, TakesTheNextLoaderWhenTheAddressIsRefused) {
  auto code = bytes_of(10);
  auto host = writing(
      {{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}, {"ENPRG9x15.hex", {{0x2a000000, code}}, 0x2a000000}});
  EXPECT_EQ(hex(ByteView(sent(host)).first(5)), "0f 41 70 00 00");
  answer(host, dload::nak(Nak::bad_destination));
  EXPECT_EQ(hex(ByteView(sent(host)).first(5)), "0f 2a 00 00 00");
  answer(host, ack);
  EXPECT_EQ(hex(sent(host)), "05 2a 00 00 00");
}

TEST(DloadHost, SaysWhyItWasRefused) {
  const std::pair<Nak, std::string> reasons[] = {
      {Nak::bad_destination, "the address is none it may write to"},
      {Nak::not_permitted, "it does not permit that"},
      {Nak::verify_failed, "what was written does not read back"},
      {static_cast<Nak>(0x4711), "for reason 0x4711, which is not known"},
  };
  auto code = bytes_of(10);
  for (const auto& [reason, words] : reasons) {
    auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}});
    sent(host);
    answer(host, dload::nak(reason));
    auto error = failure(host);
    EXPECT_EQ(error.code, Code::device_refused);
    EXPECT_EQ(error.what, "the boot loader refuses NPRG9x15.hex at 0x41700000: " + words);
    EXPECT_FALSE(error.hint.empty());
  }
}

TEST(DloadHost, SendsAgainWhatCameWithAWrongChecksum) {
  auto code = bytes_of(10);
  auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}});
  auto first = sent(host);
  for (int i = 0; i < 3; ++i) {
    answer(host, dload::nak(Nak::bad_checksum));
    EXPECT_EQ(sent(host), first);
  }
  answer(host, dload::nak(Nak::bad_checksum));
  EXPECT_THAT(failure(host).what, HasSubstr("wrong checksum"));
}

TEST(DloadHost, FailsWhenTheBootLoaderRefusesToStart) {
  auto code = bytes_of(10);
  auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}, {"other", {{0, code}}, 0}});
  sent(host);
  answer(host, ack);
  sent(host);
  answer(host, dload::nak(Nak::bad_destination));
  EXPECT_THAT(failure(host).what, HasSubstr("refuses to start NPRG9x15.hex at 0x41700000"));
}

TEST(DloadHost, LeavesARunningModemAlone) {
  auto code = bytes_of(10);
  DloadHost host({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}});
  next(host);
  answer(host, diag_bad_command);
  EXPECT_THAT(failure(host).what, HasSubstr("a running modem answers"));
}

TEST(DloadHost, HandsNothingToALoaderThatRuns) {
  auto code = bytes_of(10);
  DloadHost host({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}});
  next(host);
  answer(host, invalid_command_log + invalid_command_error);
  EXPECT_EQ(next(host), "done");
  EXPECT_EQ(host.listener(), Listener::streaming);
  EXPECT_FALSE(host.loader_started());
}

TEST(DloadHost, AsksThreeTimesBeforeItGivesUp) {
  DloadHost host({});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(next(host), "send " + nop);
    EXPECT_EQ(next(host), "await");
    host.timed_out();
  }
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::timeout);
}

TEST(DloadHost, TakesAnAnswerForTheFrameThatIsOutOnly) {
  auto code = bytes_of(2000);
  auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}});
  sent(host);
  answer(host, ack + ack + ack);  // two of them too many
  EXPECT_EQ(hex(ByteView(sent(host)).first(7)), "0f 41 70 03 f9 03 d7");
  EXPECT_EQ(next(host), "await");
}

TEST(DloadHost, ReadsPastTheLogsOfABusyModem) {
  DloadHost host({});
  next(host);
  for (int i = 0; i < 500; ++i) {
    answer(host, Buffer(100, std::byte{0x10}));
    EXPECT_EQ(next(host), "await");
  }
  answer(host, diag_bad_command);
  EXPECT_EQ(host.listener(), Listener::diag);
}

TEST(DloadHost, EndsATalkWithoutEnd) {
  auto code = bytes_of(10);
  auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}});
  sent(host);
  for (int i = 0; i < 2500 && next(host) == "await"; ++i) {
    answer(host, Buffer(100, std::byte{0x10}));
  }
  EXPECT_EQ(failure(host).code, Code::device_protocol);
}

TEST(DloadHost, RefusesALoaderThatIsNone) {
  auto code = bytes_of(16);
  for (const auto& parts : {std::vector<DloadHost::Part>{}, {{0x1000, {}}}, {{0xfffffff8, code}}}) {
    DloadHost host({{"NPRG9x15.hex", parts, 0x1000}});
    EXPECT_EQ(failure(host).code, Code::bug);
  }
  DloadHost last({{"NPRG9x15.hex", {{0xfffffff0, code}}, 0}});  // ends with the last byte there is
  EXPECT_EQ(next(last), "send " + nop);
}

TEST(DloadHost, RefusesABootLoaderThatTakesNothing) {
  auto code = bytes_of(16);
  auto host = writing({{"NPRG9x15.hex", {{0x41700000, code}}, 0x41700000}}, 0);
  EXPECT_THAT(failure(host).what, HasSubstr("0 bytes"));
}

TEST(DloadHost, EndsWhateverTheDeviceSays) {
  std::mt19937 random(1);
  for (int run = 0; run < 300; ++run) {
    auto code = bytes_of(3000);
    DloadHost host({{"a", {{0x41700000, code}}, 0x41700000}, {"b", {{0, code}}, 0}});
    for (int step = 0; step < 400; ++step) {
      auto what = next(host);
      if (what == "done" || what == "failed") {
        break;
      }
      if (what != "await") {
        continue;
      }
      switch (random() % 6) {
        case 0:
          host.timed_out();
          break;
        case 1:
        case 2:
          answer(host, ack);
          break;
        case 3:
          answer(host, dload::nak(static_cast<Nak>(random() % 16)));
          break;
        case 4:
          answer(host, dload::parameters({.largest_write = static_cast<std::uint16_t>(random())}));
          break;
        default: {
          Buffer noise(random() % 40);
          std::generate(noise.begin(), noise.end(), [&] { return static_cast<std::byte>(random()); });
          host.feed(noise);
        }
      }
    }
  }
}

/// Neither is a frame, so no count of frames ends it.
TEST(DloadHost, IsNotKeptByBytesWithoutEnd) {
  for (auto byte : {std::byte{0x7e}, std::byte{0x55}, std::byte{0x7d}}) {
    DloadHost host({});
    next(host);
    for (int i = 0; i < 1000 && next(host) == "await"; ++i) {
      host.feed(bytes_of(512, byte));
    }
    EXPECT_EQ(failure(host).code, Code::device_protocol) << std::to_integer<int>(byte);
  }
}

}  // namespace
}  // namespace modemedic::protocol
