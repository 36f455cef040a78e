#include "virtual/image_maker.h"

#include "firmware/boot_image.h"
#include "firmware/intel_hex.h"
#include "firmware/mbn.h"
#include "firmware/ubi_writer.h"
#include "firmware/yaffs2.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

using Sink = std::function<bool(ByteView)>;

constexpr std::uint32_t sbl_software = 0;

}  // namespace

ImageMaker::ImageMaker(const Persona& persona, const firmware::Revision& revision, const GeneratorOptions& options)
    : geometry_(persona.geometry),
      identity_(fmt::format("{} {}", persona.id, revision.text)),
      authority_(options.signed_by),
      modem_{persona.hwid, 0, 0},
      signs_(!options.signed_by.empty()) {}

firmware::MbnSignature ImageMaker::sign(ByteView image, std::uint32_t software_id) const {
  return signs_ ? authority_.sign(image, software_id, modem_).value_or(firmware::MbnSignature{})
                : firmware::MbnSignature{};
}

Filler ImageMaker::filler_for(const std::string& path) const {
  return Filler::for_text(identity_ + " " + path);
}

GeneratedFile ImageMaker::elf(std::string path, std::uint64_t size, std::uint32_t load_address,
                              std::uint32_t software_id, std::string text) const {
  auto filler = filler_for(path);
  return {std::move(path), size, [=, maker = *this](const Sink& sink) {
            Buffer code(size - firmware::elf_overhead());
            filler.fill(0, code);
            std::ranges::copy(as_bytes(text), code.begin());
            // code and data, as the programmers have it
            auto split = code.size() * 3 / 4 / 4 * 4;
            const ByteView segments[] = {ByteView(code).first(split), ByteView(code).subspan(split)};
            sink(firmware::make_elf(segments, load_address, maker.sign(code, software_id)));
          }};
}

GeneratedFile ImageMaker::sbl(std::string path, std::uint64_t size) const {
  auto filler = filler_for(path);
  return {std::move(path), size, [filler, maker = *this, size, page = geometry_.page_size](const Sink& sink) {
            auto certificates = maker.sign({}, sbl_software).certificates;
            Buffer code(size - firmware::sbl_overhead(page) - certificates.size());
            filler.fill(0, code);
            sink(firmware::make_sbl(code, page, certificates));
          }};
}

GeneratedFile ImageMaker::boot(std::string path, const BootSizes& sizes, std::string name,
                               std::string command_line) const {
  auto filler = filler_for(path);
  std::uint64_t place = 0;
  auto part = [&](std::uint64_t size) {
    auto read = [filler, start = std::exchange(place, place + size)](std::uint64_t offset, std::span<std::byte> into) {
      filler.fill(start + offset, into);
    };
    return firmware::BootImageContent::Part{size, read};
  };
  firmware::BootImageContent content;
  content.kernel = part(sizes.kernel);
  content.ramdisk = part(sizes.ramdisk);
  content.device_tree = part(sizes.device_tree);
  content.name = std::move(name);
  content.command_line = std::move(command_line);
  content.page_size = geometry_.page_size;
  auto size = firmware::boot_image_size(content);
  return {std::move(path), size,
          [content = std::move(content)](const Sink& sink) { firmware::write_boot_image(content, sink); }};
}

GeneratedFile ImageMaker::ubi(std::string path, std::string volume, std::uint64_t size, bool is_static,
                              std::string text) const {
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

GeneratedFile ImageMaker::mbn(std::string path, std::uint64_t size, std::uint32_t image_id,
                              std::uint32_t load_address) const {
  auto filler = filler_for(path);
  return {std::move(path), size, [=](const Sink& sink) {
            Buffer code(size - firmware::mbn_overhead());
            filler.fill(0, code);
            sink(firmware::make_mbn(code, image_id, load_address));
          }};
}

GeneratedFile ImageMaker::yaffs2(std::string path, std::uint64_t size, std::string text) const {
  constexpr firmware::Yaffs2Shape shape;
  constexpr std::uint64_t other_pages = 4;  // root, both headers, the text
  constexpr std::uint64_t not_filled = 100;
  auto filler = filler_for(path);
  std::vector<firmware::Yaffs2File> files(2);
  text.resize(shape.page_size, '\n');
  files[0] = {"version", text.size(), [text](std::uint64_t offset, std::span<std::byte> into) {
                std::ranges::copy(as_bytes(text).subspan(offset, into.size()), into.begin());
              }};
  files[1] = {"rest", (size / shape.stride() - other_pages) * shape.page_size - not_filled,
              [filler](std::uint64_t offset, std::span<std::byte> into) { filler.fill(offset, into); }};
  return {std::move(path), size,
          [files = std::move(files)](const Sink& sink) { firmware::write_yaffs2({}, files, sink); }};
}

GeneratedFile ImageMaker::hex(std::string path, std::uint64_t size, std::uint32_t address,
                              std::string_view text) const {
  firmware::HexProgram program{address, address, Buffer(size)};
  filler_for(path).fill(0, program.bytes);
  std::ranges::copy(as_bytes(text), program.bytes.begin() + static_cast<std::ptrdiff_t>(size / 2));
  auto lines = firmware::make_intel_hex(program);
  return bytes(std::move(path), Buffer(as_bytes(lines).begin(), as_bytes(lines).end()));
}

GeneratedFile ImageMaker::bytes(std::string path, Buffer content) {
  auto size = content.size();
  return {std::move(path), size, [content = std::move(content)](const Sink& sink) { sink(content); }};
}

}  // namespace modemedic::twin
