#include "protocol/firehose_host.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <string_view>

namespace modemedic::protocol {

namespace {

/// Beyond every NAND of this family; a claim out of them is a lie or a reading error.
constexpr std::uint64_t smallest_page = 512;
constexpr std::uint64_t largest_page = 16384;
constexpr std::uint64_t most_pages_per_block = 1024;
constexpr std::uint64_t most_blocks = 1U << 20U;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// A whole decimal number.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// The number behind `"key":` in a line of JSON.
std::optional<std::uint64_t> json_number(std::string_view line, std::string_view key) {
  auto quoted = '"' + std::string(key) + '"';
  auto at = line.find(quoted);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  auto rest = trimmed(line.substr(at + quoted.size()));
  if (!rest.starts_with(':')) {
    return std::nullopt;
  }
  rest = trimmed(rest.substr(1));
  return number(rest.substr(0, rest.find_first_not_of("0123456789")));
}

/// Collects what the lines say; a second, different word on the same thing is a contradiction.
class Collector {
public:
  void take(std::string_view line) {
    line = trimmed(line);
    if (line.find("\"storage_info\"") != std::string_view::npos) {
      return take_json(line);
    }
    auto equals = line.find('=');
    if (equals == std::string_view::npos) {
      return;
    }
    auto key = trimmed(line.substr(0, equals));
    auto value = trimmed(line.substr(equals + 1));
    if (key == "FLASH_NAME") {
      flash_name_ = value;
    } else if (key == "SECTOR_SIZE_IN_BYTES") {
      agree(page_size_, number(value));
    } else if (key == "PAGES_IN_BLOCK") {
      agree(pages_, number(value));
    } else if (key == "NUM_PARTITION_SECTORS") {
      agree(sectors_, number(value));
    } else if (key == "TOTAL_BAD_BLOCK") {
      agree(total_bad_, number(value));
    } else if (key == "BAD_BLOCK") {
      if (auto block = number(value)) {
        bad_blocks_.push_back(*block);
      } else {
        contradiction_ = true;
      }
    }
  }

  std::optional<StorageInfo> result() {
    auto geometry = this->geometry();
    std::sort(bad_blocks_.begin(), bad_blocks_.end());
    auto twice = std::adjacent_find(bad_blocks_.begin(), bad_blocks_.end()) != bad_blocks_.end();
    if (contradiction_ || !geometry || twice || total_bad_ != bad_blocks_.size() ||
        (!bad_blocks_.empty() && bad_blocks_.back() >= geometry->blocks)) {
      return std::nullopt;
    }
    return StorageInfo{.geometry = *geometry, .bad_blocks = bad_blocks_, .flash_name = flash_name_};
  }

private:
  using Number = std::optional<std::uint64_t>;

  void agree(Number& known, Number said) {
    if (!said || (known && known != said)) {
      contradiction_ = true;
    }
    known = said;
  }

  void take_json(std::string_view line) {
    for (auto [slot, key] :
         {std::pair{&json_page_, "page_size"}, {&json_block_, "block_size"}, {&json_blocks_, "total_blocks"}}) {
      if (auto said = json_number(line, key)) {
        agree(*slot, said);
      }
    }
  }

  /// From the lines, from JSON, or from both when they agree.
  std::optional<Geometry> geometry() const {
    auto page = page_size_ ? page_size_ : json_page_;
    if (!page || !std::has_single_bit(*page) || *page < smallest_page || *page > largest_page ||
        (json_page_ && json_page_ != page)) {
      return std::nullopt;
    }
    auto pages = pages_;
    if (json_block_) {
      auto said = *json_block_ / *page;
      if (*json_block_ % *page != 0 || (pages && pages != said)) {
        return std::nullopt;
      }
      pages = said;
    }
    if (!pages || *pages == 0 || *pages > most_pages_per_block) {
      return std::nullopt;
    }
    auto blocks = json_blocks_;
    if (sectors_) {
      auto said = *sectors_ / *pages;
      if (*sectors_ % *pages != 0 || (blocks && blocks != said)) {
        return std::nullopt;
      }
      blocks = said;
    }
    if (!blocks || *blocks == 0 || *blocks > most_blocks) {
      return std::nullopt;
    }
    return Geometry{.page_size = static_cast<std::uint32_t>(*page),
                    .pages_per_block = static_cast<std::uint32_t>(*pages),
                    .blocks = *blocks};
  }

  bool contradiction_ = false;
  std::string flash_name_;
  Number page_size_, pages_, sectors_, total_bad_;
  Number json_page_, json_block_, json_blocks_;
  std::vector<std::uint64_t> bad_blocks_;
};

}  // namespace

std::optional<StorageInfo> parse_storage_info(const std::vector<std::string>& logs) {
  Collector collector;
  for (const auto& line : logs) {
    collector.take(line);
  }
  return collector.result();
}

}  // namespace modemedic::protocol
