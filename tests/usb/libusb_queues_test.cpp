// Our queues of transfers, with a system under them that only writes down what it is given. The executable's own
// libusb_submit_transfer() and libusb_cancel_transfer() go before those of the library.

#include "usb/libusb_queues.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libusb.h>

namespace modemedic::usb {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::IsEmpty;

/// What a system did with a transfer.
struct Submitted {
  int length = 0;
  int flags = 0;
};

struct System {
  std::function<int(const libusb_transfer&)> answer = [](const libusb_transfer&) { return LIBUSB_SUCCESS; };
  std::vector<Submitted> accepted;
  std::vector<libusb_transfer*> on_the_wire;
  std::size_t refused = 0;

  /// The oldest transfer of an endpoint ends.
  void end(int status, std::string_view bytes = {}) {
    ASSERT_FALSE(on_the_wire.empty());
    auto* transfer = on_the_wire.front();
    on_the_wire.erase(on_the_wire.begin());
    transfer->status = static_cast<libusb_transfer_status>(status);
    transfer->actual_length = static_cast<int>(bytes.size());
    std::ranges::copy(bytes, transfer->buffer);
    transfer->callback(transfer);
  }
};

System* current = nullptr;

}  // namespace
}  // namespace modemedic::usb

int LIBUSB_CALL libusb_submit_transfer(libusb_transfer* transfer) {
  auto& system = *modemedic::usb::current;
  auto result = system.answer(*transfer);
  if (result != LIBUSB_SUCCESS) {
    ++system.refused;
    return result;
  }
  system.accepted.push_back({transfer->length, transfer->flags});
  system.on_the_wire.push_back(transfer);
  return LIBUSB_SUCCESS;
}

int LIBUSB_CALL libusb_cancel_transfer(libusb_transfer* /*transfer*/) {
  return LIBUSB_SUCCESS;
}

namespace modemedic::usb {
namespace {

class LibusbQueues : public testing::Test {
protected:
  LibusbQueues() { current = &system; }

  ~LibusbQueues() override {
    for (auto more = !system.on_the_wire.empty(); more; more = !system.on_the_wire.empty()) {
      system.answer = [](const libusb_transfer&) { return LIBUSB_ERROR_NO_DEVICE; };
      system.end(LIBUSB_TRANSFER_CANCELLED);
    }
    current = nullptr;
  }

  System system;
  LibusbOutQueue out{nullptr, {0x01}};
  LibusbInQueue in{nullptr, {0x81}};
  Buffer packet = Buffer(512);
};

int knows_no_zlp(const libusb_transfer& transfer) {
  return (transfer.flags & LIBUSB_TRANSFER_ADD_ZERO_PACKET) != 0 ? LIBUSB_ERROR_NOT_SUPPORTED : LIBUSB_SUCCESS;
}

TEST_F(LibusbQueues, LetTheSystemAddTheZlp) {
  EXPECT_EQ(out.send(packet, true), LIBUSB_SUCCESS);
  EXPECT_EQ(out.send(packet, false), LIBUSB_SUCCESS);
  EXPECT_THAT(system.accepted, ElementsAre(FieldsAre(512, LIBUSB_TRANSFER_ADD_ZERO_PACKET), FieldsAre(512, 0)));
}

TEST_F(LibusbQueues, SendTheZlpAsATransferOfItsOwnWhereTheSystemCanNotAddIt) {
  system.answer = knows_no_zlp;
  EXPECT_EQ(out.send(packet, true), LIBUSB_SUCCESS);
  EXPECT_EQ(out.send(packet, false), LIBUSB_SUCCESS);
  EXPECT_EQ(out.send(packet, true), LIBUSB_SUCCESS);
  EXPECT_THAT(system.accepted,
              ElementsAre(FieldsAre(512, 0), FieldsAre(0, 0), FieldsAre(512, 0), FieldsAre(512, 0), FieldsAre(0, 0)));
  EXPECT_EQ(system.refused, 1) << "it has said so once";
}

TEST_F(LibusbQueues, HaveAlwaysRoomForTheZlpBehindTheData) {
  system.answer = knows_no_zlp;
  while (!out.full()) {
    ASSERT_EQ(out.send(packet, true), LIBUSB_SUCCESS);
  }
  EXPECT_EQ(out.send(packet, true), LIBUSB_ERROR_BUSY);
  ASSERT_EQ(system.accepted.size() % 2, 0);
  EXPECT_GE(system.accepted.size(), 8);
  for (std::size_t i = 0; i < system.accepted.size(); ++i) {
    EXPECT_EQ(system.accepted[i].length, i % 2 == 0 ? 512 : 0) << i;
  }
}

TEST_F(LibusbQueues, SayWhenTheZlpCouldNotBeSent) {
  system.answer = [](const libusb_transfer& transfer) {
    return transfer.length == 0 ? LIBUSB_ERROR_NO_DEVICE : knows_no_zlp(transfer);
  };
  EXPECT_EQ(out.send(packet, true), LIBUSB_ERROR_NO_DEVICE);
}

TEST_F(LibusbQueues, KeepTheFirstBadEndOfSeveral) {
  for (auto i = 0; i < 4; ++i) {
    ASSERT_EQ(out.send(packet, false), LIBUSB_SUCCESS);
  }
  system.end(LIBUSB_TRANSFER_COMPLETED);
  EXPECT_EQ(out.status(), LIBUSB_TRANSFER_COMPLETED);
  system.end(LIBUSB_TRANSFER_STALL);
  system.end(LIBUSB_TRANSFER_NO_DEVICE);
  out.cancel();
  system.end(LIBUSB_TRANSFER_CANCELLED);
  EXPECT_EQ(out.status(), LIBUSB_TRANSFER_STALL);
  EXPECT_TRUE(out.idle());
  out.forgive();
  EXPECT_EQ(out.status(), LIBUSB_TRANSFER_COMPLETED);
}

TEST_F(LibusbQueues, StopListeningToADeviceThatBabblesButKeepWhatItSaid) {
  in.listen();
  auto depth = system.on_the_wire.size();
  EXPECT_GE(depth, 2) << "so that the wire never idles";
  system.end(LIBUSB_TRANSFER_COMPLETED, "hello");
  EXPECT_EQ(system.on_the_wire.size(), depth);
  system.end(LIBUSB_TRANSFER_OVERFLOW);
  EXPECT_EQ(system.on_the_wire.size(), depth - 1);
  EXPECT_EQ(in.status(), LIBUSB_TRANSFER_OVERFLOW);
  Buffer buffer(512);
  ASSERT_TRUE(in.has_bytes());
  EXPECT_EQ(in.take(buffer), 5);
}

TEST_F(LibusbQueues, LeaveADeviceWaitingThatTalksToNobody) {
  in.listen();
  auto transfers = 0;
  for (; !system.on_the_wire.empty() && transfers < 1000000; ++transfers) {
    system.end(LIBUSB_TRANSFER_COMPLETED);  // zero-length: not a byte, and yet it takes room
  }
  EXPECT_THAT(system.on_the_wire, IsEmpty()) << "after " << transfers;
  Buffer buffer(512);
  while (in.has_bytes()) {
    EXPECT_EQ(in.take(buffer), 0);
  }
  EXPECT_FALSE(system.on_the_wire.empty()) << "and listen again when they are taken";
}

TEST_F(LibusbQueues, SayWhenTheDeviceLeftBeforeTheyCouldListen) {
  system.answer = [](const libusb_transfer&) { return LIBUSB_ERROR_NO_DEVICE; };
  in.listen();
  EXPECT_EQ(in.status(), LIBUSB_TRANSFER_NO_DEVICE);
  EXPECT_TRUE(in.idle());
}

}  // namespace
}  // namespace modemedic::usb
