#include "knowledge/seen.h"
#include "knowledge/state.h"

#include <gmock/gmock.h>

namespace modemedic::knowledge {
namespace {

using namespace seen;
using Number = std::optional<std::uint8_t>;

usb::Fingerprint running(const std::vector<Class>& classes) {
  return device(0x2c7c, 0x0125, 0x0318, classes);
}

TEST(Interfaces, TheUsualOrderHasDiagFirstAndAtThird) {
  EXPECT_EQ(diag_interface(running(usual())), Number(0));
  EXPECT_EQ(at_interface(running(usual())), Number(2));
}

TEST(Interfaces, NmeaWithAProtocolOfItsOwnIsNotTakenForAt) {
  EXPECT_EQ(at_interface(running({diag_30, nmea, serial, serial, qmi_50})), Number(2));
  EXPECT_EQ(diag_interface(running({diag_30, nmea, serial, serial, qmi_50})), Number(0));
}

TEST(Interfaces, RndisPushesDiagToTwo) {
  auto shown = running({rndis, cdc_data, diag, serial, serial, serial});
  EXPECT_EQ(diag_interface(shown), Number(2));
  EXPECT_EQ(at_interface(shown), Number(4));
}

TEST(Interfaces, ALaptopModuleHasDiagOnThree) {
  auto shown = running({mbim, cdc_data, serial, diag});
  EXPECT_EQ(diag_interface(shown), Number(3));
  EXPECT_EQ(at_interface(shown), Number(2));
}

TEST(Interfaces, QmiAndAdbAreNotTakenForDiag) {
  EXPECT_EQ(diag_interface(running({qmi, adb, serial, serial, serial})), std::nullopt);
}

TEST(Interfaces, MbimAloneHasNeither) {
  EXPECT_EQ(diag_interface(running({mbim, cdc_data})), std::nullopt);
  EXPECT_EQ(at_interface(running({mbim, cdc_data})), std::nullopt);
}

TEST(Interfaces, ABootModeHasNeither) {
  auto shown = device(0x05c6, 0x9008, 0, {diag});
  EXPECT_EQ(diag_interface(shown), std::nullopt);
  EXPECT_EQ(at_interface(shown), std::nullopt);
}

TEST(Interfaces, NmeaStandsBeforeAtOrHasAProtocolOfItsOwn) {
  EXPECT_EQ(nmea_interface(running(usual())), Number(1));
  EXPECT_EQ(nmea_interface(running({diag_30, nmea, serial, serial, qmi_50})), Number(1));
  EXPECT_EQ(nmea_interface(running({rndis, cdc_data, diag, serial, serial, serial})), Number(3));
  EXPECT_EQ(nmea_interface(running({mbim, cdc_data, serial, diag})), std::nullopt);
  EXPECT_EQ(nmea_interface(running({mbim, cdc_data})), std::nullopt);
  EXPECT_EQ(nmea_interface(device(0x05c6, 0x9215, 0x0232, {diag, qmi, qmi, qmi, qmi})), Number(1));
  EXPECT_EQ(nmea_interface(device(0x05c6, 0x9008, 0, {diag})), std::nullopt);
}

TEST(Interfaces, AnEc20WithVendorClassesOnlyGoesByTheUsualOrder) {
  auto shown = device(0x05c6, 0x9215, 0x0232, {diag, qmi, qmi, qmi, qmi});
  EXPECT_EQ(diag_interface(shown), Number(0));
  EXPECT_EQ(at_interface(shown), Number(2));
}

}  // namespace
}  // namespace modemedic::knowledge
