#include "virtual/streaming_device.h"

#include "firmware/mibib.h"
#include "firmware/partition_mbn.h"
#include "virtual/chip_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::twin {

namespace streaming = protocol::streaming;

using streaming::Command;
using streaming::OpenAnswer;
using streaming::TableAnswer;

namespace {

/// Unescaped, with CRC: a longer one vanishes.
constexpr std::size_t longest_frame = 1040;

constexpr std::string_view host_magic = "QCOM fast download protocol host";
constexpr std::uint8_t lowest_version = 2;
constexpr std::uint8_t known_features = 9;
constexpr std::uint8_t custom_image = 0x0e;

/// Commands that no host of ours knows the names of.
constexpr std::uint8_t nop = 0x09;
constexpr std::uint8_t power_off = 0x11;
constexpr std::uint8_t open_mode = 0x13;
constexpr std::uint8_t bootable_image_mode = 0x04;
constexpr std::uint8_t erase_flash = 0x1d;

constexpr std::uint32_t invalid_command = 0x05;
constexpr std::uint32_t operation_failed = 0x07;
constexpr std::uint32_t out_of_sequence = 0x0f;
constexpr std::uint32_t close_failed = 0x10;

// What a 9x15's loader wants of a table.
constexpr std::uint32_t old_table_version = 3;
constexpr std::size_t most_partitions = 22;

Failure not_a_table() {
  return fail(Code::package_bad).what("no partition table");
}

}  // namespace

StreamingDevice::StreamingDevice(DeviceLink& link, Setup setup)
    : link_(link),
      setup_(std::move(setup)),
      flash_(link, setup_.nand, setup_.persona.timing, setup_.real_timing),
      reader_(longest_frame, protocol::HdlcReader::Crc::ignored) {}

DeviceTask StreamingDevice::run() {
  link_.drop_zlps(true);
  for (;;) {
    co_await link_.received();
    reader_.feed(link_.out().front().data);
    link_.out().accept();
    while (auto frame = reader_.next()) {
      const auto* body = std::get_if<Buffer>(&*frame);
      if (body == nullptr) {
        continue;
      }
      co_await obey(*body);
      if (!is_9x15()) {
        // It takes one frame out of a transfer.
        reader_ = protocol::HdlcReader(longest_frame, protocol::HdlcReader::Crc::ignored);
      }
    }
  }
}

DeviceTask StreamingDevice::obey(ByteView body) {
  ByteReader in(body, Endian::little);
  auto command = in.u8();
  if (command == static_cast<std::uint8_t>(Command::hello)) {
    return hello(in);
  }
  if (!greeted_) {
    return refuse(invalid_command, "Invalid Command");
  }
  switch (static_cast<Command>(command)) {
    case Command::security:
      return take_security();
    case Command::table:
      return take_table(in);
    case Command::open:
      return open(in);
    case Command::write:
      return write(in);
    case Command::close:
      return close();
    case Command::reset:
      return reset();
    default:
      break;
  }
  if (command == nop) {
    return answer_with(nop + 1);
  }
  auto bootable_image = command == open_mode && in.u8() == bootable_image_mode;
  if (bootable_image || (command == erase_flash && (image_ || !is_9x15()))) {
    return erase_chip(static_cast<std::uint8_t>(command + 1));
  }
  if (command == power_off) {
    setup_.power(PowerEvent::off);
    return answer_with(power_off + 1);
  }
  return refuse(invalid_command, "Invalid Command");
}

DeviceTask StreamingDevice::send(Buffer body) {
  co_await link_.sent(protocol::hdlc_frame(body, true), true);
}

DeviceTask StreamingDevice::answer(Command command, std::optional<std::uint8_t> status) {
  Buffer body{static_cast<std::byte>(command)};
  if (status) {
    body.push_back(static_cast<std::byte>(*status));
  }
  co_await send(body);
}

/// The answer to a command that streaming_wire.h has no name for.
DeviceTask StreamingDevice::answer_with(std::uint8_t command) {
  return send(Buffer(1, static_cast<std::byte>(command)));
}

DeviceTask StreamingDevice::refuse(std::uint32_t code, std::string text) {
  for (const auto& body : streaming::error_frames({code, std::move(text)})) {
    co_await send(body);
  }
}

DeviceTask StreamingDevice::hello(ByteReader body) {
  auto magic = as_text(body.take(host_magic.size()));
  auto version = body.u8();
  auto lowest = body.u8();
  auto features = body.u8();
  if (body.failed() || magic != host_magic) {
    return refuse(operation_failed, "Invalid magic number");
  }
  if (lowest < lowest_version) {
    return refuse(operation_failed, "Invalid protocol version");
  }
  greeted_ = true;
  streaming::Target target;
  target.version = is_9x15() || version < 4 ? 3 : 4;
  target.lowest_version = lowest_version;
  target.block_size = streaming::largest_write;
  target.flash_name = setup_.persona.flash_name;
  target.window = 2;
  target.sectors.assign(0x80, 0x200000);
  target.features = features & known_features;
  return send(streaming::target(target));
}

DeviceTask StreamingDevice::take_security() {
  secured_ = true;
  return answer(Command::security_done);
}

/// The places that a table gives to its partitions, when the loader takes it at all.
Result<firmware::PartitionTable> StreamingDevice::judge_table(ByteView table) const {
  TRY_ASSIGN(auto users, firmware::parse_user_table(table));
  if (is_9x15()) {
    auto sound = [](const firmware::UserPartition& partition) {
      return partition.size != 0U && partition.pad_kib != 0 &&
             (!partition.size || partition.pad_kib <= *partition.size);
    };
    if (firmware::user_table_version(table) != old_table_version || users.size() > most_partitions ||
        users.front().name != "MIBIB" || !std::ranges::all_of(users, sound)) {
      return not_a_table();
    }
  }
  return firmware::lay_out(users, setup_.nand.geometry());
}

DeviceTask StreamingDevice::take_table(ByteReader body) {
  if (!secured_) {
    return refuse(out_of_sequence, "No security mode received before partition table");
  }
  if (table_accepted_) {
    return answer(Command::table_answer, static_cast<std::uint8_t>(TableAnswer::accepted));  // unread
  }
  auto overriding = body.u8() != 0;
  auto table = body.rest();
  return change_table(Buffer(table.begin(), table.end()), overriding);
}

/// What it erases, it erases before it answers.
DeviceTask StreamingDevice::change_table(Buffer table, bool overriding) {
  auto wanted = judge_table(table);
  if (!wanted) {
    if (is_9x15()) {
      co_await refuse(operation_failed, "Unknown error accepting partition table");
    } else {
      co_await answer(Command::table_answer, static_cast<std::uint8_t>(TableAnswer::not_recognised));
    }
    co_return;
  }
  auto present = read_chip_table(setup_.nand, setup_.persona);
  auto equal = present && *present == *wanted;
  if (!is_9x15() && present && !equal && !overriding) {
    co_await answer(Command::table_answer, static_cast<std::uint8_t>(TableAnswer::differs));
    co_return;
  }
  if (!equal || overriding) {
    std::uint64_t from = 0;
    if (!is_9x15() && present && !equal) {
      // From the first partition that changes.
      auto [old_one, new_one] = std::ranges::mismatch(*present, *wanted);
      auto start = new_one != wanted->end() ? new_one->range.start : setup_.nand.geometry().chip_sectors();
      from = start.n / setup_.nand.geometry().pages_per_block;
      auto mibib = firmware::find_partition_any_case(*wanted, "mibib");
      co_await flash_.erase_good(mibib->range.start.n / setup_.nand.geometry().pages_per_block,
                                 mibib->range.end().n / setup_.nand.geometry().pages_per_block);
    }
    co_await flash_.erase_good(from, setup_.nand.geometry().blocks);
    co_await write_table(*wanted);
  }
  table_accepted_ = true;
  co_await answer(Command::table_answer, static_cast<std::uint8_t>(TableAnswer::accepted));
}

DeviceTask StreamingDevice::write_table(const firmware::PartitionTable& table) {
  const auto* mibib = firmware::find_partition_any_case(table, "mibib");
  if (mibib == nullptr) {
    co_return;
  }
  auto bytes = firmware::make_mibib(table, setup_.nand.geometry());
  StreamedImage pages(flash_, setup_.nand, mibib->range, StreamedImage::OnFailure::relocate);
  co_await pages.write(bytes);
}

/// `13 04` and `1d`: everything goes, the identity included.
DeviceTask StreamingDevice::erase_chip(std::uint8_t answer) {
  co_await flash_.erase_good(0, setup_.nand.geometry().blocks);
  co_await answer_with(answer);
}

DeviceTask StreamingDevice::open(ByteReader body) {
  if (!table_accepted_) {
    co_await refuse(out_of_sequence, "No partition table received before open multi");
    co_return;
  }
  auto type = body.u8();
  auto name = body.text(body.rest().size());
  if (type == custom_image && name.empty()) {
    co_await answer(Command::opened, static_cast<std::uint8_t>(OpenAnswer::payload_required));
    co_return;
  }
  auto table = read_chip_table(setup_.nand, setup_.persona);
  const auto* partition = type == custom_image && name.starts_with("0:") && table
                              ? firmware::find_partition(*table, std::string_view(name).substr(2))
                              : nullptr;
  if (partition == nullptr) {
    co_await refuse(operation_failed, "Open multi failed, unknown error");
    co_return;
  }
  const auto range = partition->range;
  erase_at_write_.reset();
  if (is_9x15() && partition->name == "SBL1") {
    erase_at_write_ = range;
  } else {
    const auto pages = setup_.nand.geometry().pages_per_block;
    co_await flash_.erase_good(range.start.n / pages, range.end().n / pages);
  }
  image_.emplace(flash_, setup_.nand, range,
                 is_9x15() ? StreamedImage::OnFailure::give_up : StreamedImage::OnFailure::relocate);
  co_await answer(Command::opened, static_cast<std::uint8_t>(OpenAnswer::opened));
}

DeviceTask StreamingDevice::write(ByteReader body) {
  if (!image_) {
    co_await link_.halt();  // a null pointer
  }
  auto address = body.u32();
  auto data = body.rest();
  if (body.failed() || address < image_->offset() || !image_->ok()) {
    co_await refuse(operation_failed, "Write unsuccessful");
    co_return;
  }
  if (auto range = std::exchange(erase_at_write_, std::nullopt)) {
    const auto pages = setup_.nand.geometry().pages_per_block;
    co_await flash_.erase_good(range->start.n / pages, range->end().n / pages);
  }
  const Buffer gap(4096, std::byte{0xFF});
  while (image_->ok() && image_->offset() < address) {
    auto count = std::min<std::uint64_t>(gap.size(), address - image_->offset());
    co_await image_->write(ByteView(gap).first(count));
  }
  co_await image_->write(data);
  if (!image_->ok()) {
    co_await refuse(operation_failed, "Write unsuccessful");
    co_return;
  }
  if (power_fails(data.size())) {
    co_await link_.halt();
  }
  const auto* wrong = setup_.faults.find("wrong-address");
  if (wrong != nullptr && *wrong->at >= address && *wrong->at < address + data.size()) {
    ++address;
  }
  ByteWriter confirmed(Endian::little);
  co_await send(confirmed.u8(static_cast<std::uint8_t>(Command::written)).u32(address).take());
}

DeviceTask StreamingDevice::close() {
  if (!image_) {
    co_await refuse(out_of_sequence, "Cannot close when not previously opened");
    co_return;
  }
  co_await image_->finish();
  auto ok = image_->ok();
  image_.reset();
  if (!ok) {
    co_await refuse(close_failed, "Close failed");
    co_return;
  }
  co_await answer(Command::closed);
}

DeviceTask StreamingDevice::reset() {
  if (image_) {
    co_await refuse(out_of_sequence, "Cannot reset before close");
    co_return;
  }
  co_await answer(Command::reset_done);
  setup_.power(PowerEvent::reset);
  co_await link_.halt();
}

/// Counts image bytes, for the faults that take power away at one of them: the page before it is torn then.
bool StreamingDevice::power_fails(std::uint64_t bytes) {
  received_ += bytes;
  for (auto [kind, event] : {std::pair("cut", PowerEvent::cut), std::pair("vanish", PowerEvent::vanish)}) {
    const auto* fault = setup_.faults.find(kind);
    if (fault != nullptr && *fault->at <= received_ && *fault->at + bytes > received_) {
      setup_.faults.strikes(kind, fault->where);
      if (auto page = flash_.last_page()) {
        setup_.nand.tear_page(*page);
      }
      setup_.power(event);
      return true;
    }
  }
  return false;
}

}  // namespace modemedic::twin
