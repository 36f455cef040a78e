#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace modemedic::twin {

/// The attributes that the programmer knows. The value is the number that it gives them in its Verbose log; only
/// MemoryName's is known from the real one.
enum class Attribute : std::uint8_t {
  sector_size,
  num_partition_sectors,
  start_sector,
  physical_partition_number,
  file_sector_offset,
  pages_per_block,
  filename,
  label,
  last_sector,
  bad_block_at_end,
  get_spare,
  ecc_disabled,
  value,
  delay_in_seconds,
  max_payload_to_target,
  max_payload_from_target,
  max_digest_table_size,
  zlp_aware_host,
  skip_write,
  skip_storage_init,
  always_validate,
  verbose,
  ack_raw_data,
  target_name,
  byte_offset,
  size_in_bytes,
  what,
  test_write_performance,
  test_read_performance,
  trials,
  memory_name,  // 30
  count
};

/// What the programmer remembers of attributes. They are sticky: an attribute that a command leaves out keeps the
/// value of an earlier command, of any kind, refused ones too (facts: programmer-9x07.md, trap 4).
class FirehoseAttributes {
public:
  enum class Kind : std::uint8_t {
    number,  ///< decimal or 0x hex
    text,    ///< at most 63 characters
    sector,  ///< an expression of its own: decimal, NUM_DISK_SECTORS, + and -
  };

  struct Entry {
    std::string_view name;
    Kind kind = Kind::number;
    std::uint64_t initial = 0;
  };

  FirehoseAttributes();

  /// Names match in any case.
  static std::optional<Attribute> find(std::string_view name);

  static const Entry& entry(Attribute attribute);

  std::uint64_t number(Attribute attribute) const { return numbers_[index(attribute)]; }

  void set(Attribute attribute, std::uint64_t number) { numbers_[index(attribute)] = number; }

  const std::string& text(Attribute attribute) const { return texts_[index(attribute)]; }

  /// A new packet begins: an empty number has no number before it to repeat.
  void begin_packet() { previous_number_ = 0; }

  /// Takes a value as it stood between the quotes.
  /// @return false when the programmer refuses it; what it had stays
  bool assign(Attribute attribute, std::string_view value);

private:
  static std::size_t index(Attribute attribute) { return static_cast<std::size_t>(attribute); }

  static constexpr auto size = static_cast<std::size_t>(Attribute::count);
  std::array<std::uint64_t, size> numbers_{};
  std::array<std::string, size> texts_;
  std::uint64_t previous_number_ = 0;
};

/// bad_block_at_end before any command gave it.
constexpr std::uint64_t attribute_not_given = 0xFFFFFFFF;

/// start_sector's own evaluator. `0x40` is 40, NUM_DISK_SECTORS is 0, a dot may end it; a negative result wraps.
/// @return nothing when it is no such expression
std::optional<std::uint64_t> evaluate_sector(std::string_view expression);

}  // namespace modemedic::twin
