#include "virtual/package_9x15.h"

#include "firmware/mibib.h"
#include "firmware/partition_mbn.h"
#include "firmware/yaffs2.h"
#include "virtual/image_maker.h"
#include "virtual/loader_mark.h"
#include "virtual/package_texts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

using Sink = std::function<bool(ByteView)>;

// Sizes in bytes: of the files, and of the programs that the loaders' HEX files hold.
struct Sizes {
  std::uint64_t appsboot, dsp1, dsp2, dsp3, rpm, sbl1, sbl2;
  std::uint64_t emergency_loader, loader;
  ImageMaker::BootSizes boot;
  std::uint64_t recovery, usr, rootfs, first_piece, second_piece;
  std::uint64_t qcn;
};

constexpr Sizes real_sizes = {
    .appsboot = 81'792,
    .dsp1 = 3'461'752,
    .dsp2 = 35'500'288,
    .dsp3 = 6'796'077,
    .rpm = 104'536,
    .sbl1 = 118'548,
    .sbl2 = 365'008,
    .emergency_loader = 74'876,
    .loader = 61'164,
    .boot = {5'500'000, 817'000, 0},
    .recovery = 10'118'592,
    .usr = 28'936'512,
    .rootfs = 10'429'056,
    .first_piece = 31'457'280,
    .second_piece = 18'032'640,
    .qcn = 9'728,
};

constexpr std::uint64_t stride = 2112;

// The smallest that still have all their parts.
constexpr Sizes small_sizes = {
    .appsboot = 9'000,
    .dsp1 = 14'000,
    .dsp2 = 40'000,
    .dsp3 = 15'000,
    .rpm = 9'500,
    .sbl1 = 13'000,
    .sbl2 = 12'000,
    .emergency_loader = 5'000,
    .loader = 4'000,
    .boot = {20'000, 3'000, 0},
    .recovery = 12 * stride,
    .usr = 20 * stride,
    .rootfs = 150 * stride,  // more than two blocks
    .first_piece = 16'384,
    .second_piece = 10'000,
    .qcn = 512,
};

constexpr auto boot_file = "boot-oe-msm9615.img";
constexpr auto recovery_boot_file = "recovery-boot-oe-msm9615.img";
constexpr auto recovery_file = "9615-cdp-recovery-image-9615-cdp.yaffs2";
constexpr auto usr_file = "9615-cdp-usr-image.usrfs.yaffs2";
constexpr auto rootfs_file = "msm-9615-cdp-image--ipk-9615-cdp.rootfs.yaffs2";
constexpr auto command_line = "noinitrd ro console=ttyHSL0,115200,n8 androidboot.hardware=qcom";

constexpr std::uint32_t loader_address = 0x41700000;
constexpr std::uint32_t emergency_loader_address = 0x2A000000;

/// image_id of a 40-byte MBN header.
namespace image {
constexpr std::uint32_t appsboot = 5;
constexpr std::uint32_t sbl2 = 0x16;
constexpr std::uint32_t rpm = 0x17;
}  // namespace image

constexpr std::uint64_t block_kib = 128;
constexpr std::uint32_t table_version = 3;

/// Bytes [from, from + count) of an image that comes in two pieces. What a real one holds is not known.
GeneratedFile piece_of(const Filler& whole, std::string path, std::uint64_t from, std::uint64_t count) {
  return {std::move(path), count, [whole, from, count](const Sink& sink) {
            Buffer bytes;
            for (std::uint64_t at = 0; at < count; at += bytes.size()) {
              bytes.resize(std::min<std::uint64_t>(count - at, 64_KiB));
              whole.fill(from + at, bytes);
              if (!sink(bytes)) {
                return;
              }
            }
          }};
}

std::string version_line(const firmware::Revision& revision) {
  return fmt::format("OEM_IMAGE_VERSION_STRING={}\n", revision.text);
}

/// The files that go into a partition, by the partition's name.
std::vector<FactoryImage> images(const ImageMaker& make, const Sizes& sizes, const firmware::Revision& revision) {
  auto yaffs2 = [&](const char* path, std::uint64_t size, std::string text = {}) {
    return make.yaffs2(path, size, std::move(text));
  };
  return {
      {"SBL1", make.sbl("sbl1.mbn", sizes.sbl1)},
      {"SBL2", make.mbn("sbl2.mbn", sizes.sbl2, image::sbl2, 0x2A000000)},
      {"RPM", make.mbn("rpm.mbn", sizes.rpm, image::rpm, 0x00020000)},
      {"APPSBL", make.mbn("appsboot.mbn", sizes.appsboot, image::appsboot, 0x8F600000)},
      {"dsp1", make.elf("dsp1.mbn", sizes.dsp1, 0x89000000, 0)},
      {"dsp2", make.elf("dsp2.mbn", sizes.dsp2, 0x8A000000, 0, version_line(revision))},
      {"dsp3", make.elf("dsp3.mbn", sizes.dsp3, 0x8E000000, 0)},
      {"boot", make.boot(boot_file, sizes.boot, "msm9615", command_line)},
      {"recovery", make.boot(recovery_boot_file, sizes.boot, "msm9615", command_line)},
      {"recoveryfs", yaffs2(recovery_file, sizes.recovery)},
      {"userdata", yaffs2(usr_file, sizes.usr)},
      {"system", yaffs2(rootfs_file, sizes.rootfs, version_line(revision))},
  };
}

/// The image without its pages' spare areas: what fastboot programs of it.
GeneratedFile pages_of(GeneratedFile image) {
  auto size = image.size / stride * (stride - 64);
  return {image.path, size, [image = std::move(image)](const Sink& sink) {
            image.write([&](ByteView page) { return sink(page.first(stride - 64)); });
          }};
}

}  // namespace

Buffer user_table_9x15(const Persona& persona) {
  std::vector<firmware::UserPartition> users;
  for (const auto& partition : persona.table) {
    auto blocks = partition.range.count.n / persona.geometry.pages_per_block;
    firmware::UserPartition user;
    user.name = partition.name;
    user.size = static_cast<std::uint32_t>((blocks - 1) * block_kib);
    user.pad_kib = static_cast<std::uint16_t>(block_kib);
    users.push_back(std::move(user));
  }
  users.back().size.reset();
  return firmware::make_user_table(users, table_version);
}

std::vector<GeneratedFile> files_9x15(const Persona& persona, const firmware::Revision& revision,
                                      const GeneratorOptions& options) {
  const ImageMaker make(persona, revision, options);
  const auto& sizes = options.scale == Scale::real ? real_sizes : small_sizes;
  std::vector<GeneratedFile> files;
  for (auto& image : images(make, sizes, revision)) {
    files.push_back(std::move(image.content));
  }
  files.push_back(make.hex("NPRG9x15.hex", sizes.loader, loader_address, loader_mark));
  files.push_back(make.hex("ENPRG9x15.hex", sizes.emergency_loader, emergency_loader_address, loader_mark));
  files.push_back(ImageMaker::bytes("partition.mbn", user_table_9x15(persona)));
  files.push_back(ImageMaker::bytes("partition2.mbn", user_table_9x15(persona)));
  if (options.split_image) {
    auto whole = make.filler_for("yaffs_head");
    files.push_back(piece_of(whole, "yaffs_head.aa", 0, sizes.first_piece));
    files.push_back(piece_of(whole, "yaffs_head.ab", sizes.first_piece, sizes.second_piece));
  }
  Buffer qcn(sizes.qcn);
  make.filler_for("qcn").fill(0, qcn);
  files.push_back(ImageMaker::bytes(revision.text + ".qcn", std::move(qcn)));
  auto notes = release_notes_pdf(revision);
  files.push_back(
      ImageMaker::bytes(revision.text + "_Release_Notes.pdf", Buffer(as_bytes(notes).begin(), as_bytes(notes).end())));
  return files;
}

std::vector<FactoryImage> factory_images_9x15(const Persona& persona, const firmware::Revision& revision, Scale scale) {
  const ImageMaker make(persona, revision, {.scale = scale});
  auto all = images(make, scale == Scale::real ? real_sizes : small_sizes, revision);
  for (auto& image : all) {
    if (image.content.path.ends_with(".yaffs2")) {
      image.content = pages_of(std::move(image.content));
    }
  }
  all.push_back({"MIBIB", ImageMaker::bytes("MIBIB", firmware::make_mibib(persona.table, persona.geometry))});
  return all;
}

}  // namespace modemedic::twin
