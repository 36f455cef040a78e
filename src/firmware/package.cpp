#include "firmware/package.h"

#include "firmware/bad_file.h"
#include "firmware/contents_xml.h"
#include "firmware/image_reader.h"
#include "firmware/md5_list.h"
#include "firmware/package_findings.h"
#include "firmware/package_geometry.h"
#include "firmware/package_identity.h"
#include "firmware/package_link.h"
#include "firmware/package_source.h"
#include "firmware/package_streaming.h"
#include "firmware/package_use.h"
#include "firmware/partition_nand.h"

#include <utility>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::uint64_t largest_steering_file = 1_MiB;
constexpr auto nothing_sent = "nothing was sent";

Result<Buffer> read_steering(const Package& package, std::size_t file) {
  return read_file(package, file, largest_steering_file);
}

Result<void> check_against_list(Package& package, const PackageLayout& layout) {
  if (!layout.md5_list) {
    return check_digests(package, nullptr);
  }
  TRY_ASSIGN(auto text, read_steering(package, *layout.md5_list));
  TRY_ASSIGN(auto list, parse_md5_list(text, package.files[*layout.md5_list].path));
  return check_digests(package, &list);
}

Result<void> read_commands(Package& package) {
  const auto& path = package.files[*package.rawprogram].path;
  TRY_ASSIGN(auto xml, read_steering(package, *package.rawprogram));
  TRY_ASSIGN(package.commands, parse_rawprogram(xml, path));
  TRY_ASSIGN(auto header, parse_raw_header(xml, path));
  TRY_ASSIGN(package.geometry, geometry_of(package.commands, header, path));
  if (!header.chip_sectors) {
    package.findings.push_back({Finding::Level::warning, "chip-size",
                                fmt::format("{} does not say how big the chip is; taken as {} blocks", printable(path),
                                            package.geometry.blocks)});
  }
  return check_ranges(package.commands, package.geometry, path);
}

Result<Contents> read_contents(const Package& package, const PackageLayout& layout) {
  if (!layout.contents) {
    return Contents{};
  }
  TRY_ASSIGN(auto xml, read_steering(package, *layout.contents));
  return parse_contents(xml, package.files[*layout.contents].path);
}

/// NAND patches name the partition file, in which they already are; none was ever seen that is for the chip itself.
Result<void> look_at_patches(Package& package, const PackageLayout& layout) {
  if (!layout.patch) {
    return {};
  }
  TRY_ASSIGN(auto xml, read_steering(package, *layout.patch));
  TRY_ASSIGN(auto patches, count_patches(xml, package.files[*layout.patch].path));
  if (patches.on_disk > 0) {
    package.findings.push_back(
        {Finding::Level::warning, "disk-patches",
         fmt::format("{} has {} patches for the chip itself; a NAND programmer knows no patch, so they are not sent",
                     printable(package.files[*layout.patch].path), patches.on_disk)});
  }
  return {};
}

Result<void> read_user_table(Package& package, const PackageLayout& layout) {
  if (!layout.user_table) {
    return {};
  }
  TRY_ASSIGN(auto bytes, read_steering(package, *layout.user_table));
  auto table = parse_user_table(bytes);
  if (!table) {
    // Nothing of a Firehose flash comes from it, and a 9x15 one compares it with the chip's own.
    package.findings.push_back(
        {Finding::Level::warning, "user-table",
         fmt::format("{}: {}", printable(package.files[*layout.user_table].path), table.error().what)});
    return {};
  }
  package.user_table = std::move(*table);
  return {};
}

/// The package's other tables must tell the same as its MIBIB; nothing is taken from them.
Result<void> look_at_tables(Package& package, const PackageLayout& layout) {
  if (!package.user_table.empty()) {
    compare_tables(package, package.user_table, printable(package.files[*layout.user_table].path));
  }
  if (!layout.user_table_xml) {
    return {};
  }
  const auto& path = package.files[*layout.user_table_xml].path;
  TRY_ASSIGN(auto xml, read_steering(package, *layout.user_table_xml));
  if (auto table = parse_partition_nand(xml, path)) {
    compare_tables(package, *table, printable(path));
  } else {
    package.findings.push_back({Finding::Level::warning, "tables", table.error().what});
  }
  return {};
}

Result<void> link_firehose(Package& package, const PackageLayout& layout) {
  TRY(read_commands(package));
  TRY(link_images(package));
  TRY(link_table(package));
  return look_at_patches(package, layout);
}

Result<Package> read(const std::string& path, const PackageChoice& choice, Events& events,
                     const std::stop_token& stop) {
  TRY_ASSIGN(auto found, find_package(path, choice, events, stop));
  TRY_ASSIGN(auto layout, lay_out(*found.source, found.root, choice));
  Package package;
  package.kind = layout.kind;
  package.path = path;
  package.inside = found.inside;
  package.root = layout.root;
  package.source = found.source;
  package.programmer = layout.programmer;
  package.rawprogram = layout.rawprogram;
  package.geometry = {0, 0, 0};

  TRY_ASSIGN(auto read, found.reader->read(*package.source, layout));
  package.files = std::move(read.files);
  TRY(check_against_list(package, layout));
  TRY(package.kind == PackageKind::firehose ? link_firehose(package, layout) : link_streaming_images(package));
  TRY(read_user_table(package, layout));
  TRY_ASSIGN(auto contents, read_contents(package, layout));
  set_chip(package, contents);
  set_signing(package);
  set_revision(package, read.facts);
  set_maker(package, read.facts);
  set_uses(package, layout);
  if (package.kind == PackageKind::firehose) {
    TRY(look_at_tables(package, layout));
    add_findings(package, read.facts);
  } else {
    add_streaming_findings(package, read.facts);
  }
  return package;
}

}  // namespace

Result<Package> read_package(const std::string& path, const PackageChoice& choice, Events& events,
                             const std::stop_token& stop) {
  auto package = read(path, choice, events, stop);
  if (!package) {
    auto error = std::move(package.error());
    error.during = error.during.empty() ? path : fmt::format("{}, {}", path, error.during);
    if (error.hint.empty()) {
      error.hint = "name a firmware package: a folder, .zip, .7z or .tar that can be read";
    }
    if (error.hint.find(nothing_sent) == std::string::npos) {
      error.hint += fmt::format("; {} to a modem", nothing_sent);
    }
    return fail(std::move(error));
  }
  return package;
}

Result<Buffer> read_file(const Package& package, std::size_t file, std::uint64_t limit) {
  const auto& entry = package.files.at(file);
  if (entry.size > limit) {
    return bad_file(entry.path, fmt::format("it has {} bytes, and no such file needs more than {}", entry.size, limit));
  }
  if (entry.content) {
    return *entry.content;
  }
  TRY_ASSIGN(auto reader, ImageReader::open(package, file));
  Buffer bytes;
  bytes.reserve(entry.size);
  for (;;) {
    TRY_ASSIGN(auto chunk, reader->next(64_KiB));
    if (chunk.empty()) {
      break;
    }
    bytes.insert(bytes.end(), chunk.begin(), chunk.end());
  }
  TRY(reader->verify());
  return bytes;
}

}  // namespace modemedic::firmware
