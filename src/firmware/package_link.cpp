#include "firmware/package_link.h"

#include "firmware/bad_file.h"
#include "firmware/mibib.h"
#include "firmware/package_geometry.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::uint64_t largest_table_file = 1_MiB;

std::optional<std::size_t> file_at(const Package& package, std::string_view path) {
  auto folded = fold_case(path);
  for (std::size_t i = 0; i < package.files.size(); ++i) {
    if (fold_case(package.files[i].path) == folded) {
      return i;
    }
  }
  return std::nullopt;
}

Result<Image> link_image(const Package& package, std::size_t index) {
  const auto& command = package.commands[index];
  const auto& rawprogram = package.files[*package.rawprogram].path;
  auto path = resolve_path(folder_of(rawprogram), command.filename);
  if (!path) {
    return bad_file(rawprogram, fmt::format("{}: {}", describe(command, index), path.error().what));
  }
  auto file = file_at(package, *path);
  if (!file) {
    return fail(Code::package_bad)
        .what(fmt::format("{} is missing, and {} programs it", printable(*path), printable(rawprogram)))
        .hint("unpack or download the package again: it is not whole; nothing was sent to a modem");
  }
  auto size = package.files[*file].size;
  if (size == 0) {
    return bad_file(*path, "it is empty");
  }
  if (package.geometry.sectors_for(size) > command.range.count) {
    return bad_file(*path, fmt::format("it has {} bytes, but its partition ({}) only {}", size, describe(command.range),
                                       package.geometry.bytes(command.range.count)));
  }
  return Image{*file, {}, command.range, index};
}

bool is_table(const PackageFile& file) {
  static constexpr std::byte magic[] = {std::byte{0xAC}, std::byte{0x9F}, std::byte{0x56}, std::byte{0xFE}};
  return file.head.size() >= std::size(magic) && std::equal(std::begin(magic), std::end(magic), file.head.begin());
}

/// The file with the table: one that is programmed, told by its content.
Result<std::size_t> find_table(const Package& package) {
  std::optional<std::size_t> found;
  for (const auto& image : package.images) {
    if (!is_table(package.file(image))) {
      continue;
    }
    if (found && *found != image.file) {
      return bad_file(package.file(image).path,
                      fmt::format("it is a partition table, as {} is", printable(package.files[*found].path)));
    }
    found = image.file;
  }
  if (!found) {
    return fail(Code::package_bad)
        .what(fmt::format("{} programs no partition table (partition_complete_*.mbn with a MIBIB in it)",
                          printable(package.files[*package.rawprogram].path)))
        .hint("use a full package of the vendor: what belongs where on the chip cannot be known from this one");
  }
  return *found;
}

Result<void> name_image(Package& package, Image& image) {
  const auto* partition = partition_of(package.table, image.range);
  const auto& file = package.file(image).path;
  if (partition == nullptr) {
    return bad_file(package.files[*package.rawprogram].path,
                    fmt::format("{} goes to {}, which is no partition of the package's own table", printable(file),
                                describe(image.range)));
  }
  image.partition = partition->name;
  if (partition->range != image.range) {
    package.findings.push_back({Finding::Level::error, "mibib-mismatch",
                                fmt::format("{} is for {}, but the package's own table has {} at {}", printable(file),
                                            describe(image.range), partition->name, describe(partition->range))});
  }
  return {};
}

}  // namespace

Result<void> link_images(Package& package) {
  for (std::size_t i = 0; i < package.commands.size(); ++i) {
    if (package.commands[i].kind == RawCommand::Kind::program) {
      TRY_ASSIGN(auto image, link_image(package, i));
      package.images.push_back(std::move(image));
    }
  }
  if (package.images.empty()) {
    return bad_file(package.files[*package.rawprogram].path, "it programs nothing");
  }
  return {};
}

Result<void> link_table(Package& package) {
  TRY_ASSIGN(auto file, find_table(package));
  TRY_ASSIGN(auto bytes, read_file(package, file, largest_table_file));
  auto table = parse_mibib(bytes, package.geometry);
  if (!table) {
    auto error = std::move(table.error());
    error.during = "read " + printable(package.files[file].path);
    return fail(std::move(error));
  }
  package.table = std::move(*table);
  for (auto& image : package.images) {
    TRY(name_image(package, image));
  }
  return {};
}

}  // namespace modemedic::firmware
