#include "virtual/generator.h"

#include "virtual/package_9x15.h"
#include "virtual/package_family.h"
#include "virtual/package_images.h"
#include "virtual/package_texts.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

GeneratedFile text_file(std::string path, std::string text) {
  auto size = text.size();
  return {std::move(path), size,
          [text = std::move(text)](const std::function<bool(ByteView)>& sink) { sink(as_bytes(text)); }};
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// As a directory lists them: whatever their case, files before folders.
bool listed_before(const GeneratedFile& a, const GeneratedFile& b) {
  auto key = [](const std::string& path) {
    auto folder = path.substr(0, path.rfind('/') + 1);
    if (folder.empty()) {
      return std::pair(folder, lower(path));
    }
    return std::pair(folder, lower(path.substr(folder.size())));
  };
  return key(a.path) < key(b.path);
}

}  // namespace

Buffer GeneratedFile::bytes() const {
  Buffer all;
  all.reserve(size);
  write([&](ByteView piece) {
    all.insert(all.end(), piece.begin(), piece.end());
    return true;
  });
  return all;
}

Result<std::vector<GeneratedFile>> generate_package(const Persona& persona, const firmware::Revision& revision,
                                                    const GeneratorOptions& options) {
  auto own = firmware::parse_revision(persona.revision);
  bool is_own = own && own->order_code == revision.order_code;
  if (!is_own && package_family(persona.chip).revision != revision.text) {
    return fail(Code::usage)
        .what(fmt::format("{} is no firmware for {}, whose order code is {}", revision.text, persona.id,
                          own ? own->order_code : "unknown"))
        .hint("name a revision like " + persona.revision);
  }
  if (is_9x15(persona)) {
    auto files = files_9x15(persona, revision, options);
    std::ranges::sort(files, listed_before);
    return files;
  }
  auto files = binary_files(persona, revision, options);
  auto suffix = geometry_suffix(persona.geometry);
  files.push_back(text_file("update/partition_nand.xml", partition_nand_text(persona)));
  files.push_back(text_file(fmt::format("update/firehose/patch_{}.xml", suffix), patch_text(persona)));
  files.push_back(text_file(fmt::format("update/firehose/rawprogram_nand_{}_update.xml", suffix),
                            rawprogram_text(persona, options.qdl_form)));
  if (options.factory_too) {
    files.push_back(text_file(fmt::format("update/firehose/rawprogram_nand_{}_factory.xml", suffix),
                              rawprogram_text(persona, true)));
  }
  std::vector<std::string> built;
  std::ranges::transform(files, std::back_inserter(built), &GeneratedFile::path);
  files.push_back(text_file("contents.xml", contents_text(built, package_family(persona.chip))));
  if (!options.other_vendor) {
    files.push_back(text_file(revision.text + "_Release_Notes.pdf", release_notes_pdf(revision)));
  }
  std::ranges::sort(files, listed_before);
  files.push_back(md5_list(files));
  std::ranges::sort(files, listed_before);
  return files;
}

}  // namespace modemedic::twin
