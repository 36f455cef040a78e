#include "firmware/boot_image.h"
#include "firmware/elf_segments.h"
#include "firmware/mbn.h"
#include "firmware/package_findings.h"
#include "firmware/partition_role.h"
#include "firmware/safe_path.h"

#include <set>
#include <utility>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

/// Judges each image by its bytes: is it what its partition must hold, made for this chip, and whole?
class ImageFindings {
public:
  ImageFindings(Package& package, const std::vector<FileFacts>& facts) : package_(package), facts_(facts) {}

  void run() {
    for (const auto& image : package_.images) {
      about_shape(image);
      about_room(image);
      if (seen_.insert(image.file).second) {
        about_whole(image.file);
      }
    }
    about_whole(package_.programmer);
  }

private:
  void add(Finding::Level level, const char* id, std::string text) {
    package_.findings.push_back({level, id, std::move(text)});
  }

  /// What a partition's name promises. The boot ROM's code word is known of the 9x07 and 9x40 only.
  void about_shape(const Image& image) {
    const auto& file = package_.file(image);
    auto head = ByteView(file.head);
    auto partition = fold_case(image.partition);
    auto odd = [&](const char* why) {
      add(Finding::Level::warning, "image-shape",
          fmt::format("{} for {} {}", printable(file.path), image.partition, why));
    };
    bool has_code_word = package_.chip.empty() || package_.chip == "9x07" || package_.chip == "9x40";
    if (partition == "sbl" && !has_sbl_code_word(head) && (has_code_word || !is_elf(head))) {
      odd("does not start with the code word that the boot ROM looks for");
    }
    if ((partition == "boot" || partition == "recovery") && !has_boot_magic(head)) {
      odd("is no boot image (ANDROID!)");
    }
    if ((partition == "system" || partition == "modem") && !facts_[image.file].ubi) {
      odd("is no UBI image");
    }
  }

  /// An image that fills its partition to the last block leaves nothing for a bad one.
  void about_room(const Image& image) {
    auto needed = package_.geometry.sectors(package_.geometry.blocks_for(package_.file(image).size));
    if (role_of(image.partition) != Role::mibib && needed == image.range.count) {
      add(Finding::Level::note, "no-spare",
          fmt::format("{} fills {} to the last block: one bad block in there, and it does not fit",
                      printable(package_.file(image).path), image.partition));
    }
  }

  void about_whole(std::size_t index) {
    const auto& file = package_.files[index];
    if (facts_[index].ubi) {
      about_ubi(file, *facts_[index].ubi);
    }
    if (has_boot_magic(file.head)) {
      about_boot_image(file);
    }
    if (file.content && is_elf(*file.content)) {
      damaged_if_wrong(file, check_elf(*file.content));
    } else if (file.content && has_sbl_code_word(*file.content)) {
      damaged_if_wrong(file, check_sbl(*file.content));
    }
  }

  void about_ubi(const PackageFile& file, const UbiReport& report) {
    auto wrong = [&](const std::string& why) {
      add(Finding::Level::error, "ubi", fmt::format("{}: {}", printable(file.path), why));
    };
    auto kib = [](std::uint64_t bytes) { return fmt::format("{} KiB", bytes / 1_KiB); };
    const auto& chip = package_.geometry;
    if (report.block_size != 0 && report.block_size != chip.block_size()) {
      wrong(fmt::format("it is a UBI image for blocks of {}, and the chip's have {}", kib(report.block_size),
                        kib(chip.block_size())));
    } else if (!report.problem.empty()) {
      wrong(report.problem);
    } else if (report.page_size != chip.page_size) {
      wrong(fmt::format("it is a UBI image for pages of {}, and the chip's have {}", kib(report.page_size),
                        kib(chip.page_size)));
    }
  }

  void about_boot_image(const PackageFile& file) {
    auto shape = read_boot_image_shape(file.head);
    if (!shape) {
      add(Finding::Level::warning, "boot-image", fmt::format("{}: {}", printable(file.path), shape.error().what));
    } else if (shape->size > file.size) {
      add(Finding::Level::error, "boot-image",
          fmt::format("{} is cut: it has {} bytes, its header speaks of {}", printable(file.path), file.size,
                      shape->size));
    } else if (shape->page_size != package_.geometry.page_size) {
      add(Finding::Level::warning, "boot-image",
          fmt::format("{} is made for pages of {} bytes, and the chip's have {}", printable(file.path),
                      shape->page_size, package_.geometry.page_size));
    }
  }

  void damaged_if_wrong(const PackageFile& file, const Result<std::uint64_t>& checked) {
    if (!checked) {
      add(Finding::Level::warning, "image-damaged", fmt::format("{}: {}", printable(file.path), checked.error().what));
    }
  }

  Package& package_;
  const std::vector<FileFacts>& facts_;
  std::set<std::size_t> seen_;
};

}  // namespace

void add_image_findings(Package& package, const std::vector<FileFacts>& facts) {
  ImageFindings(package, facts).run();
}

}  // namespace modemedic::firmware
