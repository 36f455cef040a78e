#include "tiny_package.h"

#include "base/digest.h"
#include "firmware/boot_image.h"
#include "firmware/mbn.h"
#include "firmware/mibib.h"
#include "firmware/ubi_writer.h"
#include "support/tool.h"

#include <algorithm>
#include <cctype>
#include <clocale>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

namespace modemedic::test {

namespace {

using firmware::Partition;

/// A UBI image of whole blocks with one static volume, whose data begin with `text`.
Buffer ubi(std::string volume, std::string_view text, std::size_t size, unsigned seed) {
  auto data = text_bytes(text);
  auto rest = noise(size, seed);
  data.insert(data.end(), rest.begin(), rest.end());
  firmware::UbiShape shape{128_KiB, 2048, seed};
  firmware::UbiVolumeContent content;
  content.name = std::move(volume);
  content.size = data.size();
  content.read = [&](std::uint64_t offset, std::span<std::byte> into) {
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  };
  Buffer image;
  firmware::write_ubi(shape, std::span(&content, 1), [&](ByteView peb) {
    image.insert(image.end(), peb.begin(), peb.end());
    return true;
  });
  return image;
}

Buffer elf(std::size_t size, unsigned seed) {
  auto code = noise(size, seed);
  const ByteView segments[] = {code};
  return firmware::make_elf(segments, 0x08000000);
}

Buffer boot_image(std::size_t size, unsigned seed) {
  auto kernel = noise(size, seed);
  firmware::BootImageContent content;
  content.kernel = {kernel.size(), [&](std::uint64_t offset, std::span<std::byte> into) {
                      std::copy_n(kernel.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
                    }};
  content.ramdisk = content.kernel;
  content.device_tree = content.kernel;
  Buffer image;
  firmware::write_boot_image(content, [&](ByteView piece) {
    image.insert(image.end(), piece.begin(), piece.end());
    return true;
  });
  return image;
}

std::string windows_path(std::string path) {
  std::replace(path.begin(), path.end(), '/', '\\');
  return path;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

Buffer text_bytes(std::string_view text) {
  auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

Buffer noise(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  Buffer bytes(count);
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(random());
  }
  return bytes;
}

TinyPackage::TinyPackage() {
  auto add = [&](const char* name, std::uint64_t start, std::uint64_t count) {
    table.push_back(Partition{name, {{start}, {count}}});
  };
  add("SBL", 0, 640);
  add("MIBIB", 640, 640);
  add("EFS2", 1280, 8704);
  add("sys_rev", 9984, 2560);
  add("RAWDATA", 12544, 640);
  add("TZ", 13184, 768);
  add("RPM", 13952, 576);
  add("cust_info", 14528, 1024);
  add("aboot", 15552, 768);
  add("boot", 16320, 3968);
  add("recovery", 20288, 3968);
  add("modem", 24256, 27392);
  add("misc", 51648, 320);
  add("recoveryfs", 51968, 10368);
  add("usr_data", 62336, 30720);
  add("sec", 93056, 256);
  add("system", 93312, 37760);

  auto program = [&](const char* file, std::uint64_t start, std::uint64_t count) {
    commands.push_back({fmt::format(R"(program filename="{}")", file), start, count});
  };
  auto erase = [&](std::uint64_t start, std::uint64_t count) { commands.push_back({"erase", start, count}); };
  program(R"(..\sbl1.mbn)", 0, 640);
  program("partition_complete_p2K_b128K.mbn", 640, 640);
  program(R"(..\tz.mbn)", 13184, 768);
  for (auto [file, start, count] :
       {std::tuple{R"(..\appsboot.mbn)", 15552U, 768U}, std::tuple{R"(..\mdm9607-boot.img)", 16320U, 3968U},
        std::tuple{R"(..\mdm9607-boot.img)", 20288U, 3968U}, std::tuple{R"(..\NON-HLOS.ubi)", 24256U, 27392U},
        std::tuple{R"(..\mdm9607-recovery.ubi)", 51968U, 10368U}, std::tuple{R"(..\usrdata.ubi)", 62336U, 30720U},
        std::tuple{R"(..\mdm9607-sysfs.ubi)", 93312U, 37760U}}) {
    erase(start, count);
    program(file, start, count);
  }
  erase(13952, 576);
  erase(13184, 768);
  erase(640, 640);
  erase(0, 640);
  program(R"(..\rpm.mbn)", 13952, 576);

  comments = "<!--BlockSize = 128 KB-->\n  <!--PageSize  = 2 KB-->\n  <!--NUM_PARTITION_SECTORS  = 131072-->";

  files["contents.xml"] = text_bytes(
      "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<contents>\r\n<product_flavors>\r\n"
      "<product_name>MDM9607.LE.1.0</product_name>\r\n<chipid flavor=\"asic\">MDM9607</chipid>\r\n"
      "</product_flavors>\r\n</contents>\r\n");
  files["EG25-G_release_notes.pdf"] = text_bytes("%PDF-1.4 all is well");
  files["update/sbl1.mbn"] = firmware::make_sbl(noise(5000, 1), 2048);
  files["update/tz.mbn"] = elf(9000, 2);
  files["update/rpm.mbn"] = elf(2048, 3);
  files["update/appsboot.mbn"] = elf(3000, 4);
  files["update/ENPRG9x07.mbn"] = elf(1000, 5);
  files["update/NPRG9x07.mbn"] = elf(1000, 6);
  files["update/mdm9607-boot.img"] = boot_image(20000, 7);
  files["update/NON-HLOS.ubi"] = ubi("modem", "QC_IMAGE_VERSION_STRING=MPSS EG25GGBR07A08M2G\n", 150000, 8);
  files["update/mdm9607-recovery.ubi"] = ubi("recoveryfs", "", 5000, 9);
  files["update/usrdata.ubi"] = ubi("usr_data", "", 6000, 10);
  files["update/mdm9607-sysfs.ubi"] = ubi("system", "Project Rev : EG25GGBR07A08M2G_30.006.30.006\n", 200000, 11);
  files["update/firehose/prog_nand_firehose_9x07.mbn"] = elf(4000, 12);
  files["update/firehose/patch_p2K_b128K.xml"] = text_bytes(
      "<?xml version=\"1.0\" ?>\n<patches>\n  <patch SECTOR_SIZE_IN_BYTES=\"2048\" byte_offset=\"16\" "
      "filename=\"partition_complete_p2K_b128K.mbn\" physical_partition_number=\"0\" size_in_bytes=\"4\" "
      "start_sector=\"3\" value=\"0\" what=\"CRC\"/>\n</patches>\n");
}

TinyPackage::Command& TinyPackage::command(std::string_view holding) {
  auto found = std::find_if(commands.begin(), commands.end(),
                            [&](const Command& command) { return command.text.find(holding) != std::string::npos; });
  if (found == commands.end()) {
    throw std::logic_error("no such command");
  }
  return *found;
}

std::string TinyPackage::rawprogram_text() const {
  std::string text = "<?xml version=\"1.0\" ?>\n<data>\n  " + comments + "\n";
  for (const auto& command : commands) {
    text += fmt::format(
        "  <{} PAGES_PER_BLOCK=\"{}\" SECTOR_SIZE_IN_BYTES=\"{}\" num_partition_sectors=\"{}\" "
        "physical_partition_number=\"0\" start_sector=\"{}\"/>\n",
        command.text, command.pages_per_block, command.sector_size, command.count, command.start);
  }
  return text + "</data>\n";
}

Files TinyPackage::make() const {
  auto all = files;
  all.try_emplace(rawprogram, text_bytes(rawprogram_text()));
  all.try_emplace("update/firehose/partition_complete_p2K_b128K.mbn", firmware::make_mibib(table, geometry));
  if (with_list) {
    std::string list = "VERSION:1.0\r\nFILE:START\r\n";
    for (const auto& [path, bytes] : all) {
      list += fmt::format("FILE:\\{}:{}\r\n", windows_path(path), upper(hex_digits(digest<Md5>(bytes))));
    }
    for (const auto& line : list_extra) {
      list += line + "\r\n";
    }
    all["md5.txt"] = text_bytes(list + "FILE:END\r\n");
  }
  return all;
}

void write_folder(const Files& files, const std::string& folder) {
  for (const auto& [path, bytes] : files) {
    auto whole = std::filesystem::path(folder) / path;
    std::filesystem::create_directories(whole.parent_path());
    write_file(whole.string(), bytes);
  }
}

void write_archive(const std::vector<ArchiveEntry>& entries, const std::string& name) {
  // A .7z holds its names in UTF-16, and libarchive makes them from the thread's character set.
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  ::uselocale(utf8);
  std::unique_ptr<archive, decltype(&archive_write_free)> out(::archive_write_new(), &archive_write_free);
  if (name.ends_with(".zip")) {
    ::archive_write_set_format_zip(out.get());
  } else if (name.ends_with(".7z")) {
    ::archive_write_set_format_7zip(out.get());
  } else {
    ::archive_write_set_format_pax_restricted(out.get());
    name.ends_with(".gz") ? ::archive_write_add_filter_gzip(out.get()) : 0;
    name.ends_with(".xz") ? ::archive_write_add_filter_xz(out.get()) : 0;
  }
  auto check = [&](la_ssize_t status) {
    if (status < ARCHIVE_WARN) {
      throw std::runtime_error(::archive_error_string(out.get()));
    }
  };
  check(::archive_write_open_filename(out.get(), name.c_str()));
  for (const auto& entry : entries) {
    std::unique_ptr<archive_entry, decltype(&archive_entry_free)> header(::archive_entry_new(), &archive_entry_free);
    ::archive_entry_set_pathname(header.get(), entry.path.c_str());
    ::archive_entry_set_perm(header.get(), 0644);
    ::archive_entry_set_filetype(header.get(), entry.type != 0 ? entry.type : AE_IFREG);
    ::archive_entry_set_size(header.get(), static_cast<la_int64_t>(entry.bytes.size()));
    if (!entry.symlink.empty()) {
      ::archive_entry_set_filetype(header.get(), AE_IFLNK);
      ::archive_entry_set_symlink(header.get(), entry.symlink.c_str());
    }
    if (!entry.hardlink.empty()) {
      ::archive_entry_set_hardlink(header.get(), entry.hardlink.c_str());
    }
    check(::archive_write_header(out.get(), header.get()));
    if (!entry.bytes.empty()) {
      check(::archive_write_data(out.get(), entry.bytes.data(), entry.bytes.size()));
    }
  }
  check(::archive_write_close(out.get()));
  ::uselocale(LC_GLOBAL_LOCALE);
}

void write_archive(const Files& files, const std::string& name) {
  std::vector<ArchiveEntry> entries;
  for (const auto& [path, bytes] : files) {
    entries.push_back({path, bytes, {}, {}, 0});
  }
  write_archive(entries, name);
}

}  // namespace modemedic::test
