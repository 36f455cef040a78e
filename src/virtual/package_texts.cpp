#include "virtual/package_texts.h"

#include "base/digest.h"
#include "virtual/package_images.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// The path as a file in update/firehose names it: "..\sbl1.mbn".
std::string seen_from_firehose(const std::string& path, char separator) {
  auto name = file_name(path);
  return path.starts_with("update/firehose/") ? name : fmt::format("..{}{}", separator, name);
}

/// Writes the commands of a rawprogram file.
class RawprogramWriter {
public:
  RawprogramWriter(const Geometry& geometry, bool qdl_form) : geometry_(geometry), qdl_form_(qdl_form) {
    text_ = fmt::format(
        "<?xml version=\"1.0\" ?>\n<data>\n"
        "  <!--BlockSize = {} KB-->\n  <!--PageSize  = {} KB-->\n  <!--NUM_PARTITION_SECTORS  = {}-->\n",
        geometry.block_size() / 1_KiB, geometry.page_size / 1_KiB, geometry.chip_sectors().n);
  }

  void erase(const firmware::Partition& partition) { text_ += fmt::format("  <erase {}/>\n", common("", partition)); }

  void program(const firmware::Partition& partition, const std::string& path) {
    auto file = fmt::format(R"(filename="{}" )", seen_from_firehose(path, qdl_form_ ? '/' : '\\'));
    if (qdl_form_) {
      file += fmt::format(R"(label="{}" file_sector_offset="0" last_sector="{}" )", partition.name,
                          partition.range.end().n - 1);
    }
    text_ += fmt::format("  <program {}/>\n", common(file, partition));
  }

  std::string finish() { return text_ + "</data>\n"; }

private:
  std::string common(const std::string& file, const firmware::Partition& partition) const {
    return fmt::format(
        "PAGES_PER_BLOCK=\"{}\" SECTOR_SIZE_IN_BYTES=\"{}\" {}num_partition_sectors=\"{}\" "
        "physical_partition_number=\"0\" start_sector=\"{}\"",
        geometry_.pages_per_block, geometry_.page_size, file, partition.range.count.n, partition.range.start.n);
  }

  Geometry geometry_;
  bool qdl_form_;
  std::string text_;
};

struct Placed {
  const firmware::Partition* partition;
  std::string path;
};

bool is(const Placed& placed, std::string_view name) {
  return firmware::find_partition_any_case({*placed.partition}, name) != nullptr;
}

constexpr std::string_view absent_line = "FILE:\\upgrade\\targetfiles.zip:222EAA53A6C111E7F2E248587D6EA079\r\n";

std::string md5_line(const std::string& path, std::string_view digest) {
  auto windows = path;
  std::ranges::replace(windows, '/', '\\');
  return fmt::format("FILE:\\{}:{}\r\n", windows, digest);
}

Md5 md5_of(const GeneratedFile& file) {
  Hasher<Md5> hasher;
  file.write([&](ByteView bytes) {
    hasher.update(bytes);
    return true;
  });
  return hasher.finish();
}

}  // namespace

std::string rawprogram_text(const Persona& persona, bool qdl_form) {
  std::vector<Placed> all;
  for (auto& image : placed_images(persona)) {
    all.push_back({firmware::find_partition(persona.table, image.partition), std::move(image.path)});
  }
  RawprogramWriter out(persona.geometry, qdl_form);
  if (qdl_form) {
    std::ranges::for_each(all, [&](const Placed& placed) { out.erase(*placed.partition); });
    std::ranges::for_each(all, [&](const Placed& placed) { out.program(*placed.partition, placed.path); });
    return out.finish();
  }

  // The order of a real EG25-G _update file: SBL, MIBIB and TZ are programmed first and erased at last.
  constexpr std::string_view first[] = {"sbl", "mibib", "tz"};
  auto with_name = [&](std::string_view name) {
    return *std::ranges::find_if(all, [&](const Placed& placed) { return is(placed, name); });
  };
  for (auto name : first) {
    out.program(*with_name(name).partition, with_name(name).path);
  }
  for (const auto& placed : all) {
    if (std::ranges::any_of(first, [&](auto name) { return is(placed, name); })) {
      continue;
    }
    out.erase(*placed.partition);
    if (!is(placed, "rpm")) {
      out.program(*placed.partition, placed.path);
    }
  }
  for (const auto* name : {"tz", "mibib", "sbl"}) {
    out.erase(*with_name(name).partition);
  }
  out.program(*with_name("rpm").partition, with_name("rpm").path);
  return out.finish();
}

std::string patch_text(const Persona& persona) {
  const auto& geometry = persona.geometry;
  return fmt::format(
      "<?xml version=\"1.0\" ?>\n<patches>\n"
      "  <patch PAGES_PER_BLOCK=\"{}\" SECTOR_SIZE_IN_BYTES=\"{}\" byte_offset=\"12\" "
      "filename=\"partition_complete_{}.mbn\" physical_partition_number=\"0\" size_in_bytes=\"4\" start_sector=\"3\" "
      "value=\"CRC32(0,{})\" what=\"Update MIBIB page 3 with the CRC of pages 0 and 1.\"/>\n</patches>\n",
      geometry.pages_per_block, geometry.page_size, geometry_suffix(geometry), 2 * geometry.page_size);
}

std::string partition_nand_text(const Persona& persona) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<nandboot>\n"
      "  <magic_numbers>\n    <usr_part_magic1>0xAA7D1B9A</usr_part_magic1>\n"
      "    <usr_part_magic2>0x1F7D48BC</usr_part_magic2>\n  </magic_numbers>\n"
      "  <partition_version length=\"4\">0x4</partition_version>\n  <partition_entries>\n";
  for (const auto& partition : persona.table) {
    bool last = &partition == &persona.table.back();
    text += fmt::format(
        "    <partition>\n      <name length=\"16\" type=\"string\">0:{}</name>\n"
        "      <size_blocks length=\"4\">{}</size_blocks>\n      <pad_kb length=\"2\">0</pad_kb>\n"
        "      <which_flash>0</which_flash>\n"
        "      <attr>0xFF</attr>\n      <attr>0x01</attr>\n      <attr>0x00</attr>\n      <attr>0xFE</attr>\n"
        "    </partition>\n",
        partition.name,
        last ? "0xFFFFFFFF" : fmt::format("0x{:X}", partition.range.count.n / persona.geometry.pages_per_block));
  }
  return text + "  </partition_entries>\n</nandboot>\n";
}

std::string contents_text(const std::vector<std::string>& paths, const PackageFamily& family) {
  auto text = fmt::format(
      "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<contents>\r\n"
      "  <product_flavors cmm_pf_var=\"PRODUCT_FLAVORS\">\r\n    <pf>\r\n      <name>perf</name>\r\n    </pf>\r\n"
      "  </product_flavors>\r\n"
      "  <product_info>\r\n    <product_name>{0}.LE.1.0</product_name>\r\n"
      "    <hlos_type cmm_var=\"HLOS_TYPE\">LE</hlos_type>\r\n"
      "    <chipid flavor=\"perf\" cmm_var=\"CHIPID\">{0}</chipid>\r\n  </product_info>\r\n"
      "  <builds_flat>\r\n    <build>\r\n      <name>common</name>\r\n      <chipset>{0}</chipset>\r\n",
      family.chipid);
  for (const auto& path : paths) {
    text += fmt::format(
        "      <download_file fastboot_complete=\"true\">\r\n        <file_name>{}</file_name>\r\n"
        "        <file_path>{}/</file_path>\r\n      </download_file>\r\n",
        file_name(path), path.substr(0, path.rfind('/')));
  }
  return text + "    </build>\r\n  </builds_flat>\r\n</contents>\r\n";
}

std::string release_notes_pdf(const firmware::Revision& revision) {
  auto line = fmt::format("BT /F1 14 Tf 72 720 Td ({}: made by modemedic for its virtual modem) Tj ET", revision.text);
  const std::string objects[] = {
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
      "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
      fmt::format("<< /Length {} >>\nstream\n{}\nendstream", line.size(), line),
  };
  std::string pdf = "%PDF-1.4\n";
  std::string places = "0000000000 65535 f \n";
  auto number = 0;
  for (const auto& object : objects) {
    places += fmt::format("{:010} 00000 n \n", pdf.size());
    pdf += fmt::format("{} 0 obj\n{}\nendobj\n", ++number, object);
  }
  return pdf + fmt::format("xref\n0 {}\n{}trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", number + 1,
                           places, number + 1, pdf.size());
}

GeneratedFile md5_list(std::vector<GeneratedFile> files) {
  constexpr std::string_view head = "VERSION:1.0\r\nFILE:START\r\n";
  constexpr std::string_view tail = "FILE:END\r\n";
  constexpr std::string_view any_digest = "00000000000000000000000000000000";
  std::uint64_t size = head.size() + absent_line.size() + tail.size();
  for (const auto& file : files) {
    size += md5_line(file.path, any_digest).size();
  }
  auto list = std::make_shared<std::vector<GeneratedFile>>(std::move(files));
  return {"md5.txt", size, [list, head, tail](const std::function<bool(ByteView)>& sink) {
            std::string text(head);
            for (const auto& file : *list) {
              text += md5_line(file.path, upper(hex_digits(md5_of(file))));
            }
            text += absent_line;
            text += tail;
            sink(as_bytes(text));
          }};
}

}  // namespace modemedic::twin
