#include "usb/libusb_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libusb.h>

namespace modemedic::usb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(LibusbWords, GivesEveryErrorItsNameAndAMeaning) {
  for (int error = LIBUSB_ERROR_IO; error >= LIBUSB_ERROR_NOT_SUPPORTED; --error) {
    EXPECT_THAT(libusb_words(error), HasSubstr(libusb_error_name(error)));
    EXPECT_THAT(libusb_words(error), Not(StartsWith("a libusb error")));
  }
  EXPECT_THAT(libusb_words(LIBUSB_ERROR_OTHER), HasSubstr("LIBUSB_ERROR_OTHER"));
  EXPECT_THAT(libusb_words(-4711), HasSubstr("-4711"));
}

TEST(LibusbWords, TellsPermissionHolderAndGoneApart) {
  Error denied = fail_libusb(LIBUSB_ERROR_ACCESS, "open it");
  EXPECT_EQ(denied.code, Code::permission);
  EXPECT_EQ(denied.what, "cannot open it: no permission (LIBUSB_ERROR_ACCESS)");
  EXPECT_THAT(denied.hint, testing::Not(testing::IsEmpty()));

  Error busy = fail_libusb(LIBUSB_ERROR_BUSY, "claim it");
  EXPECT_EQ(busy.code, Code::busy);
  EXPECT_EQ(exit_code(busy.code), 9);

  Error lost = fail_libusb(LIBUSB_ERROR_NO_DEVICE, "open it");
  EXPECT_EQ(lost.code, Code::modem_lost);
}

TEST(LibusbWords, ExplainsHowATransferEnded) {
  Error stalled = fail_transfer(LIBUSB_TRANSFER_STALL, 0x81);
  EXPECT_EQ(stalled.code, Code::device_protocol);
  EXPECT_THAT(stalled.what, HasSubstr("LIBUSB_TRANSFER_STALL on endpoint 0x81"));
  EXPECT_THAT(stalled.hint, Not(IsEmpty()));

  Error lost = fail_transfer(LIBUSB_TRANSFER_NO_DEVICE, 0x01);
  EXPECT_EQ(lost.code, Code::modem_lost);
  Error babble = fail_transfer(LIBUSB_TRANSFER_OVERFLOW, 0x81);
  EXPECT_EQ(babble.code, Code::device_protocol);
}

}  // namespace
}  // namespace modemedic::usb
