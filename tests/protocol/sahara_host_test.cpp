#include "protocol/sahara_host.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::protocol {
namespace {

using namespace std::chrono_literals;
using sahara::Command;
using testing::HasSubstr;

// Packets of the device, byte by byte (facts: sahara-firehose.md).
const std::string zeros_24 = "000000000000000000000000000000000000000000000000";
const std::string hello_packet = "01000000 30000000 02000000 01000000 00040000 00000000" + zeros_24;
const std::string hello_memory_debug = "01000000 30000000 02000000 01000000 00040000 02000000" + zeros_24;
const std::string command_ready = "0b000000 08000000";
const std::string done_complete = "06000000 0c000000 01000000";
const std::string done_more = "06000000 0c000000 00000000";
const std::string reset_state_machine = "13 00 00 00 08 00 00 00";
const std::string done_packet = "05 00 00 00 08 00 00 00";
const std::string switch_to_transfer = "0c 00 00 00 0c 00 00 00 00 00 00 00";

std::string hello_response_hex(const std::string& mode) {
  return "02 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 " + mode +
         " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
}

const std::string response_transfer = hello_response_hex("00 00 00 00");
const std::string response_command = hello_response_hex("03 00 00 00");

Buffer read_data(std::uint32_t image, std::uint32_t offset, std::uint32_t length) {
  return sahara::packet(Command::read_data, ByteWriter(Endian::little).u32(image).u32(offset).u32(length).take());
}

Buffer read_data_64(std::uint64_t image, std::uint64_t offset, std::uint64_t length) {
  return sahara::packet(Command::read_data_64, ByteWriter(Endian::little).u64(image).u64(offset).u64(length).take());
}

Buffer end_of_image(std::uint32_t image, std::uint32_t status) {
  return sahara::packet(Command::end_image_transfer, ByteWriter(Endian::little).u32(image).u32(status).take());
}

/// What the host does next, as text: "send 05 00 …", "image 13 0+52", "await", "done", "failed".
std::string next(SaharaHost& host) {
  auto action = host.next();
  if (auto* send = std::get_if<Send>(&action)) {
    EXPECT_EQ(send->zlp, Zlp::never);
    return "send " + hex(send->bytes);
  }
  if (auto* part = std::get_if<SendImage>(&action)) {
    EXPECT_EQ(part->zlp, Zlp::never);  // an unconditional one breaks Sahara on some boot ROMs
    EXPECT_EQ(part->padding, 0U);
    return "image " + std::to_string(part->image) + " " + std::to_string(part->offset) + "+" +
           std::to_string(part->length);
  }
  if (std::holds_alternative<Await>(action)) {
    return "await";
  }
  return std::holds_alternative<Done>(action) ? "done" : "failed";
}

Error failure(SaharaHost& host) {
  auto action = host.next();
  auto* failed = std::get_if<Failed>(&action);
  EXPECT_NE(failed, nullptr);
  return failed != nullptr ? failed->error : Error{};
}

SaharaHost host_of(std::uint64_t size, bool ask_identity = false) {
  return SaharaHost({.images = {{13, size}}, .ask_identity = ask_identity});
}

/// A host that answered the HELLO and waits for the first read.
SaharaHost transferring(std::uint64_t size) {
  auto host = host_of(size);
  EXPECT_EQ(next(host), "await");
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_transfer);
  EXPECT_EQ(next(host), "await");
  return host;
}

TEST(SaharaHost, HandsAProgrammerOver) {
  auto host = transferring(5000);
  host.feed(*from_hex("03000000 14000000 0d000000 00000000 34000000"));
  EXPECT_EQ(next(host), "image 13 0+52");
  EXPECT_EQ(next(host), "await");
  host.feed(read_data(13, 52, 4096));
  EXPECT_EQ(next(host), "image 13 52+4096");
  host.feed(read_data_64(13, 4148, 852));
  EXPECT_EQ(next(host), "image 13 4148+852");
  host.feed(end_of_image(13, 0));
  EXPECT_EQ(next(host), "send " + done_packet);
  EXPECT_EQ(next(host), "await");
  host.feed(*from_hex(done_complete));
  EXPECT_EQ(next(host), "done");
  EXPECT_FALSE(host.programmer_running());
  EXPECT_TRUE(host.take_pending().empty());
}

/// The device's whole talk in command mode and transfer.
std::vector<std::pair<std::string, std::string>> whole_talk() {
  return {
      {hello_packet, response_command},
      {command_ready, "0d 00 00 00 0c 00 00 00 01 00 00 00"},
      {"0e000000 10000000 01000000 04000000", "0f 00 00 00 0c 00 00 00 01 00 00 00"},
      {"d7eb9b49", "0d 00 00 00 0c 00 00 00 02 00 00 00"},
      {"0e000000 10000000 02000000 08000000", "0f 00 00 00 0c 00 00 00 02 00 00 00"},
      {"00000000e1800400", "0d 00 00 00 0c 00 00 00 03 00 00 00"},
      {"0e000000 10000000 03000000 60000000", "0f 00 00 00 0c 00 00 00 03 00 00 00"},
      {"cc3153a80293939b90d02d3bf8b23e0292e452fef662c74998421adad42a380f"
       "cc3153a80293939b90d02d3bf8b23e0292e452fef662c74998421adad42a380f"
       "cc3153a80293939b90d02d3bf8b23e0292e452fef662c74998421adad42a380f",
       switch_to_transfer},
      {hello_packet, response_transfer},
  };
}

TEST(SaharaHost, AsksTheChipWhoItIsFirst) {
  auto host = host_of(5000, true);
  for (const auto& [device, answer] : whole_talk()) {
    EXPECT_EQ(next(host), "await");
    host.feed(*from_hex(device));
    EXPECT_EQ(next(host), "send " + answer);
  }
  EXPECT_EQ(host.identity().serial, 0x499bebd7U);
  EXPECT_EQ(host.identity().hwid, 0x000480e100000000U);
  EXPECT_EQ(hex(host.identity().pk_hash),
            "cc 31 53 a8 02 93 93 9b 90 d0 2d 3b f8 b2 3e 02 92 e4 52 fe f6 62 c7 49 98 42 1a da d4 2a 38 0f");
  host.feed(read_data(13, 0, 52));
  EXPECT_EQ(next(host), "image 13 0+52");
}

TEST(SaharaHost, TakesPacketsByteByByte) {
  auto host = host_of(5000, true);
  for (const auto& [device, answer] : whole_talk()) {
    auto bytes = *from_hex(device);
    for (auto byte : bytes) {
      EXPECT_EQ(next(host), "await");
      host.feed({&byte, 1});
    }
    EXPECT_EQ(next(host), "send " + answer);
  }
  EXPECT_EQ(host.identity().serial, 0x499bebd7U);
}

TEST(SaharaHost, TakesPacketsThreeAtOnce) {
  auto host = transferring(5000);
  Buffer bytes = read_data(13, 0, 52);
  for (const auto& more : {read_data(13, 52, 100), read_data(13, 152, 100), end_of_image(13, 0)}) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  host.feed(bytes);
  EXPECT_EQ(next(host), "image 13 0+52");
  EXPECT_EQ(next(host), "image 13 52+100");
  EXPECT_EQ(next(host), "image 13 152+100");
  EXPECT_EQ(next(host), "send " + done_packet);
}

TEST(SaharaHost, GoesOnWithoutIdentityWhenTheModemRefusesCommandMode) {
  auto host = host_of(5000, true);
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_command);
  host.feed(end_of_image(0, 0x18));  // invalid host mode
  EXPECT_EQ(next(host), "await");
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_transfer);
  host.feed(read_data(13, 0, 52));
  EXPECT_EQ(next(host), "image 13 0+52");
  EXPECT_FALSE(host.identity().serial);
}

TEST(SaharaHost, GoesOnWithoutIdentityWhenTheModemStartsToReadInstead) {
  auto host = host_of(5000, true);
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_command);
  host.feed(read_data(13, 0, 52));
  EXPECT_EQ(next(host), "image 13 0+52");
}

TEST(SaharaHost, SwitchesBackWhenACommandIsRefusedOrSilent) {
  for (bool silent : {false, true}) {
    auto host = host_of(5000, true);
    host.feed(*from_hex(hello_packet));
    next(host);
    host.feed(*from_hex(command_ready));
    EXPECT_THAT(next(host), HasSubstr("send 0d"));
    EXPECT_EQ(next(host), "await");
    if (silent) {
      host.timed_out();
    } else {
      host.feed(end_of_image(0, 0x1f));  // unsupported client command
    }
    EXPECT_EQ(next(host), "send " + switch_to_transfer);
    host.feed(*from_hex(hello_packet));
    EXPECT_EQ(next(host), "send " + response_transfer);
  }
}

TEST(SaharaHost, SkipsACommandThatHasNoAnswer) {
  auto host = host_of(5000, true);
  host.feed(*from_hex(hello_packet));
  next(host);
  host.feed(*from_hex(command_ready));
  next(host);
  host.feed(*from_hex("0e000000 10000000 01000000 00000000"));
  EXPECT_EQ(next(host), "send 0d 00 00 00 0c 00 00 00 02 00 00 00");
}

TEST(SaharaHost, RefusesAnAnswerThatIsTooLong) {
  auto host = host_of(5000, true);
  host.feed(*from_hex(hello_packet));
  next(host);
  host.feed(*from_hex(command_ready));
  next(host);
  host.feed(*from_hex("0e000000 10000000 01000000 ffffffff"));
  EXPECT_EQ(failure(host).code, Code::device_protocol);
}

TEST(SaharaHost, RefusesAReadBeyondTheImage) {
  auto host = transferring(8_KiB);
  host.feed(read_data(13, 8191, 2));
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::device_protocol);
  EXPECT_THAT(error.what, HasSubstr("asked for bytes 8191..8193 of an image of 8192"));
  EXPECT_FALSE(error.hint.empty());
  EXPECT_EQ(next(host), "failed");
}

TEST(SaharaHost, NeverSendsAByteOutsideTheImage) {
  constexpr std::uint64_t size = 8192;
  constexpr std::uint64_t edges[] = {0, 1, 8191, 8192, 8193, 0x7fffffff, 0xffffffff, 0x100000000, ~std::uint64_t{0}};
  for (auto offset : edges) {
    for (auto length : edges) {
      auto host = transferring(size);
      host.feed(read_data_64(13, offset, length));
      auto fits = offset <= size && length <= size - offset;
      auto action = host.next();
      EXPECT_EQ(std::holds_alternative<Failed>(action), !fits) << offset << "+" << length;
      EXPECT_EQ(std::holds_alternative<SendImage>(action), fits && length > 0) << offset << "+" << length;
    }
  }
}

TEST(SaharaHost, SendsNothingForAReadOfNothing) {
  auto host = transferring(100);
  host.feed(read_data(13, 100, 0));
  EXPECT_EQ(next(host), "await");
}

TEST(SaharaHost, SaysWhichImageWasAskedFor) {
  auto host = transferring(8_KiB);
  host.feed(read_data(7, 0, 52));
  EXPECT_THAT(failure(host).what, HasSubstr("asked for image 7, on offer is 13"));
}

TEST(SaharaHost, EndsADeviceThatAsksForTheSameForEver) {
  auto host = transferring(8_KiB);
  for (int i = 0; i < 100'000; ++i) {
    host.feed(read_data(13, 0, 52));
    if (next(host) == "failed") {
      EXPECT_THAT(failure(host).what, HasSubstr("again and again"));
      return;
    }
  }
  FAIL() << "served 100000 reads of an image of 8192 bytes";
}

TEST(SaharaHost, EndsADeviceThatSaysHelloForEver) {
  auto host = host_of(8_KiB);
  for (int i = 0; i < 100; ++i) {
    host.feed(*from_hex(hello_packet));
    if (next(host) == "failed") {
      EXPECT_EQ(failure(host).code, Code::device_protocol);
      return;
    }
  }
  FAIL();
}

TEST(SaharaHost, SaysInWordsThatAProgrammerIsForAnotherChip) {
  for (std::uint32_t status : {0x08U, 0x21U, 0x22U, 0x23U, 0x24U, 0x25U}) {
    auto host = transferring(8_KiB);
    host.feed(read_data(13, 0, 52));
    next(host);
    host.feed(end_of_image(13, status));
    auto error = failure(host);
    EXPECT_EQ(error.code, Code::device_refused);
    EXPECT_THAT(error.what, HasSubstr(std::string(sahara::status_text(status))));
    EXPECT_THAT(error.hint, HasSubstr("another chip"));
    EXPECT_THAT(error.hint, HasSubstr("not signed"));
  }
}

TEST(SaharaHost, SaysOtherStatusesInWords) {
  auto host = transferring(8_KiB);
  host.feed(read_data(13, 0, 52));
  next(host);
  host.feed(end_of_image(13, 0x0e));
  auto error = failure(host);
  EXPECT_EQ(error.what, "the modem ended image 13 with status 0e: unsupported number of program headers");
  EXPECT_THAT(error.hint, testing::Not(HasSubstr("another chip")));
}

TEST(SaharaHost, TakesMoreImagesAfterAProgrammerForTheEnd) {
  auto host = transferring(100);
  host.feed(read_data(13, 0, 100));
  next(host);
  host.feed(end_of_image(13, 0));
  next(host);
  host.feed(*from_hex(done_more));
  EXPECT_EQ(next(host), "done");
}

TEST(SaharaHost, ServesTheNextImageWhenThereIsOne) {
  SaharaHost host({.images = {{25, 100}, {28, 200}}, .ask_identity = false});
  for (std::uint32_t image : {25U, 28U}) {
    host.feed(*from_hex(hello_packet));
    EXPECT_EQ(next(host), "send " + response_transfer);
    host.feed(read_data(image, 0, 100));
    EXPECT_EQ(next(host), "image " + std::to_string(image) + " 0+100");
    host.feed(end_of_image(image, 0));
    EXPECT_EQ(next(host), "send " + done_packet);
    host.feed(*from_hex(done_more));
  }
  EXPECT_THAT(failure(host).what, HasSubstr("more images than are on offer"));
}

TEST(SaharaHost, WakesAModemWhoseHelloSomebodyElseHasRead) {
  auto host = host_of(5000);
  auto action = host.next();
  EXPECT_EQ(std::get<Await>(action).patience, 2s);
  host.timed_out();
  EXPECT_EQ(next(host), "send " + response_transfer);
  EXPECT_EQ(next(host), "await");
  host.feed(read_data(13, 0, 52));
  EXPECT_EQ(next(host), "image 13 0+52");
}

TEST(SaharaHost, TriesEveryWayBackBeforeItGivesUp) {
  auto host = host_of(5000, true);
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  EXPECT_EQ(next(host), "send " + response_transfer);
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  EXPECT_EQ(next(host), "send " + reset_state_machine);
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  auto nop = host.next();
  EXPECT_THAT(std::string(as_text(std::get<Send>(nop).bytes)), HasSubstr("<nop "));
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::timeout);
  EXPECT_THAT(error.hint, HasSubstr("power"));
}

TEST(SaharaHost, GoesOnAsUsualWhenAResetBringsAHello) {
  auto host = host_of(5000, true);
  host.timed_out();
  next(host);
  host.timed_out();
  EXPECT_EQ(next(host), "send " + reset_state_machine);
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_command);
}

TEST(SaharaHost, DropsWhatAnotherHostLeftBehind) {
  // A stale END_IMAGE must not be answered by DONE: that would start what the other host sent.
  auto host = host_of(5000);
  host.feed(end_of_image(13, 0));
  EXPECT_EQ(next(host), "send " + reset_state_machine);
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_transfer);

  auto other = host_of(5000);
  other.feed(*from_hex(done_complete));
  EXPECT_EQ(next(other), "await");
  other.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(other), "send " + response_transfer);

  auto halfway = host_of(5000);
  halfway.feed(read_data(13, 4096, 512));
  EXPECT_EQ(next(halfway), "send " + reset_state_machine);
}

TEST(SaharaHost, ResetsAModemThatWasInAnotherState) {
  auto host = transferring(5000);
  host.feed(end_of_image(0, 0x01));  // invalid command in this state
  EXPECT_EQ(next(host), "send " + reset_state_machine);
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_transfer);
  host.feed(end_of_image(0, 0x01));
  EXPECT_EQ(failure(host).code, Code::device_refused);
}

TEST(SaharaHost, EndsADeviceThatFloodsWithStrayPackets) {
  auto host = host_of(5000);
  for (int i = 0; i < 100; ++i) {
    host.feed(*from_hex(done_complete));
  }
  EXPECT_EQ(failure(host).code, Code::device_protocol);
}

TEST(SaharaHost, SeesAProgrammerThatRunsAlready) {
  const std::string greeting = R"(<?xml version="1.0" encoding="UTF-8" ?><data><log value="hello"/></data>)";
  for (std::size_t cut = 0; cut <= greeting.size(); ++cut) {
    auto host = host_of(5000, true);
    host.feed(as_bytes(greeting).first(cut));
    EXPECT_EQ(next(host), "await");
    host.feed(as_bytes(greeting).subspan(cut));
    EXPECT_EQ(next(host), "await");  // until it is silent
    host.timed_out();
    EXPECT_EQ(next(host), "done");
    EXPECT_TRUE(host.programmer_running());
    EXPECT_EQ(as_text(host.take_pending()), greeting);
  }
}

TEST(SaharaHost, SeesAProgrammerThatAnswersItsWakeUpCall) {
  auto host = host_of(5000);
  host.timed_out();
  EXPECT_EQ(next(host), "send " + response_transfer);
  const std::string answer =
      R"(<?xml version="1.0" encoding="UTF-8" ?>)"
      "\n<data>\n<log value=\"ERROR: XML not formed correctly. Expected a &lt; character at loc 0\"/>\n</data>";
  host.feed(as_bytes(answer));
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  EXPECT_EQ(next(host), "done");
  EXPECT_TRUE(host.programmer_running());
}

TEST(SaharaHost, HandsOnAGreetingThatCameWithTheLastPacket) {
  auto host = transferring(100);
  host.feed(read_data(13, 0, 100));
  next(host);
  host.feed(end_of_image(13, 0));
  next(host);
  auto bytes = *from_hex(done_complete);
  auto greeting = as_bytes("<?xml");
  bytes.insert(bytes.end(), greeting.begin(), greeting.end());
  host.feed(bytes);
  EXPECT_EQ(next(host), "done");
  EXPECT_FALSE(host.programmer_running());
  EXPECT_EQ(as_text(host.take_pending()), "<?xml");
}

TEST(SaharaHost, SaysThatACrashedModemTakesNoProgrammer) {
  auto host = host_of(5000);
  host.feed(*from_hex(hello_memory_debug));
  EXPECT_EQ(failure(host).code, Code::device_refused);
  auto other = host_of(5000);
  other.feed(*from_hex("09000000 10000000 00000080 00100000"));
  EXPECT_THAT(failure(other).what, HasSubstr("crashed"));
}

TEST(SaharaHost, SaysWhereAModemStoppedAsking) {
  auto host = transferring(5000);
  host.feed(read_data(13, 0, 4096));
  next(host);
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  auto error = failure(host);
  EXPECT_EQ(error.code, Code::timeout);
  EXPECT_EQ(error.what, "the modem stopped asking for the programmer at byte 4096");
}

TEST(SaharaHost, RefusesPacketsOfWrongLengths) {
  for (const auto* packet : {"03000000 10000000 0d000000 00000000", "01000000 08000000", "04000000 08000000",
                             "06000000 08000000", "12000000 14000000 0d000000 00000000 00000000", "03000000 ffffffff",
                             "03000000 00000000", "01000000 00000040"}) {
    auto host = host_of(5000);
    host.feed(*from_hex(packet));
    EXPECT_EQ(failure(host).code, Code::device_protocol) << packet;
  }
}

TEST(SaharaHost, AnswersTheVersionThatTheModemInsistsOn) {
  auto host = host_of(5000);
  host.feed(*from_hex("01000000 30000000 03000000 03000000 00040000 00000000" + zeros_24));
  EXPECT_THAT(next(host), HasSubstr("send 02 00 00 00 30 00 00 00 03 00 00 00"));
  auto too_new = host_of(5000);
  too_new.feed(*from_hex("01000000 30000000 ffffffff ffffffff 00040000 00000000" + zeros_24));
  EXPECT_EQ(failure(too_new).code, Code::device_protocol);
}

SaharaHost curious_host() {
  return SaharaHost({.images = {}, .identity_only = true, .hello_patience = 500ms});
}

/// Answers serial, HWID and key hash.
void answer_questions(SaharaHost& host) {
  host.feed(*from_hex(command_ready));
  EXPECT_EQ(next(host), "send 0d 00 00 00 0c 00 00 00 01 00 00 00");
  host.feed(*from_hex("0e000000 10000000 01000000 04000000"));
  EXPECT_EQ(next(host), "send 0f 00 00 00 0c 00 00 00 01 00 00 00");
  host.feed(*from_hex("efd7cb49"));
  EXPECT_EQ(next(host), "send 0d 00 00 00 0c 00 00 00 02 00 00 00");
  host.feed(*from_hex("0e000000 10000000 02000000 08000000"));
  EXPECT_EQ(next(host), "send 0f 00 00 00 0c 00 00 00 02 00 00 00");
  host.feed(*from_hex("00000000e1800400"));
  EXPECT_EQ(next(host), "send 0d 00 00 00 0c 00 00 00 03 00 00 00");
  host.feed(*from_hex("0e000000 10000000 03000000 20000000"));
  EXPECT_EQ(next(host), "send 0f 00 00 00 0c 00 00 00 03 00 00 00");
  host.feed(Buffer(32, std::byte{0xCC}));
}

TEST(SaharaHost, AsksWhoItIsAndNothingElse) {
  for (const auto& [hello, mode] : {std::pair(hello_packet, "00"), std::pair(hello_memory_debug, "02")}) {
    auto host = curious_host();
    EXPECT_EQ(next(host), "await");
    host.feed(*from_hex(hello));
    EXPECT_EQ(next(host), "send " + response_command);
    answer_questions(host);
    EXPECT_EQ(next(host), "done");
    EXPECT_EQ(host.identity().serial, 0x49CBD7EFU);
    EXPECT_EQ(host.identity().hwid, 0x000480E100000000U);
    EXPECT_EQ(host.identity().pk_hash.size(), 32U);
    EXPECT_EQ(host.memory_debug(), mode == std::string("02"));
    EXPECT_EQ(hex(host.farewell()), std::string("0c 00 00 00 0c 00 00 00 ") + mode + " 00 00 00");
  }
}

TEST(SaharaHost, AsksAModemWhoseHelloSomebodyElseHasRead) {
  auto host = curious_host();
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  EXPECT_EQ(next(host), "send " + response_command);
  EXPECT_EQ(next(host), "await");
  answer_questions(host);
  EXPECT_EQ(next(host), "done");
  EXPECT_EQ(hex(host.farewell()), reset_state_machine);  // what it said in its HELLO isn't known
}

TEST(SaharaHost, LeavesAModemThatRefusesToTellWhoItIsAsItWas) {
  auto host = curious_host();
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_command);
  host.feed(end_of_image(0, 0x18));
  EXPECT_EQ(next(host), "done");
  EXPECT_FALSE(host.identity().serial);
  EXPECT_EQ(hex(host.farewell()), reset_state_machine);
}

TEST(SaharaHost, HandsNothingToAModemThatReadsInsteadOfTelling) {
  auto host = curious_host();
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "send " + response_command);
  host.feed(read_data(13, 0, 52));
  EXPECT_EQ(next(host), "send " + reset_state_machine);
  host.feed(*from_hex(hello_packet));
  EXPECT_EQ(next(host), "done");
  EXPECT_EQ(hex(host.farewell()), reset_state_machine);
}

TEST(SaharaHost, SaysNoFarewellToAProgrammer) {
  auto host = curious_host();
  host.feed(as_bytes("<?xml version=\"1.0\" ?><data><log value=\"hi\"/></data>"));
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  EXPECT_EQ(next(host), "done");
  EXPECT_TRUE(host.programmer_running());
  EXPECT_TRUE(host.farewell().empty());
}

TEST(SaharaHost, EndsWhateverADeviceSends) {
  // A random device out of packets that are nearly right. No host may go on for ever or leave its image.
  std::mt19937 random(7);
  const std::vector<std::string> packets = {
      hello_packet,
      command_ready,
      done_complete,
      done_more,
      "0e000000 10000000 01000000 04000000",
      "08000000 08000000",
      "03000000 14000000 0d000000 00000000 34000000",
      "04000000 10000000 0d000000 00000000",
      "04000000 10000000 0d000000 01000000",
      "d7eb9b49",
      "3c3f786d6c",
      "04000000 10000000 0d000000 00000000",
  };
  for (int round = 0; round < 2000; ++round) {
    auto curious = random() % 3 == 0;
    auto host = curious ? curious_host() : host_of(4096, random() % 2 == 0);
    int actions = 0;
    for (; actions < 200'000; ++actions) {
      auto action = host.next();
      if (std::holds_alternative<Done>(action) || std::holds_alternative<Failed>(action)) {
        break;
      }
      if (auto* part = std::get_if<SendImage>(&action)) {
        ASSERT_FALSE(curious);
        ASSERT_EQ(part->image, 13U);
        ASSERT_LE(part->offset + part->length, 4096U);
      } else if (std::holds_alternative<Await>(action)) {
        auto choice = random() % (packets.size() + 2);
        if (choice < packets.size()) {
          host.feed(*from_hex(packets[choice]));
        } else if (choice == packets.size()) {
          host.timed_out();
        } else {
          host.feed(
              read_data(13, static_cast<std::uint32_t>(random() % 5000), static_cast<std::uint32_t>(random() % 64)));
        }
      }
    }
    ASSERT_LT(actions, 200'000);
  }
}

}  // namespace
}  // namespace modemedic::protocol
