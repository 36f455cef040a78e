#include "protocol/firehose_host.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::protocol {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const Geometry p2k{.page_size = 2048, .pages_per_block = 64, .blocks = 2048};

std::string packet(const std::string& body) {
  return R"(<?xml version="1.0" encoding="UTF-8" ?>)"
         "\n<data>\n" +
         body + "</data>";
}

std::string log(const std::string& text) {
  return packet("<log value=\"" + text + "\"/>\n");
}

const std::string ack = packet("<response value=\"ACK\" />\n");
const std::string nak = packet("<response value=\"NAK\" />\n");
const std::string ack_raw = packet("<response value=\"ACK\" rawmode=\"true\" />\n");
const std::string ack_end = packet("<response value=\"ACK\" rawmode=\"false\" />\n");
const std::string nak_end = packet("<response value=\"NAK\" rawmode=\"false\" />\n");

std::string configured(const std::string& value, const std::string& payload) {
  return packet(R"(<response value=")" + value +
                R"(" MemoryName="NAND" MaxPayloadSizeFromTargetInBytes="2048" MaxPayloadSizeToTargetInBytes=")" +
                payload +
                R"(" MaxPayloadSizeToTargetInBytesSupported="16384" TargetName="9x07" />)"
                "\n");
}

void feed(FirehoseHost& host, const std::string& text) {
  host.feed(as_bytes(text));
}

std::string next(FirehoseHost& host) {
  auto action = host.next();
  if (auto* send = std::get_if<Send>(&action)) {
    EXPECT_EQ(send->zlp, Zlp::never);
    auto text = std::string(as_text(send->bytes));
    auto tag = text.substr(text.find("<data><") + 7);
    return tag.substr(0, tag.find(' '));
  }
  if (auto* part = std::get_if<SendImage>(&action)) {
    EXPECT_EQ(part->zlp, Zlp::if_multiple);
    return "image " + std::to_string(part->offset) + "+" + std::to_string(part->length) +
           (part->padding > 0 ? "+" + std::to_string(part->padding) + "*ff" : "");
  }
  if (auto* raw = std::get_if<ReceiveRaw>(&action)) {
    return "receive " + std::to_string(raw->length);
  }
  if (std::holds_alternative<Await>(action)) {
    return "await";
  }
  return std::holds_alternative<Done>(action) ? "done" : "failed";
}

Duration patience(FirehoseHost& host) {
  auto action = host.next();
  auto* wait = std::get_if<Await>(&action);
  EXPECT_NE(wait, nullptr);
  return wait != nullptr ? wait->patience : Duration{};
}

Error failure(FirehoseHost& host) {
  auto action = host.next();
  auto* failed = std::get_if<Failed>(&action);
  EXPECT_NE(failed, nullptr);
  return failed != nullptr ? failed->error : Error{};
}

/// A host that has configured with this payload.
FirehoseHost host_with_payload(std::uint32_t payload) {
  FirehoseHost host;
  host.start(firehose::Configure{.payload = payload});
  EXPECT_EQ(next(host), "configure");
  EXPECT_EQ(next(host), "await");
  feed(host, configured("ACK", std::to_string(payload)));
  EXPECT_EQ(next(host), "done");
  EXPECT_EQ(host.payload(), payload);
  return host;
}

firehose::Program program(std::uint64_t size) {
  return {.geometry = p2k, .start = {64}, .size = size, .filename = "x"};
}

TEST(FirehoseHost, TakesTheGreetingOfA9x07AsOneLine) {
  FirehoseHost host;
  host.start_greeting();
  EXPECT_GE(patience(host), 2s);  // it boots for about a second
  feed(host, log("Supported Functions: program configure power benchmark read getstorageinfo erase nop "));
  EXPECT_EQ(next(host), "done");
  EXPECT_THAT(host.reply().logs, ElementsAre(StartsWith("Supported Functions: program")));
}

TEST(FirehoseHost, WaitsForTheEndOfALongerGreeting) {
  FirehoseHost host;
  host.start_greeting();
  for (const auto* line : {"Binary build date: Nov 2 2020", "Supported Functions (3):", "program", "read",
                           "End of supported functions 3"}) {
    feed(host, log(line));
    EXPECT_LE(patience(host), 1s);
  }
  host.timed_out();
  EXPECT_EQ(next(host), "done");
  EXPECT_EQ(host.reply().logs.size(), 5U);
}

TEST(FirehoseHost, KnowsTheFunctionsOfAGreetingInOneLine) {
  FirehoseHost host;
  EXPECT_THAT(host.functions(), IsEmpty());
  host.start_greeting();
  feed(host, log("Supported Functions: program configure power benchmark read getstorageinfo erase nop "));
  EXPECT_THAT(host.functions(),
              ElementsAre("benchmark", "configure", "erase", "getstorageinfo", "nop", "power", "program", "read"));
}

TEST(FirehoseHost, KnowsTheFunctionsOfAGreetingThatListsThem) {
  FirehoseHost host;
  host.start_greeting();
  for (const auto* line : {"Binary build date: Nov 2 2020", "Supported Functions (3):", "program", "read",
                           "getsha256digest", "End of supported functions 3", "later"}) {
    feed(host, log(line));
  }
  EXPECT_THAT(host.functions(), ElementsAre("getsha256digest", "program", "read"));
  host.start(firehose::Nop{});
  EXPECT_EQ(next(host), "nop");
  feed(host, log("Supported Functions: program nop ") + ack);
  EXPECT_THAT(host.functions(), ElementsAre("nop", "program")) << "the last word counts";
}

TEST(FirehoseHost, TakesNoFunctionsWithoutEndFromAProgrammer) {
  FirehoseHost host;
  host.start_greeting();
  feed(host, log("Supported Functions (1000):"));
  for (int i = 0; i < 1000; ++i) {
    feed(host, log("f" + std::to_string(i)));
  }
  feed(host, log(std::string(200, 'x')));
  EXPECT_LE(host.functions().size(), 64U);
}

// The SHA-256 of 2048 bytes 0xFF (sha256sum).
const std::string blank_page = "d0ff1b294b5288d1ae1421eadf5b2d38a8752b76d472ff30bed9028e25b1c5b8";

TEST(FirehoseHost, WaitsLongForADigestAndGivesIt) {
  FirehoseHost host;
  host.start(firehose::Digest{p2k, {{0}, {8192}}});
  EXPECT_EQ(next(host), "getsha256digest");
  EXPECT_GE(patience(host), 30s);
  feed(host, packet("<response value=\"ACK\" Digest=\"" + blank_page + "\" />\n"));
  EXPECT_EQ(next(host), "done");
  auto told = firehose::told_digest(host.reply());
  ASSERT_TRUE(told);
  EXPECT_EQ(hex_digits(*told), blank_page);
}

TEST(ToldDigest, IsTheOneWordOf64HexDigitsWhereverItStands) {
  auto told = [](const std::vector<std::string>& logs, const std::string& attribute = "") {
    auto digest = firehose::told_digest({.ack = true, .attributes = {{"x", attribute}}, .logs = logs});
    return digest ? hex_digits(*digest) : "";
  };
  auto upper = blank_page;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
  auto other = blank_page;
  other[0] = '0';
  EXPECT_EQ(told({"start_sector 0", "Digest of 1 sectors: " + blank_page + "."}), blank_page);
  EXPECT_EQ(told({"SHA256=0x" + upper}), blank_page);
  EXPECT_EQ(told({blank_page, upper}, blank_page), blank_page) << "said again";
  EXPECT_EQ(told({blank_page}, other), "") << "two digests";
  EXPECT_EQ(told({blank_page + "0"}), "");
  EXPECT_EQ(told({blank_page.substr(1)}), "");
  EXPECT_EQ(told({"g" + blank_page.substr(1)}), "");
  EXPECT_EQ(told({}), "");
}

TEST(FirehoseHost, FailsWhenNothingGreets) {
  FirehoseHost host;
  host.start_greeting();
  host.timed_out();
  EXPECT_EQ(failure(host).code, Code::timeout);
  EXPECT_FALSE(failure(host).hint.empty());
}

TEST(FirehoseHost, TakesThePayloadOfTheConfigureResponse) {
  FirehoseHost host;
  host.start(firehose::Configure{.payload = 16384});
  EXPECT_EQ(next(host), "configure");
  feed(host, configured("ACK", "8192"));
  EXPECT_EQ(next(host), "done");
  EXPECT_TRUE(host.reply().ack);
  EXPECT_EQ(host.payload(), 8192U);
  EXPECT_EQ(host.reply().attributes.at("TargetName"), "9x07");
}

TEST(FirehoseHost, ConfiguresAgainOnceWithThePayloadThatANakNames) {
  FirehoseHost host;
  host.start(firehose::Configure{.payload = 131072, .skip_write = true});
  EXPECT_EQ(next(host), "configure");
  feed(host, configured("NAK", "16384"));
  auto again = host.next();
  auto text = std::string(as_text(std::get<Send>(again).bytes));
  EXPECT_THAT(text, HasSubstr("MaxPayloadSizeToTargetInBytes=\"16384\""));
  EXPECT_THAT(text, HasSubstr("SkipWrite=\"1\""));
  EXPECT_EQ(next(host), "await");
  feed(host, configured("ACK", "16384"));
  EXPECT_EQ(next(host), "done");
  EXPECT_EQ(host.payload(), 16384U);

  FirehoseHost stubborn;
  stubborn.start(firehose::Configure{.payload = 131072});
  next(stubborn);
  feed(stubborn, configured("NAK", "16384"));
  EXPECT_EQ(next(stubborn), "configure");
  feed(stubborn, configured("NAK", "8192"));
  EXPECT_EQ(next(stubborn), "done");
  EXPECT_FALSE(stubborn.reply().ack);
}

TEST(FirehoseHost, RefusesAPayloadThatIsNone) {
  for (const auto* payload : {"0", "1000", "-512", "4294967296", "2097152", "", "0x2000", "many", "8192 "}) {
    FirehoseHost host;
    host.start(firehose::Configure{});
    next(host);
    feed(host, configured("ACK", payload));
    EXPECT_EQ(failure(host).code, Code::device_protocol) << payload;
  }
}

TEST(FirehoseHost, CollectsTheLogsOfACommand) {
  FirehoseHost host;
  feed(host, log("before"));
  host.start(firehose::Nop{});
  EXPECT_EQ(next(host), "nop");
  feed(host, log("Binary build date: Apr 21 2021 @ 15:42:43\n") + log("fh.attrs.Verbose is set to 0"));
  EXPECT_EQ(next(host), "await");
  feed(host, ack);
  EXPECT_EQ(next(host), "done");
  EXPECT_TRUE(host.reply().ack);
  EXPECT_THAT(host.reply().logs,
              ElementsAre("Binary build date: Apr 21 2021 @ 15:42:43\n", "fh.attrs.Verbose is set to 0"));
  EXPECT_EQ(host.take_logs().size(), 3U);
  EXPECT_THAT(host.take_logs(), IsEmpty());
  host.start(firehose::Nop{});
  EXPECT_THAT(host.reply().logs, IsEmpty());
}

TEST(FirehoseHost, TakesANakForAnAnswer) {
  FirehoseHost host;
  host.start(firehose::Erase{.geometry = p2k, .range = {{64}, {64}}, .verbatim = {}});
  EXPECT_EQ(next(host), "erase");
  EXPECT_GT(patience(host), 15s);  // an erase may take that long without a word
  feed(host, log("--- Error: device failed during erase of block 0x4") + nak);
  EXPECT_EQ(next(host), "done");
  EXPECT_FALSE(host.reply().ack);
  EXPECT_THAT(host.reply().logs, ElementsAre("--- Error: device failed during erase of block 0x4"));
}

TEST(FirehoseHost, SendsAnImageInChunksOfThePayload) {
  auto host = host_with_payload(8192);
  host.start(program(20000));
  EXPECT_EQ(next(host), "program");
  EXPECT_EQ(next(host), "await");
  feed(host, log("INSIDE HANDLE PROGRAM") + log("start_sector 64, last_sector_address 74") + ack_raw);
  EXPECT_EQ(next(host), "image 0+8192");
  EXPECT_EQ(next(host), "image 8192+8192");
  EXPECT_EQ(next(host), "image 16384+3616+480*ff");  // ten sectors of 2048 in all
  EXPECT_GE(patience(host), 30s);
  feed(host, log("Finished sector address 64"));
  EXPECT_EQ(next(host), "await");
  feed(host, ack_end);
  EXPECT_EQ(next(host), "done");
  EXPECT_TRUE(host.reply().ack);
  EXPECT_EQ(host.reply().logs.size(), 3U);
}

TEST(FirehoseHost, SendsEveryByteOnceInTransfersThatTheDeviceReads) {
  for (std::uint32_t payload : {512U, 2048U, 8192U, 16384U}) {
    for (std::uint64_t size : {1U, 2047U, 2048U, 2049U, 8191U, 8192U, 8193U, 16384U, 50000U, 131072U}) {
      auto host = host_with_payload(payload);
      host.start(program(size));
      next(host);
      feed(host, ack_raw);
      auto whole = (size + 2047) / 2048 * 2048;
      std::uint64_t sent = 0;
      std::uint64_t of_file = 0;
      for (;;) {
        auto action = host.next();
        auto* part = std::get_if<SendImage>(&action);
        if (part == nullptr) {
          EXPECT_TRUE(std::holds_alternative<Await>(action));
          break;
        }
        EXPECT_EQ(part->offset, sent);
        auto transfer = part->length + part->padding;
        EXPECT_EQ(transfer, std::min<std::uint64_t>(payload, whole - sent));
        sent += transfer;
        of_file += part->length;
      }
      EXPECT_EQ(sent, whole);
      EXPECT_EQ(of_file, size);
    }
  }
}

TEST(FirehoseHost, ListensWhileItSendsRawData) {
  auto host = host_with_payload(8192);
  host.start(program(16384));
  next(host);
  feed(host, ack_raw);
  EXPECT_EQ(next(host), "image 0+8192");
  feed(host, log("current_sector_address 68 mismatch with new_sector_address 72"));
  EXPECT_EQ(next(host), "image 8192+8192");
  EXPECT_EQ(next(host), "await");
  feed(host, ack_end);
  EXPECT_EQ(next(host), "done");
  EXPECT_THAT(host.reply().logs, ElementsAre("current_sector_address 68 mismatch with new_sector_address 72"));
}

TEST(FirehoseHost, TakesARefusedProgram) {
  auto host = host_with_payload(8192);
  host.start(program(2048));
  next(host);
  feed(host, log("Attribute 'SECTOR_SIZE_IN_BYTES'=4096 must be equal to disk sector size 2048") + nak);
  EXPECT_EQ(next(host), "done");
  EXPECT_FALSE(host.reply().ack);
}

TEST(FirehoseHost, TakesANakAfterTheData) {
  auto host = host_with_payload(8192);
  host.start(program(2048));
  next(host);
  feed(host, ack_raw);
  EXPECT_EQ(next(host), "image 0+2048");
  feed(host, log("flash write failed at sector address 64 till 68") + nak_end);
  EXPECT_EQ(next(host), "done");
  EXPECT_FALSE(host.reply().ack);
}

TEST(FirehoseHost, StopsSendingAtANakInTheMiddle) {
  auto host = host_with_payload(8192);
  host.start(program(100000));
  next(host);
  feed(host, ack_raw);
  EXPECT_EQ(next(host), "image 0+8192");
  feed(host, nak_end);
  EXPECT_EQ(next(host), "done");
  EXPECT_FALSE(host.reply().ack);
}

TEST(FirehoseHost, DoesNotBelieveAnAckInTheMiddle) {
  auto host = host_with_payload(8192);
  host.start(program(100000));
  next(host);
  feed(host, ack_raw);
  EXPECT_EQ(next(host), "image 0+8192");
  feed(host, ack_end);
  EXPECT_EQ(failure(host).code, Code::device_protocol);
}

TEST(FirehoseHost, DoesNotBelieveAnAckWithoutRawMode) {
  auto host = host_with_payload(8192);
  host.start(program(2048));
  next(host);
  feed(host, ack);
  EXPECT_THAT(failure(host).what, HasSubstr("rawmode"));
}

TEST(FirehoseHost, ReceivesRawData) {
  auto host = host_with_payload(8192);
  host.start(firehose::Read{.geometry = p2k, .range = {{64}, {4}}, .keep_positions = true});
  EXPECT_EQ(next(host), "read");
  feed(host, log("raw_data_buffer_sector_capacity 4") + ack_raw);
  EXPECT_EQ(next(host), "receive 8192");
  EXPECT_THAT(host.take_raw(), IsEmpty());
  host.received(2048);
  EXPECT_EQ(next(host), "receive 6144");
  host.received(6144);
  EXPECT_EQ(next(host), "await");
  feed(host, ack_end);
  EXPECT_EQ(next(host), "done");
  EXPECT_TRUE(host.reply().ack);
}

TEST(FirehoseHost, KeepsRawDataThatCameWithTheirAckHoweverTheyAreCut) {
  std::string raw(4096, 'r');
  raw.replace(100, 7, "</data>");
  auto stream = log("start_sector 64 and num_partition_sectors2") + ack_raw + raw + ack_end;
  for (std::size_t cut = 0; cut <= stream.size(); cut += cut < 300 ? 1 : 97) {
    auto host = host_with_payload(8192);
    host.start(firehose::Read{.geometry = p2k, .range = {{64}, {2}}});
    next(host);
    host.feed(as_bytes(stream).first(cut));
    host.feed(as_bytes(stream).subspan(cut));
    EXPECT_EQ(as_text(host.take_raw()), raw) << cut;
    EXPECT_EQ(next(host), "done") << cut;
    EXPECT_EQ(host.reply().logs.size(), 1U);
  }
}

TEST(FirehoseHost, EndsAProgrammerThatLogsWithoutEnd) {
  for (std::size_t length : {1U, 250U, 60000U}) {
    auto host = host_with_payload(8192);
    host.start(firehose::Nop{});
    next(host);
    auto line = log(std::string(length, 'x'));
    std::size_t lines = 0;
    while (next(host) == "await") {
      feed(host, line);
      ASSERT_LE(++lines, 20001U);
    }
    EXPECT_EQ(failure(host).code, Code::device_protocol);
    EXPECT_THAT(failure(host).what, HasSubstr("logs without end"));
  }
}

TEST(FirehoseHost, EndsGarbageAndHalfDocuments) {
  auto host = host_with_payload(8192);
  host.start(firehose::Nop{});
  next(host);
  feed(host, std::string(70000, 'g'));
  EXPECT_EQ(failure(host).code, Code::device_protocol);

  auto half = host_with_payload(8192);
  half.start(firehose::Nop{});
  next(half);
  feed(half, ack.substr(0, ack.size() - 3));
  EXPECT_EQ(next(half), "await");
  half.timed_out();
  auto error = failure(half);
  EXPECT_EQ(error.code, Code::timeout);
  EXPECT_THAT(error.what, HasSubstr("nop"));
}

TEST(FirehoseHost, RefusesAResponseThatIsNeitherAckNorNak) {
  for (const auto* response : {"<response value=\"MAYBE\" />", "<response />", "<response value=\"\" />"}) {
    auto host = host_with_payload(8192);
    host.start(firehose::Nop{});
    next(host);
    feed(host, packet(response));
    EXPECT_EQ(failure(host).code, Code::device_protocol);
  }
}

TEST(FirehoseHost, SaysHowFarItCameWhenTheProgrammerFallsSilent) {
  auto host = host_with_payload(8192);
  host.start(program(8192));
  next(host);
  feed(host, ack_raw);
  next(host);
  EXPECT_EQ(next(host), "await");
  host.timed_out();
  EXPECT_THAT(failure(host).what, HasSubstr("8192 of 8192 bytes sent"));
}

TEST(FirehoseHost, SaysNothingForACommandThatCannotBeSaid) {
  auto host = host_with_payload(8192);
  host.start(firehose::Erase{.geometry = p2k, .range = {{0}, {64}}, .verbatim = {{"SkipWrite", "1"}}});
  EXPECT_EQ(failure(host).code, Code::package_bad);
}

TEST(FirehoseHost, IgnoresAnswersToNothing) {
  FirehoseHost host;
  feed(host, nak);
  host.start(firehose::Nop{});
  EXPECT_EQ(next(host), "nop");
  feed(host, ack + nak);
  EXPECT_EQ(next(host), "done");
  EXPECT_TRUE(host.reply().ack);
}

TEST(FirehoseHost, AnswersTheSameHoweverItIsCut) {
  auto stream = log("[FLASH_INFO]") + log("a &quot;b&quot;") + configured("ACK", "4096");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    FirehoseHost host;
    host.start(firehose::Configure{.payload = 4096});
    next(host);
    host.feed(as_bytes(stream).first(cut));
    host.feed(as_bytes(stream).subspan(cut));
    EXPECT_EQ(next(host), "done") << cut;
    EXPECT_THAT(host.reply().logs, ElementsAre("[FLASH_INFO]", "a \"b\""));
  }
}

TEST(FirehoseHost, EndsWhateverADeviceSends) {
  std::mt19937 random(5);
  const std::vector<std::string> pieces = {log("x"),
                                           ack,
                                           nak,
                                           ack_raw,
                                           ack_end,
                                           nak_end,
                                           "</data>",
                                           "<?xml",
                                           "<data>",
                                           "\xff\xff",
                                           configured("NAK", "512"),
                                           configured("ACK", "1048576"),
                                           std::string(600, 'r')};
  for (int round = 0; round < 2000; ++round) {
    FirehoseHost host;
    switch (random() % 4) {
      case 0:
        host.start(firehose::Configure{});
        break;
      case 1:
        host.start(program(random() % 20000 + 1));
        break;
      case 2:
        host.start(firehose::Read{.geometry = p2k, .range = {{0}, {1 + random() % 8}}});
        break;
      default:
        host.start_greeting();
        break;
    }
    int actions = 0;
    for (; actions < 50'000; ++actions) {
      auto action = host.next();
      if (std::holds_alternative<Done>(action) || std::holds_alternative<Failed>(action)) {
        break;
      }
      if (auto* raw = std::get_if<ReceiveRaw>(&action); raw != nullptr && random() % 2 == 0) {
        host.received(std::min<std::uint64_t>(raw->length, random() % 4096));
      } else if (!std::holds_alternative<Send>(action) && !std::holds_alternative<SendImage>(action)) {
        if (auto choice = random() % (pieces.size() + 1); choice < pieces.size()) {
          feed(host, pieces[choice]);
        } else {
          host.timed_out();
        }
      }
      host.take_raw();
    }
    ASSERT_LT(actions, 50'000);
  }
}

const std::string storage_json =
    R"({"storage_info": {"total_blocks":2048, "block_size":131072, "page_size":2048, "mem_type":"NAND", )"
    R"("prod_name":"W29N02GZ"}})";

// The lines of a 9x07 programmer (facts: programmer-9x07.md).
std::vector<std::string> storage_lines() {
  return {"[FLASH_INFO]",
          ";This section provides flash info",
          "FLASH_NAME=W29N02GZ",
          "SECTOR_SIZE_IN_BYTES = 2048",
          "NUM_PARTITION_SECTORS = 131072",
          "num_physical_partitions = 1",
          "TOTAL_SECTOR_SIZE_IN_BYTES= 2112",
          "PAGES_IN_BLOCK = 64",
          "CONFIGURATION SELECTION FOR THIS DEVICE: BLOCKSIZE:128KB and PAGESIZE:2KB",
          "\n",
          "[BAD_BLOCK_LIST]",
          ";This section provides bad block list",
          "BAD_BLOCK=3",
          "BAD_BLOCK=1999",
          "TOTAL_BAD_BLOCK=2",
          storage_json};
}

TEST(StorageInfo, ReadsTheLinesOfA9x07) {
  auto info = parse_storage_info(storage_lines());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->geometry, p2k);
  EXPECT_THAT(info->bad_blocks, ElementsAre(3U, 1999U));
  EXPECT_EQ(info->flash_name, "W29N02GZ");
}

TEST(StorageInfo, ReadsGeometryFromEitherTheLinesOrJson) {
  auto lines = storage_lines();
  lines.pop_back();
  EXPECT_TRUE(parse_storage_info(lines));
  EXPECT_EQ(parse_storage_info({"TOTAL_BAD_BLOCK=0", storage_json})->geometry, p2k);
}

TEST(StorageInfo, TakesNoUnknownForGood) {
  EXPECT_FALSE(parse_storage_info({}));
  EXPECT_FALSE(parse_storage_info({storage_json})) << "no word about bad blocks";
  for (const auto* lost : {"TOTAL_BAD_BLOCK=2", "BAD_BLOCK=3"}) {
    auto lines = storage_lines();
    std::erase(lines, lost);
    EXPECT_FALSE(parse_storage_info(lines)) << lost;
  }
}

TEST(StorageInfo, TakesNoContradiction) {
  const std::pair<const char*, const char*> changes[] = {
      {"SECTOR_SIZE_IN_BYTES = 2048", "SECTOR_SIZE_IN_BYTES = 4096"},
      {"PAGES_IN_BLOCK = 64", "PAGES_IN_BLOCK = 128"},
      {"NUM_PARTITION_SECTORS = 131072", "NUM_PARTITION_SECTORS = 262144"},
      {"NUM_PARTITION_SECTORS = 131072", "NUM_PARTITION_SECTORS = 131073"},
      {"NUM_PARTITION_SECTORS = 131072", "NUM_PARTITION_SECTORS = 18446744073709551616"},
      {"PAGES_IN_BLOCK = 64", "PAGES_IN_BLOCK = 0"},
      {"SECTOR_SIZE_IN_BYTES = 2048", "SECTOR_SIZE_IN_BYTES = -2048"},
      {"SECTOR_SIZE_IN_BYTES = 2048", "SECTOR_SIZE_IN_BYTES = "},
      {"BAD_BLOCK=3", "BAD_BLOCK=1999"},
      {"BAD_BLOCK=3", "BAD_BLOCK=2048"},
      {"BAD_BLOCK=3", "BAD_BLOCK=x"},
      {"[FLASH_INFO]", "PAGES_IN_BLOCK = 32"},
  };
  for (auto [from, to] : changes) {
    auto lines = storage_lines();
    std::replace(lines.begin(), lines.end(), std::string(from), std::string(to));
    EXPECT_FALSE(parse_storage_info(lines)) << to;
  }
}

TEST(StorageInfo, TakesNoGeometryOutOfAllBounds) {
  for (const auto* json : {R"({"storage_info": {"total_blocks":2048, "block_size":131072, "page_size":0}})",
                           R"({"storage_info": {"total_blocks":2048, "block_size":196608, "page_size":3072}})",
                           R"({"storage_info": {"total_blocks":0, "block_size":131072, "page_size":2048}})",
                           R"({"storage_info": {"total_blocks":99999999999, "block_size":131072, "page_size":2048}})",
                           R"({"storage_info": {"total_blocks":2048, "block_size":131073, "page_size":2048}})",
                           R"({"storage_info": {"total_blocks":2048, "page_size":2048}})"}) {
    EXPECT_FALSE(parse_storage_info({"TOTAL_BAD_BLOCK=0", json})) << json;
  }
}

}  // namespace
}  // namespace modemedic::protocol
