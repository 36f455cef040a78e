#include "firmware/package_names.h"

#include "firmware/safe_path.h"

#include <algorithm>

namespace modemedic::firmware::names {

bool is_rawprogram(std::string_view path) {
  auto name = fold_case(last_part(path));
  return name.starts_with("rawprogram") && name.ends_with(".xml");
}

bool is_programmer(std::string_view path) {
  struct Pattern {
    std::string_view start;
    std::string_view end;
  };

  constexpr Pattern patterns[] = {
      {"prog_nand_firehose_", ".mbn"}, {"prog_emmc_firehose_", ".mbn"}, {"prog_firehose_", ".mbn"},
      {"prog_firehose_", ".elf"},      {"firehose-prog", ".mbn"},       {"xbl_s_devprg_ns_", ".melf"},
  };
  auto name = fold_case(last_part(path));
  return std::any_of(std::begin(patterns), std::end(patterns), [&](const Pattern& pattern) {
    return name.starts_with(pattern.start) && name.ends_with(pattern.end);
  });
}

bool is_streaming_loader(std::string_view path) {
  auto name = fold_case(last_part(path));
  return name == "nprg9x15.hex" || name == "enprg9x15.hex";
}

bool is_program(std::string_view path) {
  return ends_with_any(path, {".mbn", ".elf", ".melf"});
}

bool is_image(std::string_view path) {
  return ends_with_any(path, {".ubi", ".mbn", ".yaffs2", ".img", ".aa", ".ab"});
}

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> endings) {
  auto folded = fold_case(path);
  return std::ranges::any_of(endings, [&](std::string_view ending) { return folded.ends_with(ending); });
}

bool is_meant_by(std::string_view path, std::string_view chosen) {
  return path == chosen || last_part(path) == chosen;
}

}  // namespace modemedic::firmware::names
