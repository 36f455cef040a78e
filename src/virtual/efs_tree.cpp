#include "virtual/efs_tree.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr std::size_t rf_file_size = 700;

EfsNode directory(std::string path) {
  return {.path = std::move(path), .kind = EfsNode::Kind::directory, .mode = 040755, .content = {}};
}

Buffer bytes_of(std::string_view text) {
  auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Buffer imei_item(std::string_view imei) {
  constexpr std::size_t item_size = 9;
  Buffer item(item_size, std::byte{0});
  item[0] = std::byte{8};
  std::string halves = "a" + std::string(imei);
  for (std::size_t i = 0; i < halves.size() && i / 2 + 1 < item_size; ++i) {
    auto value = halves[i] == 'a' ? 0xAU : static_cast<unsigned>(halves[i] - '0') & 0xFU;
    item[i / 2 + 1] |= static_cast<std::byte>(i % 2 == 0 ? value : value << 4U);
  }
  return item;
}

EfsTree efs_tree(const EfsContent& content) {
  EfsTree tree = {directory("/nv"), directory("/nv/item_files"), directory("/nv/item_files/rfnv"), directory("/nvm"),
                  directory("/nvm/num")};
  auto add = [&](std::string path, Buffer bytes) {
    tree.push_back(
        {.path = std::move(path), .kind = EfsNode::Kind::file, .mode = 0100600, .content = std::move(bytes)});
  };
  if (!content.imei.empty() && content.imei.front() != '\0') {
    add("/nvm/num/550", imei_item(content.imei));
  }
  for (std::size_t at = 0; at < content.calibration.size(); at += rf_file_size) {
    auto part = ByteView(content.calibration).subspan(at, std::min(rf_file_size, content.calibration.size() - at));
    add(fmt::format("/nv/item_files/rfnv/{:08}", 20000 + at / rf_file_size), Buffer(part.begin(), part.end()));
  }
  tree.push_back(
      {.path = "/rf", .kind = EfsNode::Kind::link, .mode = 0120777, .content = bytes_of("/nv/item_files/rfnv")});
  return tree;
}

}  // namespace modemedic::twin
