#include "virtual/firehose_programmer.h"

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr std::uint64_t largest_digest_table = 8192;
constexpr std::size_t max_packet = 512;
constexpr Duration flood_pause = std::chrono::milliseconds(1);

}  // namespace

DeviceTask FirehoseProgrammer::configure() {
  while (setup_.faults.find("log-flood") != nullptr) {
    co_await log("INFO: a log line without end");
    co_await link_.passed(flood_pause);
  }
  auto digest_table = number(Attribute::max_digest_table_size);
  if (digest_table > largest_digest_table) {
    co_await log(
        fmt::format("Attribute 'MaxDigestTableSizeInBytes'={} cannot exceed {}", digest_table, largest_digest_table));
    co_await refuse("ERROR 13: Line 927: HANDLE_CONFIGURE_FAILURE");
    co_return;
  }
  if (flag(Attribute::skip_write)) {
    co_await log("skipping write requested by user");
  }
  if (flag(Attribute::skip_storage_init)) {
    co_await log("skipping storage init requested by user");
  }
  if (number(Attribute::max_payload_to_target) % max_packet != 0) {
    co_await respond(false);
    co_return;
  }
  auto accepted = take_payload();
  auto reply = response_packet(accepted, configure_attributes());
  if (setup_.faults.find("half-document") != nullptr) {
    reply.resize(reply.size() / 2);
  }
  co_await link_.sent(std::move(reply), true);
}

/// Puts the payload in force that the host asked for. False when it is too much: the largest is in force then.
bool FirehoseProgrammer::take_payload() {
  auto asked = number(Attribute::max_payload_to_target);
  auto largest = setup_.persona.programmer.max_payload;
  auto accepted = asked <= largest;
  if (!accepted) {
    attributes_.set(Attribute::max_payload_to_target, largest);
  }
  payload_ = accepted && asked != 0 ? asked : largest;
  return accepted;
}

std::string FirehoseProgrammer::configure_attributes() const {
  const auto& traits = setup_.persona.programmer;
  auto text =
      fmt::format(R"(MemoryName="NAND" MaxPayloadSizeFromTargetInBytes="2048" MaxPayloadSizeToTargetInBytes="{}" )"
                  R"(MaxPayloadSizeToTargetInBytesSupported="{}" TargetName="{}" )",
                  payload_, traits.max_payload, traits.target_name);
  if (traits.later_family) {
    text += R"(MinVersionSupported="1" Version="1" MaxXMLSizeInBytes="4096" )";
  }
  return text;
}

}  // namespace modemedic::twin
