#include "support/edl_driver.h"
#include "virtual/firehose_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The commands without raw data. Texts and attributes as facts/programmer-9x07.md has them.
namespace modemedic::twin {
namespace {

using test::ack_body;
using test::EdlDriver;
using test::log_body;
using test::nak_body;
using testing::ElementsAre;
using testing::IsEmpty;

EdlDriver::Options later_family() {
  EdlDriver::Options options;
  options.persona.programmer.later_family = true;
  return options;
}

const auto functions =
    log_body("Supported Functions: program configure power benchmark read getstorageinfo erase nop ");

TEST(FirehoseProgrammer, GreetsOnceWithOnePacket) {
  EdlDriver modem;
  EXPECT_THAT(modem.start_programmer(), ElementsAre(functions));
  modem.run_for(std::chrono::hours(1));
  EXPECT_THAT(modem.said(), IsEmpty());
}

TEST(FirehoseProgrammer, AnswersAPing) {
  EdlDriver modem;
  modem.start_programmer();
  EXPECT_THAT(modem.command(R"(<nop value="ping"/>)"),
              ElementsAre(log_body("Binary build date: Apr 21 2021 @ 15:42:43\n"),
                          log_body("fh.attrs.Verbose is set to 0"), functions, ack_body));
}

TEST(FirehoseProgrammer, SaysItsPacketsToTheByte) {
  EdlDriver modem;
  modem.start_programmer();
  modem.send(EdlDriver::document("<patch a=\"1\"/>"));
  auto packets = modem.take();
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(as_text(packets[0]),
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n"
            "<log value=\"**WARNING Ignoring Unrecognized tag 'patch'\"/>\n</data>");
  EXPECT_EQ(as_text(packets[1]),
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<response value=\"NAK\" />\n</data>");
}

TEST(FirehoseProgrammer, CutsALogAt255CharactersAndEscapesTwoOfThem) {
  auto packet = log_packet("a<b>\"c&\t");
  auto text = as_text(packet);
  EXPECT_NE(text.find("<log value=\"a&lt;b>&quot;c&\t\"/>\n"), std::string_view::npos) << text;
  EXPECT_EQ(log_packet(std::string(300, '<')).size(), log_packet("").size() + std::size_t{255} * 4);
}

TEST(FirehoseProgrammer, EscapesItsComplaintAboutWhatIsNoXml) {
  EdlDriver modem;
  modem.start_programmer();
  modem.send("rubbish");
  EXPECT_THAT(modem.said(),
              ElementsAre(log_body("ERROR: XML not formed correctly. Expected a &lt; character at loc 0"), nak_body));
}

std::string configure_body(bool ack, int payload) {
  return std::string(R"(<response value=")") + (ack ? "ACK" : "NAK") +
         R"(" MemoryName="NAND" MaxPayloadSizeFromTargetInBytes="2048" MaxPayloadSizeToTargetInBytes=")" +
         std::to_string(payload) + R"(" MaxPayloadSizeToTargetInBytesSupported="16384" TargetName="9x07" />)" + "\n";
}

std::vector<std::string> configure(EdlDriver& modem, const std::string& payload) {
  return modem.command(R"(<configure MemoryName="emmc" MaxPayloadSizeToTargetInBytes=")" + payload + "\"/>");
}

TEST(FirehoseConfigure, TakesAPayloadUpTo16384) {
  EdlDriver modem;
  modem.start_programmer();
  EXPECT_THAT(configure(modem, "8192"), ElementsAre(configure_body(true, 8192)));
  EXPECT_THAT(configure(modem, "16384"), ElementsAre(configure_body(true, 16384)));
  EXPECT_THAT(configure(modem, "512"), ElementsAre(configure_body(true, 512))) << "below a page: ACK, then useless";
  EXPECT_THAT(configure(modem, "0"), ElementsAre(configure_body(true, 16384)));
  EXPECT_THAT(configure(modem, "16896"), ElementsAre(configure_body(false, 16384)));
  EXPECT_THAT(configure(modem, "8000"), ElementsAre(nak_body)) << "no multiple of 512";
}

TEST(FirehoseConfigure, WithoutAPayloadIsRefusedAtFirst) {
  EdlDriver modem;
  modem.start_programmer();
  EXPECT_THAT(modem.command(R"(<configure MemoryName="nand"/>)"), ElementsAre(configure_body(false, 16384)));
  EXPECT_THAT(modem.command(R"(<configure MemoryName="nand"/>)"), ElementsAre(configure_body(true, 16384)))
      << "16384 is in force";
}

TEST(FirehoseConfigure, LimitsTheDigestTable) {
  EdlDriver modem;
  modem.start_programmer();
  EXPECT_THAT(modem.command(R"(<configure MaxPayloadSizeToTargetInBytes="8192" MaxDigestTableSizeInBytes="16384"/>)"),
              ElementsAre(log_body("Attribute 'MaxDigestTableSizeInBytes'=16384 cannot exceed 8192"),
                          log_body("ERROR 13: Line 927: HANDLE_CONFIGURE_FAILURE"), nak_body));
}

TEST(FirehoseConfigure, OfALaterFamilyTellsMore) {
  EdlDriver modem(later_family());
  modem.start_programmer();
  auto said = configure(modem, "8192");
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], testing::HasSubstr("MinVersionSupported="));
  EXPECT_THAT(said[0], testing::HasSubstr("MaxXMLSizeInBytes="));
}

TEST(FirehoseProgrammer, OfALaterFamilyGreetsWithOneLogAFunction) {
  EdlDriver modem(later_family());
  auto greeting = modem.start_programmer();
  ASSERT_EQ(greeting.size(), 3U + 15U + 1U);
  EXPECT_THAT(greeting[0], testing::HasSubstr("Apr 21 2021"));
  EXPECT_THAT(greeting[1], testing::HasSubstr("0x49cbd7ef"));
  EXPECT_EQ(greeting[2], log_body("Supported Functions (15):"));
  EXPECT_EQ(greeting[3], log_body("program"));
  EXPECT_EQ(greeting[17], log_body("getsha256digest"));
}

TEST(FirehoseProgrammer, OfALaterFamilyPatchesAndDigests) {
  EdlDriver modem(later_family());
  modem.start_programmer();
  EXPECT_THAT(modem.command(R"(<patch start_sector="1"/>)"), ElementsAre(ack_body));
  auto said =
      modem.command(R"(<getsha256digest SECTOR_SIZE_IN_BYTES="2048" start_sector="0" num_partition_sectors="1"/>)");
  // SHA-256 of 2048 bytes 0xFF (sha256sum)
  EXPECT_THAT(
      said,
      ElementsAre(testing::HasSubstr("Digest=\"d0ff1b294b5288d1ae1421eadf5b2d38a8752b76d472ff30bed9028e25b1c5b8\"")));
}

TEST(FirehoseStorageInfo, TellsGeometryAndEveryBadBlock) {
  EdlDriver modem;
  modem.nand.mark_bad(3);
  modem.nand.mark_bad(2047);
  modem.start_programmer();
  EXPECT_THAT(
      modem.command(R"(<getstorageinfo physical_partition_number="0"/>)"),
      ElementsAre(log_body("[FLASH_INFO]"), log_body(";This section provides flash info"),
                  log_body("FLASH_NAME=MT29F2G08ABBGA"), log_body("SECTOR_SIZE_IN_BYTES = 2048"),
                  log_body("NUM_PARTITION_SECTORS = 131072"), log_body("num_physical_partitions = 1"),
                  log_body("TOTAL_SECTOR_SIZE_IN_BYTES= 2112"), log_body("PAGES_IN_BLOCK = 64"),
                  log_body("CONFIGURATION SELECTION FOR THIS DEVICE: BLOCKSIZE:128KB and PAGESIZE:2KB"), log_body("\n"),
                  log_body("[BAD_BLOCK_LIST]"), log_body(";This section provides bad block list"),
                  log_body("BAD_BLOCK=3"), log_body("BAD_BLOCK=2047"), log_body("TOTAL_BAD_BLOCK=2"),
                  log_body("{&quot;storage_info&quot;: {&quot;total_blocks&quot;:2048, &quot;block_size&quot;:131072, "
                           "&quot;page_size&quot;:2048, &quot;mem_type&quot;:&quot;NAND&quot;, "
                           "&quot;prod_name&quot;:&quot;MT29F2G08ABBGA&quot;}}"),
                  ack_body));
}

TEST(FirehosePower, ResetsAfterAnsweringAndTheDelay) {
  EdlDriver modem;
  modem.start_programmer();
  EXPECT_THAT(modem.command(R"(<power value="reset" DelayInSeconds="10"/>)"),
              ElementsAre(log_body("Inside handlePower() - Requested POWER_RESET"), ack_body));
  modem.run_for(std::chrono::milliseconds(9900));
  EXPECT_THAT(modem.power_events, IsEmpty());
  modem.run_for(std::chrono::milliseconds(200));
  EXPECT_THAT(modem.power_events, ElementsAre(PowerEvent::reset));
}

TEST(FirehosePower, WaitsAtLeastASecond) {
  EdlDriver modem;
  modem.start_programmer();
  modem.command(R"(<power value="reset_to_edl" DelayInSeconds="0"/>)");
  EXPECT_THAT(modem.power_events, IsEmpty());
  modem.run_for(std::chrono::milliseconds(1000));
  EXPECT_THAT(modem.power_events, ElementsAre(PowerEvent::reset)) << "reset… is reset";
}

TEST(FirehosePower, TurnsOff) {
  EdlDriver modem;
  modem.start_programmer();
  EXPECT_THAT(modem.command(R"(<power value="off"/>)"),
              ElementsAre(log_body("Inside handlePower() - Requested POWER_OFF"), ack_body));
  modem.run_for(std::chrono::seconds(1));
  EXPECT_THAT(modem.power_events, ElementsAre(PowerEvent::off));
}

TEST(FirehosePower, RefusesOtherValuesWithASentence) {
  EdlDriver modem;
  modem.start_programmer();
  EXPECT_THAT(modem.command(R"(<power value="edl"/>)"), ElementsAre(testing::HasSubstr("edl"), nak_body));
  modem.run_for(std::chrono::seconds(5));
  EXPECT_THAT(modem.power_events, IsEmpty());

  EdlDriver later(later_family());
  later.start_programmer();
  later.command(R"(<power value="edl"/>)");
  later.run_for(std::chrono::seconds(5));
  EXPECT_THAT(later.power_events, ElementsAre(PowerEvent::edl));
}

TEST(FirehoseBenchmark, ErasesFromBlockZero) {
  EdlDriver modem;
  modem.start_programmer();
  modem.nand.program(0, Buffer(2048, std::byte{1}));
  EXPECT_THAT(modem.command(R"(<benchmark trials="1"/>)"), ElementsAre(testing::_, nak_body));
  EXPECT_EQ(modem.nand.state(0), Nand::PageState::programmed);
  EXPECT_THAT(modem.command(R"(<benchmark TestWritePerformance="1"/>)"), ElementsAre(ack_body));
  EXPECT_EQ(modem.nand.state(0), Nand::PageState::erased);
}

TEST(FirehoseFaults, RefuseTheFirstCommandOfThatTag) {
  EdlDriver modem(EdlDriver::with_faults({"nak@erase"}));
  modem.start_programmer();
  auto erase = R"(<erase start_sector="0" num_partition_sectors="64"/>)";
  EXPECT_THAT(modem.command(erase), ElementsAre(nak_body));
  EXPECT_THAT(modem.command(erase), ElementsAre(testing::_, ack_body));
}

TEST(FirehoseFaults, LogWithoutEndAfterConfigure) {
  EdlDriver modem(EdlDriver::with_faults({"log-flood"}));
  modem.start_programmer();
  EXPECT_LE(configure(modem, "8192").size(), 1U) << "the host must get time to think";
  modem.run_for(std::chrono::seconds(1));
  EXPECT_GE(modem.said().size(), 500U);
}

TEST(FirehoseFaults, CutTheReplyToConfigure) {
  EdlDriver modem(EdlDriver::with_faults({"half-document"}));
  modem.start_programmer();
  modem.send(EdlDriver::document(R"(<configure MaxPayloadSizeToTargetInBytes="8192"/>)"));
  auto packets = modem.take();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_TRUE(as_text(packets[0]).starts_with("<?xml"));
  EXPECT_EQ(as_text(packets[0]).find("</data>"), std::string_view::npos);
}

TEST(FirehoseFaults, KeepItSilent) {
  EdlDriver modem(EdlDriver::with_faults({"silent"}));
  modem.start_programmer();
  EXPECT_THAT(modem.command(R"(<nop value="ping"/>)"), IsEmpty());
  modem.run_for(std::chrono::hours(1));
  EXPECT_THAT(modem.said(), IsEmpty());
}

}  // namespace
}  // namespace modemedic::twin
