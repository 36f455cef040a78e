#include "virtual/birth.h"

#include "virtual/boot_chain.h"
#include "virtual/composition.h"
#include "virtual/generator.h"
#include "virtual/running_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::twin {
namespace {

using testing::HasSubstr;

Persona persona(const std::string& id) {
  return find_persona(id).value();
}

Faults faults(const std::vector<std::string>& specs) {
  std::vector<Fault> all;
  for (const auto& spec : specs) {
    all.push_back(parse_fault(spec).value());
  }
  return Faults(std::move(all));
}

class Chip {
public:
  explicit Chip(const std::string& id) : persona(twin::persona(id)), nand(persona.geometry) {
    auto done = provision(nand, persona, *firmware::parse_revision(persona.revision), serial, Scale::small);
    EXPECT_TRUE(done) << done.error().what;
  }

  BootOutcome::Kind boots(const std::vector<std::string>& specs) {
    spoil_chip(nand, persona, serial, faults(specs));
    return boot(nand, persona).kind;
  }

  static constexpr auto serial = "49cbd7ef";
  Persona persona;
  Nand nand;
};

TEST(SpoilChip, LetsTheBootChainSayWhatFollows) {
  using Kind = BootOutcome::Kind;
  for (const auto& [fault, kind] :
       {std::pair("blank@sbl", Kind::edl), std::pair("torn@sbl", Kind::edl), std::pair("blank@mibib", Kind::download),
        std::pair("blank@tz", Kind::download), std::pair("blank@boot", Kind::fastboot),
        std::pair("torn@boot", Kind::loop), std::pair("blank@system", Kind::loop), std::pair("torn@system", Kind::loop),
        std::pair("force-fastboot", Kind::fastboot), std::pair("blank@misc", Kind::running),
        std::pair("no-imei", Kind::running)}) {
    EXPECT_EQ(Chip("eg25-g").boots({fault}), kind) << fault;
  }
}

TEST(SpoilChip, TakesFromEfsWhatItSaysAndLeavesTheRest) {
  Chip chip("eg25-g");
  const auto own = read_efs(chip.nand, chip.persona).value();
  spoil_chip(chip.nand, chip.persona, Chip::serial, faults({"no-imei"}));
  auto now = read_efs(chip.nand, chip.persona).value();
  EXPECT_EQ(now.imei, no_imei);
  EXPECT_EQ(now.calibration, own.calibration);
  spoil_chip(chip.nand, chip.persona, Chip::serial, faults({"foreign-efs"}));
  now = read_efs(chip.nand, chip.persona).value();
  EXPECT_EQ(now.imei, own.imei);
  EXPECT_NE(now.calibration, own.calibration);
  EXPECT_EQ(now.calibration.size(), own.calibration.size());
  spoil_chip(chip.nand, chip.persona, Chip::serial, faults({"no-calibration"}));
  EXPECT_TRUE(read_efs(chip.nand, chip.persona)->calibration.empty());
}

TEST(SpoilChip, WithoutSuchAFaultTouchesNothing) {
  Chip chip("ec20");
  auto all = SectorRange{{0}, chip.persona.geometry.chip_sectors()};
  auto before = chip.nand.fingerprint(all);
  spoil_chip(chip.nand, chip.persona, Chip::serial, faults({"silent", "cfun:4"}));
  EXPECT_EQ(chip.nand.fingerprint(all), before);
}

TEST(CheckFaults, KnowsWhatAPersonaHas) {
  EXPECT_TRUE(check_faults(persona("eg25-g"), faults({"blank@sbl", "torn@tz", "composition@rndis", "silent"})));
  EXPECT_TRUE(check_faults(persona("ec20"), faults({"blank@appsbl"})));
  auto wrong = check_faults(persona("ec20"), faults({"blank@tz"}));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::usage);
  EXPECT_THAT(wrong.error().hint, HasSubstr("APPSBL"));
  EXPECT_FALSE(check_faults(persona("eg25-g"), faults({"composition@ethernet"})));
  EXPECT_FALSE(check_faults(persona("ec20"), faults({"composition@rndis"})));
}

TEST(Composition, IsShownByAtAsUsbShowsIt) {
  const auto usual = persona("eg25-g").running;
  // vid, pid, diag, nmea, at, modem, net, adb, audio (facts: at-diag.md)
  for (const auto& [name, usbnet, usbcfg] :
       {std::tuple("rndis", 3U, "0x2C7C,0x125,1,1,1,1,1,0,0"), std::tuple("ecm", 1U, "0x2C7C,0x125,1,1,1,1,1,0,0"),
        std::tuple("mbim", 2U, "0x2C7C,0x125,1,1,1,1,1,0,0"), std::tuple("mbim_only", 2U, "0x2C7C,0x125,0,0,0,0,1,0,0"),
        std::tuple("no_at", 0U, "0x2C7C,0x125,1,0,0,0,1,0,0"),
        std::tuple("no_diag", 0U, "0x2C7C,0x125,0,1,1,1,1,0,0")}) {
    auto shown = with_composition(usual, name).value();
    EXPECT_EQ(usbnet_of(shown), usbnet) << name;
    EXPECT_EQ(composition_text(shown), usbcfg) << name;
  }
  EXPECT_EQ(usbnet_of(usual), 0U);
}

TEST(Composition, RndisPushesDiagToTwo) {
  auto shown = with_composition(persona("eg25-g").running, "rndis").value();
  ASSERT_EQ(shown.interfaces.size(), 6U);
  EXPECT_EQ(shown.interfaces[0].cls, 0xE0);
  EXPECT_EQ(shown.interfaces[1].cls, 0x0A);
  EXPECT_EQ(shown.interfaces[2].subclass, 0xFF);
  EXPECT_EQ(shown.interfaces[2].endpoints.size(), 2U);
  for (std::size_t i = 0; i < shown.interfaces.size(); ++i) {
    EXPECT_EQ(shown.interfaces[i].number, i);
  }
}

}  // namespace
}  // namespace modemedic::twin
