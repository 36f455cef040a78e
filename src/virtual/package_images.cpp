#include "virtual/package_images.h"

#include "firmware/mibib.h"
#include "firmware/partition_mbn.h"
#include "virtual/image_maker.h"
#include "virtual/loader_mark.h"
#include "virtual/package_family.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

// Sizes in bytes of one EG25-G release; of UBI volumes, their data.
struct Sizes {
  std::uint64_t appsboot, programmer, download_programmer, rpm, sbl, tz;
  ImageMaker::BootSizes boot;
  std::uint64_t modem, recovery, system, usr_data;
};

constexpr Sizes real_sizes = {
    .appsboot = 477'916,
    .programmer = 128'376,
    .download_programmer = 100'988,
    .rpm = 160'904,
    .sbl = 223'176,
    .tz = 526'844,
    .boot = {5'312'120, 812'345, 174'080},
    .modem = 42'000'000,
    .recovery = 9'100'000,
    .system = 27'400'000,
    .usr_data = 1'700'000,
};

// The smallest that still have all their parts: volumes of two blocks, programs of two segments.
constexpr Sizes small_sizes = {
    .appsboot = 14'336,
    .programmer = 18'432,
    .download_programmer = 12'288,
    .rpm = 11'000,
    .sbl = 13'000,
    .tz = 15'100,
    .boot = {20'000, 3'000, 2'500},
    .modem = 270'000,
    .recovery = 9'000,
    .system = 300'000,
    .usr_data = 5'000,
};

/// SW_ID of a signed image.
namespace software {
constexpr std::uint32_t programmer = 3;
constexpr std::uint32_t tz = 7;
constexpr std::uint32_t aboot = 9;
constexpr std::uint32_t rpm = 10;
}  // namespace software

constexpr auto kernel_command_line = "noinitrd ro console=ttyHSL0,115200 androidboot.hardware=qcom rootfstype=squashfs";

// What the images of a package of another vendor say in its place.
constexpr auto foreign_lines = "Manufacturer: SIMCOM INCORPORATED\nRevision: LE11B12SIM7600M22\n";

/// What AT+CGMR will show, and the modem's half of the sub-version.
std::string modem_lines(const firmware::Revision& revision) {
  auto dot = revision.sub_version.find('.');
  auto end = dot == std::string::npos ? dot : revision.sub_version.find('.', dot + 1);
  return fmt::format("OEM_IMAGE_VERSION_STRING={}\nMODEM_VERSION={}\n", revision.short_text(),
                     revision.sub_version.substr(0, end));
}

std::string system_lines(const firmware::Revision& revision) {
  return fmt::format("OEM_IMAGE_VERSION_STRING={}\n", revision.text);
}

Buffer user_table(const Persona& persona) {
  std::vector<firmware::UserPartition> users;
  for (const auto& partition : persona.table) {
    firmware::UserPartition user;
    user.name = partition.name;
    user.in_blocks = true;
    user.size = static_cast<std::uint32_t>(partition.range.count.n / persona.geometry.pages_per_block);
    users.push_back(std::move(user));
  }
  users.back().size.reset();
  return firmware::make_user_table(users);
}

bool has_usr_data(const Persona& persona) {
  return firmware::find_partition_any_case(persona.table, "usr_data") != nullptr;
}

}  // namespace

std::string geometry_suffix(const Geometry& geometry) {
  return fmt::format("p{}K_b{}K", geometry.page_size / 1_KiB, geometry.block_size() / 1_KiB);
}

std::vector<PlacedImage> placed_images(const Persona& persona) {
  const auto& family = package_family(persona.chip);
  auto names = image_names(family, persona.geometry);
  const std::pair<std::string_view, std::string> places[] = {
      {"sbl", "update/sbl1.mbn"},
      {"mibib", fmt::format("update/firehose/partition_complete_{}.mbn", geometry_suffix(persona.geometry))},
      {"tz", "update/tz.mbn"},
      {"rpm", "update/rpm.mbn"},
      {"aboot", "update/appsboot.mbn"},
      {"boot", names.boot},
      {"recovery", names.boot},
      {"modem", "update/NON-HLOS.ubi"},
      {"recoveryfs", names.recovery},
      {"usr_data", "update/usrdata.ubi"},
      {"system", names.system},
  };
  std::vector<PlacedImage> placed;
  for (const auto& partition : persona.table) {
    for (const auto& [name, path] : places) {
      if (firmware::find_partition_any_case({partition}, name) != nullptr) {
        placed.push_back({partition.name, path});
      }
    }
  }
  return placed;
}

std::vector<GeneratedFile> binary_files(const Persona& persona, const firmware::Revision& revision,
                                        const GeneratorOptions& options) {
  const ImageMaker make(persona, revision, options);
  const auto& sizes = options.scale == Scale::real ? real_sizes : small_sizes;
  const auto& family = package_family(persona.chip);
  auto names = image_names(family, persona.geometry);
  auto suffix = geometry_suffix(persona.geometry);
  std::vector<GeneratedFile> files;
  files.push_back(make.elf("update/appsboot.mbn", sizes.appsboot, 0x8F600000, software::aboot));
  for (auto program : family.programs) {
    files.push_back(make.elf(fmt::format("update/{}", program), sizes.download_programmer, 0x08000000,
                             software::programmer, family.chip == "9x07" ? std::string(loader_mark) : std::string()));
  }
  files.push_back(make.ubi("update/NON-HLOS.ubi", "modem", sizes.modem, true,
                           options.other_vendor ? foreign_lines : modem_lines(revision)));
  files.push_back(make.boot(names.boot, sizes.boot, std::string(family.prefix), kernel_command_line));
  files.push_back(make.ubi(names.system, "system", sizes.system, true,
                           options.other_vendor ? foreign_lines : system_lines(revision)));
  files.push_back(make.ubi(names.recovery, "recoveryfs", sizes.recovery, true, ""));
  files.push_back(ImageMaker::bytes("update/partition.mbn", user_table(persona)));
  files.push_back(make.elf("update/rpm.mbn", sizes.rpm, 0x00200000, software::rpm));
  files.push_back(make.sbl("update/sbl1.mbn", sizes.sbl));
  files.push_back(make.elf("update/tz.mbn", sizes.tz, 0x86600000, software::tz));
  if (has_usr_data(persona)) {
    files.push_back(make.ubi("update/usrdata.ubi", "usr_data", sizes.usr_data, false, ""));
  }
  files.push_back(ImageMaker::bytes(fmt::format("update/firehose/partition_complete_{}.mbn", suffix),
                                    firmware::make_mibib(persona.table, persona.geometry)));
  files.push_back(make.elf(fmt::format("update/firehose/{}", family.programmer), sizes.programmer, 0x08000000,
                           software::programmer));
  return files;
}

}  // namespace modemedic::twin
