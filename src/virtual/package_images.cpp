#include "virtual/package_images.h"

#include "firmware/boot_image.h"
#include "firmware/mbn.h"
#include "firmware/mibib.h"
#include "firmware/partition_mbn.h"
#include "firmware/ubi_writer.h"
#include "virtual/filler.h"
#include "virtual/signing_authority.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

// Sizes in bytes of one EG25-G release; of UBI volumes, their data.
struct Sizes {
  std::uint64_t appsboot, programmer, download_programmer, rpm, sbl, tz;
  std::uint64_t kernel, ramdisk, device_tree;
  std::uint64_t modem, recovery, system, usr_data;
};

constexpr Sizes real_sizes = {
    .appsboot = 477'916,
    .programmer = 128'376,
    .download_programmer = 100'988,
    .rpm = 160'904,
    .sbl = 223'176,
    .tz = 526'844,
    .kernel = 5'312'120,
    .ramdisk = 812'345,
    .device_tree = 174'080,
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
    .kernel = 20'000,
    .ramdisk = 3'000,
    .device_tree = 2'500,
    .modem = 270'000,
    .recovery = 9'000,
    .system = 300'000,
    .usr_data = 5'000,
};

/// SW_ID of a signed image.
namespace software {
constexpr std::uint32_t sbl = 0;
constexpr std::uint32_t programmer = 3;
constexpr std::uint32_t tz = 7;
constexpr std::uint32_t aboot = 9;
constexpr std::uint32_t rpm = 10;
}  // namespace software

using Read = std::function<void(std::uint64_t offset, std::span<std::byte> into)>;
using Sink = std::function<bool(ByteView)>;

/// Signs the images of one package, or none of them.
class ImageSigner {
public:
  ImageSigner(const Persona& persona, const std::string& name)
      : authority_(name), modem_{persona.hwid, 0, 0}, signs_(!name.empty()) {}

  firmware::MbnSignature sign(ByteView image, std::uint32_t software_id) const {
    return signs_ ? authority_.sign(image, software_id, modem_).value_or(firmware::MbnSignature{})
                  : firmware::MbnSignature{};
  }

private:
  SigningAuthority authority_;
  SignedFor modem_;
  bool signs_;
};

/// Makes the files of one package.
class Images {
public:
  Images(const Persona& persona, const firmware::Revision& revision, const GeneratorOptions& options)
      : geometry_(persona.geometry),
        table_(persona.table),
        revision_(revision),
        sizes_(options.scale == Scale::real ? real_sizes : small_sizes),
        identity_(fmt::format("{} {}", persona.id, revision.text)),
        signer_(persona, options.signed_by) {}

  GeneratedFile elf(std::string path, std::uint64_t size, std::uint32_t load_address, std::uint32_t software_id) const {
    auto filler = filler_for(path);
    return {std::move(path), size, [=, signer = signer_](const Sink& sink) {
              Buffer code(size - firmware::elf_overhead());
              filler.fill(0, code);
              // code and data, as the programmers have it
              auto split = code.size() * 3 / 4 / 4 * 4;
              const ByteView segments[] = {ByteView(code).first(split), ByteView(code).subspan(split)};
              sink(firmware::make_elf(segments, load_address, signer.sign(code, software_id)));
            }};
  }

  GeneratedFile sbl(std::string path) const {
    auto filler = filler_for(path);
    return {std::move(path), sizes_.sbl,
            [filler, signer = signer_, size = sizes_.sbl, page = geometry_.page_size](const Sink& sink) {
              auto certificates = signer.sign({}, software::sbl).certificates;
              Buffer code(size - firmware::sbl_overhead(page) - certificates.size());
              filler.fill(0, code);
              sink(firmware::make_sbl(code, page, certificates));
            }};
  }

  GeneratedFile boot(std::string path) const {
    auto filler = filler_for(path);
    std::uint64_t place = 0;
    auto part = [&](std::uint64_t size) {
      auto read = [filler, start = std::exchange(place, place + size)](
                      std::uint64_t offset, std::span<std::byte> into) { filler.fill(start + offset, into); };
      return firmware::BootImageContent::Part{size, read};
    };
    firmware::BootImageContent content;
    content.kernel = part(sizes_.kernel);
    content.ramdisk = part(sizes_.ramdisk);
    content.device_tree = part(sizes_.device_tree);
    content.name = "mdm9607";
    content.command_line = "noinitrd ro console=ttyHSL0,115200 androidboot.hardware=qcom rootfstype=squashfs";
    content.page_size = geometry_.page_size;
    auto size = firmware::boot_image_size(content);
    return {std::move(path), size,
            [content = std::move(content)](const Sink& sink) { firmware::write_boot_image(content, sink); }};
  }

  /// A UBI image with one volume whose data begin with `text`.
  GeneratedFile ubi(std::string path, std::string volume, std::uint64_t size, bool is_static, std::string text) const {
    auto filler = filler_for(path);
    firmware::UbiShape shape{geometry_.block_size(), geometry_.page_size,
                             static_cast<std::uint32_t>(filler.number()) | 1U};
    firmware::UbiVolumeContent content;
    content.name = std::move(volume);
    content.size = size;
    content.is_static = is_static;
    content.autoresize = !is_static;
    content.read = [filler, text = std::move(text)](std::uint64_t offset, std::span<std::byte> into) {
      filler.fill(offset, into);
      if (offset < text.size()) {
        auto rest = as_bytes(text).subspan(offset);
        std::ranges::copy(rest.first(std::min(rest.size(), into.size())), into.begin());
      }
    };
    auto pebs = firmware::ubi_image_pebs(shape, std::span(&content, 1));
    return {std::move(path), pebs * shape.peb_size, [shape, content = std::move(content)](const Sink& sink) {
              firmware::write_ubi(shape, std::span(&content, 1), sink);
            }};
  }

  static GeneratedFile bytes(std::string path, Buffer content) {
    auto size = content.size();
    return {std::move(path), size, [content = std::move(content)](const Sink& sink) { sink(content); }};
  }

  const Sizes& sizes() const { return sizes_; }

  /// What AT+CGMR will show, and the modem's half of the sub-version.
  std::string modem_lines() const {
    auto dot = revision_.sub_version.find('.');
    auto end = dot == std::string::npos ? dot : revision_.sub_version.find('.', dot + 1);
    return fmt::format("OEM_IMAGE_VERSION_STRING={}\nMODEM_VERSION={}\n", revision_.short_text(),
                       revision_.sub_version.substr(0, end));
  }

  std::string system_lines() const { return fmt::format("OEM_IMAGE_VERSION_STRING={}\n", revision_.text); }

  Buffer mibib() const { return firmware::make_mibib(table_, geometry_); }

  Buffer user_table() const {
    std::vector<firmware::UserPartition> users;
    for (const auto& partition : table_) {
      firmware::UserPartition user;
      user.name = partition.name;
      user.in_blocks = true;
      user.size = static_cast<std::uint32_t>(partition.range.count.n / geometry_.pages_per_block);
      users.push_back(std::move(user));
    }
    users.back().size.reset();
    return firmware::make_user_table(users);
  }

private:
  Filler filler_for(const std::string& path) const { return Filler::for_text(identity_ + " " + path); }

  Geometry geometry_;
  firmware::PartitionTable table_;
  firmware::Revision revision_;
  Sizes sizes_;
  std::string identity_;
  ImageSigner signer_;
};

/// Files are named otherwise for the two chips: releases for 2 KiB pages are "perf" builds.
struct Names {
  std::string boot, system, recovery;
};

Names names_for(const Geometry& geometry) {
  if (geometry.page_size == 2048) {
    return {"update/mdm9607-perf-boot.img", "update/mdm9607-perf-sysfs.ubi",
            "update/mdm-perf-recovery-image-mdm9607-perf.ubi"};
  }
  return {"update/mdm9607-boot.img", "update/mdm9607-sysfs.ubi", "update/mdm9607-recovery.ubi"};
}

bool has_usr_data(const Persona& persona) {
  return firmware::find_partition_any_case(persona.table, "usr_data") != nullptr;
}

}  // namespace

std::string geometry_suffix(const Geometry& geometry) {
  return fmt::format("p{}K_b{}K", geometry.page_size / 1_KiB, geometry.block_size() / 1_KiB);
}

std::vector<PlacedImage> placed_images(const Persona& persona) {
  auto names = names_for(persona.geometry);
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
  Images make(persona, revision, options);
  const auto& sizes = make.sizes();
  auto names = names_for(persona.geometry);
  auto suffix = geometry_suffix(persona.geometry);
  std::vector<GeneratedFile> files;
  files.push_back(make.elf("update/appsboot.mbn", sizes.appsboot, 0x8F600000, software::aboot));
  files.push_back(make.elf("update/ENPRG9x07.mbn", sizes.download_programmer, 0x08000000, software::programmer));
  files.push_back(make.elf("update/NPRG9x07.mbn", sizes.download_programmer, 0x08000000, software::programmer));
  files.push_back(make.ubi("update/NON-HLOS.ubi", "modem", sizes.modem, true, make.modem_lines()));
  files.push_back(make.boot(names.boot));
  files.push_back(make.ubi(names.system, "system", sizes.system, true, make.system_lines()));
  files.push_back(make.ubi(names.recovery, "recoveryfs", sizes.recovery, true, ""));
  files.push_back(Images::bytes("update/partition.mbn", make.user_table()));
  files.push_back(make.elf("update/rpm.mbn", sizes.rpm, 0x00200000, software::rpm));
  files.push_back(make.sbl("update/sbl1.mbn"));
  files.push_back(make.elf("update/tz.mbn", sizes.tz, 0x86600000, software::tz));
  if (has_usr_data(persona)) {
    files.push_back(make.ubi("update/usrdata.ubi", "usr_data", sizes.usr_data, false, ""));
  }
  files.push_back(Images::bytes(fmt::format("update/firehose/partition_complete_{}.mbn", suffix), make.mibib()));
  files.push_back(
      make.elf("update/firehose/prog_nand_firehose_9x07.mbn", sizes.programmer, 0x08000000, software::programmer));
  return files;
}

}  // namespace modemedic::twin
