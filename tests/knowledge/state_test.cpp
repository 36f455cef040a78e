#include "knowledge/state.h"

#include "knowledge/embedded_data.h"
#include "knowledge/seen.h"
#include "knowledge/state_rows.h"

#include <set>

#include <gmock/gmock.h>

namespace modemedic::knowledge {
namespace {

using testing::HasSubstr;
using namespace seen;

const char* const qualcomm = "Qualcomm CDMA Technologies MSM";

struct Case {
  usb::Fingerprint shown;
  const char* row;
  State state;
  const char* model;
  const char* family;
};

/// One device or more for every row of data/states.toml.
std::vector<Case> cases() {
  std::vector<Case> all = {
      {device(0x05c6, 0x9215, 0x0232, usual(), "", "Quectel"), "9x15-running", State::running, "EC20", "9x15"},
      {device(0x05c6, 0x9215, 0, {diag}, "QHSUSB_DLOAD", qualcomm), "9x15-download", State::download, "EC20", "9x15"},
      {device(0x05c6, 0x9215, 0, {diag}), "9x15-download-other-name", State::download, "EC20", "9x15"},
      {device(0x05c6, 0x9215, 0x0002, {diag, serial, serial, qmi}, "", "Acer"), "gobi-2000", State::not_ours,
       "Gobi 2000", ""},
      {device(0x05c6, 0x9214, 0, {diag}, "QHSUSB_DLOAD", qualcomm), "gobi-qdl", State::not_ours, "Gobi module", ""},
      {device(0x1199, 0x9000, 0, {diag}, "", qualcomm), "gobi-qdl-sierra", State::not_ours, "Gobi 2000 (Sierra)", ""},
      {device(0x03f0, 0x201d, 0, {diag}), "gobi-qdl-hp", State::not_ours, "Gobi 1000 (HP un2400)", ""},
      {device(0x413c, 0x8185, 0, {diag}, "QHSUSB_DLOAD", qualcomm), "gobi-qdl-dell", State::not_ours,
       "Gobi module (Dell)", ""},
      {device(0x05c6, 0x9215, 0x0232, usual(), "", "Someone"), "9x15-running-other-name", State::running, "EC20",
       "9x15"},
      {device(0x05c6, 0x9215, 0x0232, {diag, serial}), "something-else", State::not_ours, "", ""},
      {device(0x2c7c, 0x0125, 0x0318, usual(), "EC25", "Quectel"), "9x07-running", State::running, "EC25 family",
       "9x07"},
      {device(0x2c7c, 0x0125, 0x0318, usual(), "Android", "Android"), "9x07-running", State::running, "EC25 family",
       "9x07"},
      {device(0x2c7c, 0x0125, 0x0318, {diag, serial, serial, serial}), "9x07-running", State::running, "EC25 family",
       "9x07"},
      {device(0x2c7c, 0x0121, 0x0318, usual()), "9x07-running", State::running, "EC21 family", "9x07"},
      {device(0x2c7c, 0x0191, 0x0318, usual()), "9x07-running", State::running, "EG91", "9x07"},
      {device(0x2c7c, 0x0195, 0x0318, usual()), "9x07-running", State::running, "EG95", "9x07"},
      {device(0x2c7c, 0x0310, 0x0318, usual()), "9x07-running", State::running, "EM05", "9x07"},
      {device(0x2c7c, 0x0125, 0x0504, usual()), "running", State::running, "EC25 family", "9x07"},
      {device(0x2c7c, 0x0125, 0x0318, {diag, serial, serial}), "running", State::running, "EC25 family", "9x07"},
      {device(0x2c7c, 0x0296, 0x0318, usual()), "running", State::running, "BG96", "9x06"},
      {device(0x2c7c, 0x0306, 0x0310, usual()), "running", State::running, "EP06 family", "9x40"},
      {device(0x2c7c, 0x0512, 0x0318, usual()), "running", State::running, "EM12 family", "sdx20"},
      {device(0x2c7c, 0x0620, 0x0414, usual()), "running", State::running, "EM160 family", "sdx24"},
      {device(0x2c7c, 0x0800, 0x0414, usual()), "running", State::running, "RM500Q family", "sdx55"},
      {device(0x2c7c, 0x0801, 0x0504, usual()), "running", State::running, "RM520N family", "sdx6x"},
      {device(0x2c7c, 0x0122, 0x0515, usual()), "running", State::running, "RM551E", "sdx75"},
      {device(0x2c7c, 0x012c, 0x0504, usual()), "running", State::running, "EM060K", ""},
      {device(0x2c7c, 0x0125, 0, {diag}, "QHSUSB__BULK", qualcomm), "boot-mode", State::boot_mode, "EC25 family",
       "9x07"},
      {device(0x2c7c, 0x0125, 0, {diag}), "boot-mode", State::boot_mode, "EC25 family", "9x07"},
      {device(0x2c7c, 0xfffe, 0, {diag}), "boot-mode", State::boot_mode, "", ""},
      {device(0x1234, 0x5678, 0, {diag}, "QHSUSB__BULK", qualcomm), "boot-mode-other-id", State::boot_mode, "", ""},
      {device(0x1234, 0x5678, 0, {diag}, "QHSUSB_BULK"), "boot-mode-other-maker", State::boot_mode, "", ""},
      {device(0x2c7c, 0x0306, 0x0318, {mbim, cdc_data}), "no-serial-port", State::running, "EP06 family", "9x40"},
      {device(0x2c7c, 0xfffe, 0x0318, usual()), "running-unknown-product", State::running, "", ""},
      {device(0x2c7c, 0xfffe, 0x0318, {cdc_data}), "quectel-other-shape", State::running, "", ""},
      {device(0x1234, 0x5678, 0x0318, usual()), "running-unknown-id", State::running, "", ""},
      {device(0x1234, 0x5678, 0x0318, {cdc_data}), "something-else", State::not_ours, "", ""},
      {device(0x1234, 0x5678, 0, {diag}, "Some gadget"), "something-else", State::not_ours, "", ""},
      {device(0x1d6b, 0x0002, 0x0600, {}), "something-else", State::not_ours, "", ""},
      {device(0x05c6, 0x9008, 0, {diag}, "QUSB_BULK"), "edl", State::edl, "", ""},
      {device(0x05c6, 0x9008, 0, {diag}, "QUSB_BULK_CID:0410_SN:49CBD7EF"), "edl", State::edl, "", ""},
      {device(0x05c6, 0x9008, 0, {sdx_edl}, "QUSB_BULK_CID:0410_SN:49CBD7EF"), "edl-sdx", State::edl, "", ""},
      {device(0x05c6, 0x9008, 0, {diag, diag}), "edl-other-shape", State::edl, "", ""},
      {device(0x18d1, 0xd00d, 0x0100, {fastboot}, "Android", "Google", "MDM9615"), "fastboot-9x15", State::fastboot,
       "EC20", "9x15"},
      {device(0x18d1, 0xd00d, 0x0100, {fastboot}, "Android", "Google", "9f4e61a2"), "fastboot", State::fastboot, "",
       ""},
      {device(0x05c6, 0x9003, 0, usual()), "old-3g", State::running, "UC20", ""},
      {device(0x05c6, 0x9090, 0, usual()), "old-3g", State::running, "UC15", ""},
      {device(0x2c7c, 0x0900, 0x0318, usual()), "not-qualcomm", State::not_ours, "RM500U or RG500U", ""},
      {device(0x2c7c, 0x0901, 0x0318, usual()), "not-qualcomm", State::not_ours, "EC200U", ""},
      {device(0x2c7c, 0x6002, 0x0318, usual()), "not-qualcomm", State::not_ours, "EC200S", ""},
      {device(0x2c7c, 0x6005, 0x0318, usual()), "not-qualcomm", State::not_ours, "EC200A", ""},
      {device(0x2c7c, 0x6026, 0x0318, usual()), "not-qualcomm", State::not_ours, "EC200T", ""},
      {device(0x2c7c, 0x7001, 0x0318, usual()), "not-qualcomm", State::not_ours, "RM500K", ""},
  };
  for (auto pid : std::initializer_list<std::uint16_t>{0x900e, 0x9006, 0x901d, 0x9025, 0x901f, 0x90db}) {
    all.push_back({device(0x05c6, pid, 0, {diag}, "QHSUSB__BULK", qualcomm), "dump", State::dump, "", ""});
  }
  return all;
}

StateRows rows() {
  auto parsed = parse_states(embedded("states.toml"));
  EXPECT_TRUE(parsed) << parsed.error().what << " in " << parsed.error().during;
  return parsed.value_or(StateRows{});
}

TEST(State, EveryDeviceOfTheTableIsConcludedByItsRow) {
  const auto all = rows();
  for (const auto& c : cases()) {
    SCOPED_TRACE(c.row);
    const auto* row = find_state(all, c.shown);
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->id, c.row);
    auto sighting = conclude(c.shown);
    EXPECT_EQ(sighting.state, c.state);
    EXPECT_EQ(sighting.model, c.model);
    EXPECT_EQ(sighting.family, c.family);
    EXPECT_FALSE(sighting.because.empty());
    EXPECT_FALSE(sighting.next.empty());
    EXPECT_THAT(sighting.because, Not(HasSubstr("{")));
  }
}

TEST(State, EveryRowHasADeviceThatItSpeaksFor) {
  std::set<std::string> spoken;
  for (const auto& c : cases()) {
    spoken.insert(c.row);
  }
  for (const auto& row : rows().states) {
    EXPECT_TRUE(spoken.contains(row.id)) << row.id;
  }
}

TEST(State, NamesWhyANonQualcommModuleIsLeftAlone) {
  EXPECT_THAT(conclude(device(0x2c7c, 0x0900, 0x0318, usual())).because, HasSubstr("Unisoc"));
  EXPECT_THAT(conclude(device(0x2c7c, 0x7001, 0x0318, usual())).because, HasSubstr("MediaTek"));
}

TEST(State, FullSpeedIsRemarkedInAnyStateButIsNoStateOfItsOwn) {
  auto slow = device(0x2c7c, 0x0125, 0x0318, usual());
  slow.speed = usb::Speed::full;
  auto sighting = conclude(slow);
  EXPECT_EQ(sighting.state, State::running);
  EXPECT_THAT(sighting.because, HasSubstr("full speed"));
  EXPECT_THAT(sighting.next, HasSubstr("cable"));

  slow = device(0x1234, 0x5678, 0x0100, {cdc_data});
  slow.speed = usb::Speed::full;
  EXPECT_THAT(conclude(slow).because, Not(HasSubstr("full speed")));
}

TEST(State, AnUnknownIdWithAModemsShapeIsProbablyOne) {
  EXPECT_THAT(conclude(device(0x1234, 0x5678, 0x0318, usual())).because, HasSubstr("probably"));
}

TEST(State, NamesAreWhatStandsInJson) {
  EXPECT_EQ(name(State::running), "running");
  EXPECT_EQ(name(State::edl), "edl");
  EXPECT_EQ(name(State::boot_mode), "boot_mode");
  EXPECT_EQ(name(State::download), "download");
  EXPECT_EQ(name(State::dump), "dump");
  EXPECT_EQ(name(State::fastboot), "fastboot");
  EXPECT_EQ(name(State::not_ours), "not_ours");
}

TEST(StateRows, RefusesARowThatDoesNotHoldTogether) {
  const std::string prose = "because = 'b'\nnext = 'n'\nevidence = 'e'\nsource = 's'\n";
  const std::string remark = "[[remark]]\nid = 'r'\n" + prose;
  auto complaint = [&](const std::string& more, const std::string& state = "edl") {
    auto parsed = parse_states(remark + "[[state]]\nid = 'x'\nstate = '" + state + "'\n" + prose + more);
    return parsed ? std::string("accepted") : parsed.error().what;
  };
  EXPECT_EQ(complaint(""), "accepted");
  EXPECT_EQ(complaint("vdi = 1\n"), "states.toml: state[0].vdi: is no key that belongs here");
  EXPECT_EQ(complaint("vid = 'EC25'\n"), "states.toml: state[0].vid: is no whole number");
  EXPECT_EQ(complaint("pids = [65536]\n"), "states.toml: state[0].pids[0]: is no number between 0 and 65535");
  EXPECT_EQ(complaint("shape = 'round'\n"), "states.toml: state[0].shape: is none that is known");
  EXPECT_EQ(complaint("interfaces = [1]\n"), "states.toml: state[0].interfaces: is not [least, most]");
  EXPECT_EQ(complaint("speed = 'warp'\n"), "states.toml: state[0].speed: is none that is known");
  EXPECT_EQ(complaint("", "asleep"), "states.toml: state[0].state: is none that is known");
  EXPECT_THAT(complaint("= 3\n"), HasSubstr("line 14"));
  EXPECT_EQ(complaint("[[stage]]\nid = 'y'\n"), "states.toml: stage: is no key that belongs here");
  EXPECT_EQ(parse_states(remark + "[[state]]\nid = 'x'\n").error().what, "states.toml: state[0].because: is missing");
}

TEST(Models, TheBuiltInOnesParseAndNoIdStandsTwice) {
  auto parsed = parse_models(embedded("models.toml"));
  ASSERT_TRUE(parsed) << parsed.error().what << " in " << parsed.error().during;
  std::set<std::pair<std::uint16_t, std::uint16_t>> ids;
  for (const auto& model : *parsed) {
    for (auto pid : model.pids) {
      EXPECT_TRUE(ids.emplace(model.vid, pid).second) << model.name;
    }
  }
  EXPECT_EQ(ids.size(), 32U);
}

}  // namespace
}  // namespace modemedic::knowledge
