#include "firmware/boot_image.h"
#include "firmware/elf_segments.h"
#include "firmware/mbn.h"
#include "firmware/package_streaming.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

constexpr std::uint32_t table_version_9x15 = 3;

/// Pages of these modems' chips, with the spare area that YAFFS2 images have behind each.
constexpr Yaffs2Shape pages;

class StreamingFindings {
public:
  StreamingFindings(Package& package, const std::vector<FileFacts>& facts) : package_(package), facts_(facts) {}

  void run() {
    add(Finding::Level::note, "streaming",
        "packages for the 9x15 say nowhere what belongs where: it follows from the files' names");
    for (const auto& image : package_.images) {
      about_shape(image);
    }
    about_loaders();
    about_table();
    about_split_image();
  }

private:
  void add(Finding::Level level, const char* id, std::string text) {
    package_.findings.push_back({level, id, std::move(text)});
  }

  const PackageFile* file_named(std::string_view name) const {
    auto found = std::ranges::find_if(package_.files, [&](const auto& file) { return fold_case(file.path) == name; });
    return found == package_.files.end() ? nullptr : &*found;
  }

  void about_shape(const Image& image) {
    const auto& file = package_.file(image);
    if (image.partition == "boot" || image.partition == "recovery") {
      about_boot_image(file);
    } else if (const auto& problem = facts_[image.file].yaffs2_problem) {
      if (!problem->empty()) {
        add(Finding::Level::error, "yaffs2", fmt::format("{}: {}", printable(file.path), *problem));
      }
    } else if (image.partition == "SBL1") {
      if (!has_sbl_code_word(file.head)) {
        add(Finding::Level::warning, "image-shape",
            printable(file.path) + " does not start with the code word that the boot ROM looks for");
      }
    } else {
      about_program(file);
    }
  }

  void about_boot_image(const PackageFile& file) {
    auto shape = read_boot_image_shape(file.head);
    if (!shape) {
      add(Finding::Level::warning, "image-shape", fmt::format("{}: {}", printable(file.path), shape.error().what));
    } else if (shape->size > file.size) {
      add(Finding::Level::error, "boot-image",
          fmt::format("{} is cut: it has {} bytes, its header speaks of {}", printable(file.path), file.size,
                      shape->size));
    }
  }

  /// A program of the boot chain, or of the modem's own processors: its first bytes say how long it is.
  void about_program(const PackageFile& file) {
    auto head = ByteView(file.head);
    if (is_elf(head)) {
      if (auto segments = read_elf_segments(head, file.size); !segments) {
        add(Finding::Level::error, "image-damaged", fmt::format("{}: {}", printable(file.path), segments.error().what));
      }
      return;
    }
    auto size = mbn_size(head);
    if (!size) {
      add(Finding::Level::warning, "image-shape",
          printable(file.path) + " is no program in a form that is known here (ELF, or MBN with a 40-byte header)");
    } else if (*size > file.size) {
      add(Finding::Level::error, "image-damaged",
          fmt::format("{} is cut: it has {} bytes, its header speaks of {}", printable(file.path), file.size, *size));
    }
  }

  void about_loaders() {
    for (std::size_t i = 0; i < package_.files.size(); ++i) {
      const auto& problem = facts_[i].hex_problem;
      if (problem && !problem->empty()) {
        add(Finding::Level::error, "loader", *problem);
      }
    }
    if (file_named("enprg9x15.hex") == nullptr) {
      add(Finding::Level::note, "loader",
          "there is no ENPRG9x15.hex: a modem that refuses NPRG's address can't be reached in download mode");
    }
  }

  void about_table() {
    const auto* file = file_named("partition.mbn");
    if (file == nullptr || package_.user_table.empty()) {
      add(Finding::Level::warning, "user-table",
          "it brings no partition table (partition.mbn): nothing can be written in download mode");
      return;
    }
    if (file->content && user_table_version(*file->content) != table_version_9x15) {
      add(Finding::Level::warning, "user-table",
          fmt::format("{} is not of version {}, which the loader of a 9x15 insists on", printable(file->path),
                      table_version_9x15));
    }
    if (fold_case(package_.user_table.front().name) != "mibib") {
      add(Finding::Level::warning, "user-table",
          fmt::format("{} does not begin with MIBIB, which the loader of a 9x15 insists on", printable(file->path)));
    }
    for (const auto& image : package_.images) {
      about_room(image);
    }
  }

  /// Partitions that fastboot alone writes may be called otherwise in the table: then nothing can be said.
  void about_room(const Image& image) {
    auto partition = std::ranges::find_if(package_.user_table, [&](const UserPartition& row) {
      return fold_case(row.name) == fold_case(image.partition);
    });
    if (partition == package_.user_table.end()) {
      if (image.partition == "SBL1" || image.partition == "SBL2" || image.partition == "RPM" ||
          image.partition == "APPSBL") {
        add(Finding::Level::warning, "user-table",
            fmt::format("the partition table has no {}, as the loader would have to call it", image.partition));
      }
      return;
    }
    const auto& file = package_.file(image);
    auto size = facts_[image.file].yaffs2_problem ? file.size / pages.stride() * pages.page_size : file.size;
    if (partition->size && !partition->in_blocks &&
        size > (std::uint64_t{*partition->size} + partition->pad_kib) * 1_KiB) {
      add(Finding::Level::error, "too-large",
          fmt::format("{} does not fit into {}: {} bytes, and the table gives it {} KiB", printable(file.path),
                      image.partition, size, std::uint64_t{*partition->size} + partition->pad_kib));
    }
  }

  void about_split_image() {
    const auto* first = file_named("yaffs_head.aa");
    const auto* second = file_named("yaffs_head.ab");
    if (first != nullptr && second != nullptr) {
      add(Finding::Level::note, "split-image",
          fmt::format(
              "yaffs_head.aa and .ab are the pieces of one image of {} bytes; where it belongs is not known, so "
              "it is not written",
              first->size + second->size));
    } else if (first != nullptr || second != nullptr) {
      add(Finding::Level::error, "split-image",
          fmt::format("of the image in two pieces, yaffs_head.{} is missing", first == nullptr ? "aa" : "ab"));
    }
  }

  Package& package_;
  const std::vector<FileFacts>& facts_;
};

}  // namespace

void add_streaming_findings(Package& package, const std::vector<FileFacts>& facts) {
  StreamingFindings(package, facts).run();
}

}  // namespace modemedic::firmware
