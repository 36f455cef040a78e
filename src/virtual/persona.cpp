#include "virtual/persona.h"

#include "base/bytes.h"
#include "knowledge/embedded_data.h"
#include "knowledge/toml_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

#include <fmt/core.h>

namespace modemedic::twin {

namespace {

using knowledge::TomlReader;

constexpr std::string_view folder = "personas/";
constexpr std::uint64_t largest_chip = std::uint64_t{8} << 30U;

bool all_of(std::string_view text, std::size_t length, std::string_view allowed) {
  return text.size() == length && text.find_first_not_of(allowed) == std::string_view::npos;
}

void read_nand(TomlReader nand, Persona& persona) {
  auto& geometry = persona.geometry;
  geometry.page_size = static_cast<std::uint32_t>(nand.number("page_size", 16384));
  geometry.pages_per_block = static_cast<std::uint32_t>(nand.number("pages_per_block", 512));
  geometry.blocks = nand.number("blocks", 65536);
  if (geometry.page_size < 512 || !std::has_single_bit(geometry.page_size)) {
    nand.complain("page_size", "is no power of two from 512 on");
  }
  if (geometry.pages_per_block == 0 || geometry.blocks == 0 || geometry.chip_size() > largest_chip) {
    nand.complain("blocks", "makes an empty chip, or one of more than 8 GiB");
  }
  persona.spare_size = static_cast<std::uint32_t>(nand.number("spare_size", 4096));
  persona.flash_name = nand.text("flash_name");
  nand.each_number("factory_bad_blocks", std::max<std::uint64_t>(geometry.blocks, 1) - 1,
                   [&](std::uint64_t block) { persona.factory_bad_blocks.push_back(block); });
  nand.number_into("erase_block_us", persona.timing.erase_block_us);
  nand.number_into("program_page_us", persona.timing.program_page_us);
  nand.number_into("read_page_us", persona.timing.read_page_us);
  nand.done();
}

void read_programmer(TomlReader programmer, ProgrammerTraits& traits) {
  traits.target_name = programmer.text("target_name");
  programmer.number_into("default_payload", traits.default_payload);
  programmer.number_into("max_payload", traits.max_payload);
  programmer.number_into("erased_fill", traits.erased_fill);
  traits.later_family = programmer.flag("later_family");
  traits.build_date = programmer.text("build_date");
  if (traits.max_payload == 0 || traits.max_payload % 512 != 0 || traits.default_payload > traits.max_payload) {
    programmer.complain("max_payload", "is no multiple of 512, or less than default_payload");
  }
  programmer.done();
}

void read_boot(TomlReader boot, Persona& persona) {
  boot.number_into("edl_ms", persona.edl_ms);
  persona.fastboot_ms = persona.edl_ms;
  if (boot.has("fastboot_ms")) {
    boot.number_into("fastboot_ms", persona.fastboot_ms);
  }
  boot.number_into("boot_ms", persona.boot_ms);
  boot.number_into("at_ready_ms", persona.at_ready_ms);
  boot.done();
}

/// Partitions in the chip's order, whole blocks, none over another.
void read_table(TomlReader table, Persona& persona) {
  auto chip = persona.geometry.chip_sectors();
  auto block = std::max(persona.geometry.pages_per_block, 1U);
  Sectors free_from;
  table.each_table("partitions", [&](TomlReader& row) {
    firmware::Partition partition;
    partition.name = row.text("name");
    partition.range = {{row.number("start", chip.n)}, {row.number("length", chip.n)}};
    if (partition.name.empty() || partition.name.size() > 14) {  // with "0:" before it, it fills MIBIB's 16 bytes
      row.complain("name", "is empty or longer than 14 characters");
    }
    if (partition.range.start.n % block != 0 || partition.range.count.n % block != 0 || partition.range.count.n == 0) {
      row.complain("start", "and length are not whole blocks");
    }
    if (partition.range.start < free_from || partition.range.end() > chip) {
      row.complain("start", "lies in the partition before it, or the end beyond the chip");
    }
    if (row.has("fastboot")) {
      persona.fastboot_names[partition.name] = row.text("fastboot");
    }
    free_from = partition.range.end();
    persona.table.push_back(std::move(partition));
  });
  table.done();
}

/// "bulk-in 0x81"
std::optional<usb::EndpointInfo> parse_endpoint(std::string_view text) {
  struct Form {
    std::string_view name;
    usb::TransferType type;
    bool in;
    std::uint16_t max_packet;  // the interrupt endpoints' 10 bytes, every 32 ms: lsusb -v of an EC25
    std::uint8_t interval;
  };

  constexpr Form forms[] = {
      {"bulk-in 0x", usb::TransferType::bulk, true, 512, 0},
      {"bulk-out 0x", usb::TransferType::bulk, false, 512, 0},
      {"interrupt-in 0x", usb::TransferType::interrupt, true, 10, 9},
  };
  for (const auto& form : forms) {
    if (!text.starts_with(form.name)) {
      continue;
    }
    auto digits = text.substr(form.name.size());
    usb::EndpointInfo endpoint{0, form.type, form.max_packet, form.interval};
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.address, 16);
    auto number = endpoint.address & 0x7FU;
    auto whole = error == std::errc{} && end == digits.data() + digits.size();
    if (whole && endpoint.in() == form.in && number >= 1 && number <= 15) {
      return endpoint;
    }
  }
  return std::nullopt;
}

usb::Speed parse_speed(TomlReader& shape) {
  auto text = shape.text("speed");
  if (text == "super") {
    return usb::Speed::super;
  }
  if (text != "high") {
    shape.complain("speed", "is neither high nor super");
  }
  return usb::Speed::high;
}

void read_interface(TomlReader& row, usb::Fingerprint& shape) {
  usb::InterfaceInfo interface;
  interface.number = static_cast<std::uint8_t>(shape.interfaces.size());
  row.number_into("class", interface.cls);
  row.number_into("subclass", interface.subclass);
  row.number_into("protocol", interface.protocol);
  row.each_text("endpoints", [&](const std::string& text) {
    auto endpoint = parse_endpoint(text);
    if (!endpoint) {
      row.complain("endpoints", fmt::format("'{}' is none like 'bulk-in 0x81'", text));
      return;
    }
    interface.endpoints.push_back(*endpoint);
  });
  shape.interfaces.push_back(std::move(interface));
}

/// Two endpoints of one address would be one endpoint.
bool addresses_differ(const usb::Fingerprint& shape) {
  std::set<std::uint8_t> addresses;
  std::size_t count = 0;
  for (const auto& interface : shape.interfaces) {
    for (const auto& endpoint : interface.endpoints) {
      addresses.insert(endpoint.address);
      ++count;
    }
  }
  return addresses.size() == count;
}

usb::Fingerprint read_shape(TomlReader table) {
  usb::Fingerprint shape;
  table.number_into("vid", shape.vid);
  table.number_into("pid", shape.pid);
  table.number_into("bcd_device", shape.bcd_device);
  shape.manufacturer = table.text("manufacturer");
  shape.product = table.text("product");
  shape.serial = table.text_or("serial", "");
  shape.speed = parse_speed(table);
  table.each_table("interfaces", [&](TomlReader& row) { read_interface(row, shape); });
  if (!addresses_differ(shape)) {
    table.complain("interfaces", "have two endpoints of one address");
  }
  table.done();
  return shape;
}

Persona read_persona(TomlReader& root) {
  Persona persona;
  persona.id = root.text("id");
  persona.model = root.text("model");
  persona.summary = root.text("summary");
  persona.chip = root.text("chip");
  persona.revision = root.text("revision");
  persona.hwid = root.number("hwid", std::numeric_limits<std::int64_t>::max());
  persona.pk_hash = root.text("pk_hash");
  persona.fused = root.flag("fused");
  persona.imei_prefix = root.text("imei_prefix");
  persona.dark_when_torn = root.flag("dark_when_torn");
  if (!all_of(persona.pk_hash, 64, "0123456789abcdef")) {
    root.complain("pk_hash", "is not 64 lower-case hex digits");
  }
  if (!all_of(persona.imei_prefix, 8, "0123456789")) {
    root.complain("imei_prefix", "is not 8 digits");
  }
  read_nand(root.table("nand"), persona);
  if (!is_9x15(persona)) {
    read_programmer(root.table("programmer"), persona.programmer);
  }
  read_boot(root.table("boot"), persona);
  read_table(root.table("table"), persona);

  auto usb = root.table("usb");
  persona.running = read_shape(usb.table("running"));
  if (!is_9x15(persona)) {
    persona.edl = read_shape(usb.table("edl"));
    persona.dump = read_shape(usb.table("dump"));
  }
  persona.download = read_shape(usb.table("download"));
  persona.fastboot = read_shape(usb.table("fastboot"));
  persona.product = persona.running.product;
  usb.done();
  root.done();
  return persona;
}

}  // namespace

Result<Persona> parse_persona(std::string_view file, std::string_view content) {
  Persona persona;
  auto problem = knowledge::read_toml(content, [&](TomlReader& root) { persona = read_persona(root); });
  if (problem.empty()) {
    return persona;
  }
  return fail(Code::usage).what(fmt::format("{}: {}", file, problem)).during("read a persona");
}

Result<std::vector<Persona>> personas() {
  std::vector<Persona> all;
  for (const auto& file : knowledge::embedded_data()) {
    if (!file.path.starts_with(folder)) {
      continue;
    }
    auto persona = parse_persona(file.path, file.content);
    if (!persona) {
      return fail(Code::bug).what("a built-in persona is wrong: " + persona.error().what).cause(persona.error());
    }
    all.push_back(std::move(*persona));
  }
  std::ranges::sort(all, {}, &Persona::id);
  return all;
}

Result<Persona> find_persona(std::string_view id) {
  TRY_ASSIGN(auto all, personas());
  std::string known;
  for (auto& persona : all) {
    if (persona.id == id) {
      return std::move(persona);
    }
    known += (known.empty() ? "" : ", ") + persona.id;
  }
  return fail(Code::usage).what(fmt::format("there is no persona '{}'", printable(id))).hint("personas are " + known);
}

}  // namespace modemedic::twin
