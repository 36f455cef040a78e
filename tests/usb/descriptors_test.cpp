#include "usb/descriptors.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::usb {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

// A modem in EDL: one vendor interface with a bulk pair.
const auto configuration =
    *from_hex("09 02 20 00 01 01 00 80 fa 09 04 00 00 02 ff ff ff 00 07 05 81 02 00 02 00 07 05 01 02 00 02 00");

TEST(Descriptors, ReadsADevice) {
  auto device = parse_device(*from_hex("12 01 00 02 00 00 00 40 7c 2c 25 01 18 03 01 02 03 01"));
  ASSERT_TRUE(device);
  EXPECT_EQ(device->vid, 0x2c7c);
  EXPECT_EQ(device->pid, 0x0125);
  EXPECT_EQ(device->bcd_device, 0x0318);
  EXPECT_EQ(device->manufacturer, 1);
  EXPECT_EQ(device->product, 2);
  EXPECT_EQ(device->serial, 3);
  EXPECT_FALSE(parse_device(*from_hex("12 01 00 02")));
  EXPECT_FALSE(parse_device(Buffer(18)));
}

TEST(Descriptors, ReadsInterfacesAndEndpoints) {
  EXPECT_EQ(parse_total_length(configuration), 32U);
  auto interfaces = parse_interfaces(configuration);
  ASSERT_EQ(interfaces.size(), 1U);
  EXPECT_EQ(interfaces[0].cls, 0xff);
  EXPECT_EQ(interfaces[0].protocol, 0xff);
  ASSERT_EQ(interfaces[0].endpoints.size(), 2U);
  EXPECT_EQ(interfaces[0].endpoints[0], (EndpointInfo{0x81, TransferType::bulk, 512, 0}));
  EXPECT_EQ(interfaces[0].endpoints[1], (EndpointInfo{0x01, TransferType::bulk, 512, 0}));
}

TEST(Descriptors, LeavesAlternateSettingsOut) {
  auto interfaces =
      parse_interfaces(*from_hex("09 02 00 00 01 01 00 80 fa"
                                 "09 04 04 00 00 0a 00 00 00"  // data interface, setting 0: no endpoints
                                 "09 04 04 01 02 0a 00 00 00 07 05 82 02 00 02 00"  // setting 1 has them
                                 "09 04 05 00 01 ff 00 00 00 07 05 83 03 0a 00 09"));
  ASSERT_EQ(interfaces.size(), 2U);
  EXPECT_THAT(interfaces[0].endpoints, IsEmpty());
  ASSERT_EQ(interfaces[1].endpoints.size(), 1U);
  EXPECT_EQ(interfaces[1].endpoints[0], (EndpointInfo{0x83, TransferType::interrupt, 10, 9}));
}

TEST(Descriptors, FindsAConfigurationByItsValue) {
  auto device = *from_hex("12 01 00 02 00 00 00 40 7c 2c 25 01 18 03 01 02 03 02");
  auto first = *from_hex("09 02 12 00 01 01 00 80 fa 09 04 00 00 00 ff 00 00 00");
  auto second = *from_hex("09 02 ff ff 01 07 00 80 fa 09 04 05 00 00 ff 00 00 00");  // claims more than it has
  auto all = device;
  all.insert(all.end(), first.begin(), first.end());
  EXPECT_THAT(find_configuration(all, 7), IsEmpty());
  all.insert(all.end(), second.begin(), second.end());
  all.insert(all.end(), first.begin(), first.end());
  EXPECT_THAT(find_configuration(all, std::nullopt), ElementsAreArray(first));
  EXPECT_THAT(find_configuration(all, 1), ElementsAreArray(first));
  EXPECT_THAT(find_configuration(all, 7), ElementsAreArray(second));
  EXPECT_THAT(find_configuration(all, 2), IsEmpty());
  EXPECT_THAT(find_configuration(device, std::nullopt), IsEmpty());
  EXPECT_THAT(find_configuration({}, std::nullopt), IsEmpty());
  all[0] = std::byte{1};
  EXPECT_THAT(find_configuration(all, std::nullopt), IsEmpty());
}

TEST(Descriptors, ReadsStrings) {
  EXPECT_EQ(parse_string(*from_hex("0a 03 45 00 43 00 32 00 35 00")), "EC25");
  EXPECT_EQ(parse_string(*from_hex("08 03 e9 00 ac 20 00 d8")), "\xc3\xa9\xe2\x82\xac?");
  EXPECT_EQ(parse_string(*from_hex("ff 03 45 00 43")), "E");
  EXPECT_EQ(parse_string({}), "");
  EXPECT_EQ(parse_language(*from_hex("04 03 07 04")), 0x0407);
  EXPECT_EQ(parse_language({}), 0x0409);
}

TEST(Descriptors, SurvivesAnyBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    auto bytes = configuration;
    bytes.resize(random() % (bytes.size() + 1));
    for (auto flips = random() % 4; flips > 0 && !bytes.empty(); --flips) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    parse_interfaces(bytes);
    parse_device(bytes);
    parse_string(bytes);
    parse_language(bytes);
    parse_total_length(bytes);
  }
}

}  // namespace
}  // namespace modemedic::usb
