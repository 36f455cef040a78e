#include "usb/kernel_log.h"

#include <random>

#include <gtest/gtest.h>

namespace modemedic::usb {
namespace {

using namespace std::chrono_literals;

constexpr auto lines =
    "6,1,100000000,-;usb 1-1: new high-speed USB device number 3 using xhci_hcd\n"
    "6,2,700000000,-;usb 1-1: new high-speed USB device number 4 using xhci_hcd\n"
    "6,3,700000100,-;usb 1-1: New USB device found, idVendor=2c7c, idProduct=0125, bcdDevice= 3.18\n"
    "6,4,701000000,-;usb 1-1: USB disconnect, device number 4\n"
    "6,5,702000000,-;usb 1-1: new full-speed USB device number 5 using xhci_hcd\n"
    "3,6,703000000,-;usb 1-1.4: device descriptor read/64, error -71\n"
    "3,7,704000000,-;usb usb1-port1: unable to enumerate USB device\n"
    " SUBSYSTEM=usb\n"
    "6,8,705000000,-;option 1-1:1.0: GSM modem (1-port) converter detected\n";

TEST(KernelLog, CountsWhatCameAndWhatFailedInTheLastMinutes) {
  auto log = parse_kernel_log(lines, 800s, 10min);
  EXPECT_EQ(log["1-1"].connects, 2U) << "the first was 700 s ago";
  EXPECT_EQ(log["1-1"].errors, 0U);
  EXPECT_EQ(log["1-1.4"].errors, 1U);
  EXPECT_EQ(log["usb1-port1"].errors, 1U);
  EXPECT_EQ(log.size(), 3U);
}

TEST(KernelLog, SurvivesAnyBytes) {
  std::mt19937 random(1);
  const std::string whole = lines;
  for (int i = 0; i < 5000; ++i) {
    auto text = whole;
    for (int j = 0; j < 8; ++j) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    parse_kernel_log(text.substr(random() % text.size()), 800s, 10min);
  }
  EXPECT_TRUE(parse_kernel_log("", 0s, 10min).empty());
}

TEST(KernelLog, KnowsNoPortThatCanNotBePrinted) {
  EXPECT_TRUE(parse_kernel_log("6,1,700000000,-;usb 1\x1b[2J-1: new high-speed USB device\n", 800s, 10min).empty());
}

TEST(KernelLog, TakesStampsBeyondAllTime) {
  for (const auto* stamp : {"9223372036854775807", "-9223372036854775808", "99999999999999999999", "x"}) {
    auto line = std::string("6,1,") + stamp + ",-;usb 1-1: new high-speed USB device number 3 using xhci_hcd\n";
    EXPECT_LE(parse_kernel_log(line, 800s, 10min)["1-1"].connects, 1U) << stamp;
  }
}

}  // namespace
}  // namespace modemedic::usb
