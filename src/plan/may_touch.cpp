#include "plan/may_touch.h"

#include "firmware/package_geometry.h"
#include "firmware/partition_role.h"
#include "plan/ranges.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::plan {

using firmware::describe;
using firmware::Image;
using firmware::Package;
using firmware::Partition;
using firmware::RawCommand;
using firmware::Role;
using firmware::role_of;

namespace {

constexpr auto nothing_sent = "use an unchanged package of the vendor; nothing was sent to the modem";

std::string verb(const RawCommand& command) {
  return command.kind == RawCommand::Kind::erase ? "erase" : fmt::format("program {}", printable(command.filename));
}

/// A range that the package erases or writes keeps to partitions of its table that a flash may touch.
Result<void> check_range(const Package& package, const SectorRange& range, const std::string& what) {
  Sectors named{};
  for (const auto& partition : package.table) {
    if (!on_chip(partition.range, package.geometry) || !partition.range.overlaps(range)) {
      continue;
    }
    auto role = role_of(partition.name);
    if (role == Role::calibrated) {
      return fail(Code::refused)
          .rule("efs")
          .what(fmt::format("{} at {} would destroy {}", what, describe(range), printable(partition.name)))
          .hint("IMEI and RF calibration belong to this one module and cannot be made again; nothing was sent");
    }
    if (role == Role::kept) {
      return fail(Code::refused)
          .rule("partition")
          .what(fmt::format("{} at {} would touch {}, which no normal package does", what, describe(range),
                            printable(partition.name)))
          .hint(nothing_sent);
    }
    named += std::min(partition.range.end(), range.end()) - std::max(partition.range.start, range.start);
  }
  if (named != range.count) {
    return fail(Code::refused)
        .rule("partition")
        .what(fmt::format("{} at {} reaches beyond the partitions of the package's own table", what, describe(range)))
        .hint(nothing_sent);
  }
  return {};
}

Result<void> check_command(const Package& package, const RawCommand& command) {
  if (firmware::erases_whole_chip(command, package.geometry)) {
    return fail(Code::refused)
        .rule("erase-all")
        .what("the package erases the whole chip, IMEI and RF calibration included")
        .hint(nothing_sent);
  }
  if (!on_chip(command.range, package.geometry)) {
    return fail(Code::package_bad)
        .what(fmt::format("{}: start {} and count {} are not on a chip of {} sectors", verb(command),
                          command.range.start.n, command.range.count.n, package.geometry.chip_sectors().n))
        .hint(nothing_sent);
  }
  if (!whole_blocks(command.range, package.geometry)) {
    return fail(Code::package_bad)
        .what(fmt::format("{}: {} are not whole blocks of {} sectors", verb(command), describe(command.range),
                          package.geometry.pages_per_block))
        .hint(nothing_sent);
  }
  return check_range(package, command.range, verb(command));
}

Result<void> check_image(const Package& package, const Image& image) {
  auto named = [&](const Partition& p) { return p.name == image.partition && p.range == image.range; };
  if (std::none_of(package.table.begin(), package.table.end(), named)) {
    return fail(Code::refused)
        .rule("partition")
        .what(fmt::format("the package's table has no partition {} at {}", printable(image.partition),
                          describe(image.range)))
        .hint(nothing_sent);
  }
  const auto& file = package.file(image);
  if (file.size == 0) {
    return fail(Code::package_bad).what(fmt::format("{} is empty", printable(file.path))).hint(nothing_sent);
  }
  if (package.geometry.sectors_for(file.size) > image.range.count) {
    return fail(Code::package_bad)
        .what(fmt::format("{} has {} bytes, its partition {} only {}", printable(file.path), file.size,
                          printable(image.partition), package.geometry.bytes(image.range.count)))
        .hint(nothing_sent);
  }
  return {};
}

/// Exactly one image with this role.
Result<const Image*> the_image(const Package& package, Role role, std::string_view name) {
  auto has_role = [role](const Image& image) { return role_of(image.partition) == role; };
  auto found = std::find_if(package.images.begin(), package.images.end(), has_role);
  if (found == package.images.end()) {
    return fail(Code::refused)
        .rule("partition")
        .what(fmt::format("the package has no image for {}: it is no full flash", name))
        .hint("use a full firmware package; a part of one leaves a modem that may not start");
  }
  if (std::any_of(found + 1, package.images.end(), has_role)) {
    return fail(Code::package_bad).what(fmt::format("more than one image is for {}", name)).hint(nothing_sent);
  }
  return &*found;
}

Result<void> check_one_image_each(const Package& package) {
  for (const auto& image : package.images) {
    auto same = [&](const Image& other) { return other.range.overlaps(image.range); };
    if (std::count_if(package.images.begin(), package.images.end(), same) > 1) {
      return fail(Code::package_bad)
          .what(fmt::format("more than one image is for {} ({})", printable(image.partition), describe(image.range)))
          .hint(nothing_sent);
    }
  }
  return {};
}

/// Without an EFS2 in the table nobody can say which sectors hold the module's own data.
Result<void> check_table(const Package& package) {
  auto calibrated = [](const Partition& p) { return role_of(p.name) == Role::calibrated; };
  if (std::none_of(package.table.begin(), package.table.end(), calibrated)) {
    return fail(Code::refused)
        .rule("efs")
        .what("the package's partition table has no EFS2: what must be left alone is unknown")
        .hint(nothing_sent);
  }
  return {};
}

/// The safe order rests on what the boot chain does at a cut, which is known of the 9x07 only.
Result<void> check_kind(const Package& package) {
  if (package.kind == firmware::PackageKind::firehose && package.chip == "9x07") {
    return {};
  }
  return fail(Code::refused)
      .rule("method")
      .what(package.chip.empty()
                ? "nobody knows for which chip this package is"
                : fmt::format("the package is for the {}: how to flash that one without leaving it dead "
                              "at a power cut is not known here",
                              printable(package.chip)))
      .hint("this version flashes the 9x07 (EC21, EC25, EG25-G, EG91, EG95, EM05); nothing was sent to a modem");
}

/// What the reader found to be plainly wrong is not flashed, also where no rule above says so: a UBI image for other
/// blocks, a boot image that is cut.
Result<void> check_findings(const Package& package) {
  auto wrong = std::ranges::find(package.findings, firmware::Finding::Level::error, &firmware::Finding::level);
  if (wrong == package.findings.end()) {
    return {};
  }
  return fail(Code::refused).rule(wrong->id).what(wrong->text).hint(nothing_sent);
}

}  // namespace

Result<void> check_may_touch(const Package& package) {
  TRY(check_kind(package));
  if (package.geometry.page_size == 0 || package.geometry.pages_per_block == 0) {
    return fail(Code::package_bad).what("the package has no page or block size").hint(nothing_sent);
  }
  TRY(check_table(package));
  for (const auto& command : package.commands) {
    TRY(check_command(package, command));
  }
  for (const auto& image : package.images) {
    TRY(check_image(package, image));
    TRY(check_range(package, image.range, "program " + printable(package.file(image).path)));
  }
  TRY(check_one_image_each(package));
  TRY_ASSIGN(const auto* sbl, the_image(package, Role::sbl, "SBL"));
  TRY(the_image(package, Role::mibib, "MIBIB"));
  if (sbl->range.start.n != 0) {
    return fail(Code::refused)
        .rule("partition")
        .what(fmt::format("SBL is at sector {}, but the boot ROM looks for it at sector 0", sbl->range.start.n))
        .hint(nothing_sent);
  }
  return check_findings(package);
}

}  // namespace modemedic::plan
