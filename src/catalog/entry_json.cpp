#include "catalog/entry.h"

#include <stdexcept>

#include <nlohmann/json.hpp>

/// An entry as text, and back. It is read from a file that may have been damaged: whatever is missing or of another
/// type makes it unreadable as a whole, and the index is made anew from the packages themselves.
namespace modemedic::catalog {

namespace {

using Json = nlohmann::ordered_json;
using firmware::PackageSigning;
using firmware::Signing;

Sha256 digest_from(const Json& json) {
  auto digest = parse_sha256(json.get<std::string>());
  return digest ? *digest : throw std::invalid_argument("digest");
}

template <typename Value>
Json optional_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <typename Value>
std::optional<Value> optional_from(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<Value>());
}

Json geometry_json(const std::optional<Geometry>& geometry) {
  return geometry ? Json{geometry->page_size, geometry->pages_per_block, geometry->blocks} : Json(nullptr);
}

std::optional<Geometry> geometry_from(const Json& json) {
  if (json.is_null()) {
    return std::nullopt;
  }
  Geometry geometry;
  json.at(0).get_to(geometry.page_size);
  json.at(1).get_to(geometry.pages_per_block);
  json.at(2).get_to(geometry.blocks);
  return geometry;
}

Json table_json(const std::optional<firmware::PartitionTable>& table) {
  if (!table) {
    return nullptr;
  }
  auto rows = Json::array();
  for (const auto& partition : *table) {
    rows.push_back({partition.name, partition.range.start.n, partition.range.count.n});
  }
  return rows;
}

std::optional<firmware::PartitionTable> table_from(const Json& json) {
  if (json.is_null()) {
    return std::nullopt;
  }
  firmware::PartitionTable table;
  for (const auto& row : json) {
    table.push_back(
        {row.at(0).get<std::string>(), {{row.at(1).get<std::uint64_t>()}, {row.at(2).get<std::uint64_t>()}}});
  }
  return table;
}

Json signing_json(const PackageSigning& signing) {
  return {{"state", static_cast<int>(signing.state)},
          {"image_state", static_cast<int>(signing.signing.state)},
          {"signer", signing.signing.signer},
          {"root", signing.signing.root},
          {"root_hash", hex_digits(signing.signing.root_hash)},
          {"certificates", signing.signing.certificates},
          {"hardware_id", optional_json(signing.signing.hardware_id)},
          {"software_id", optional_json(signing.signing.software_id)},
          {"oem_id", optional_json(signing.signing.oem_id)},
          {"model_id", optional_json(signing.signing.model_id)}};
}

template <typename State>
State state_from(const Json& json, State last) {
  auto value = json.get<int>();
  if (value < 0 || value > static_cast<int>(last)) {
    throw std::invalid_argument("state");
  }
  return static_cast<State>(value);
}

PackageSigning signing_from(const Json& json) {
  PackageSigning signing;
  signing.state = state_from(json.at("state"), PackageSigning::State::mixed);
  auto& image = signing.signing;
  image.state = state_from(json.at("image_state"), Signing::State::not_understood);
  json.at("signer").get_to(image.signer);
  json.at("root").get_to(image.root);
  image.root_hash = digest_from(json.at("root_hash"));
  json.at("certificates").get_to(image.certificates);
  image.hardware_id = optional_from<std::uint64_t>(json.at("hardware_id"));
  image.software_id = optional_from<std::uint64_t>(json.at("software_id"));
  image.oem_id = optional_from<std::uint32_t>(json.at("oem_id"));
  image.model_id = optional_from<std::uint32_t>(json.at("model_id"));
  return signing;
}

Entry entry_from(const Json& json) {
  Entry entry;
  entry.content = digest_from(json.at("content"));
  json.at("name").get_to(entry.name);
  json.at("added").get_to(entry.added);
  json.at("programmer").get_to(entry.choice.programmer);
  json.at("rawprogram").get_to(entry.choice.rawprogram);
  json.at("firmware").get_to(entry.choice.firmware);
  json.at("bytes").get_to(entry.bytes);
  auto& facts = entry.facts;
  auto revision = json.at("revision").get<std::string>();
  facts.revision = firmware::parse_revision(revision);
  if (!facts.revision && !revision.empty()) {
    throw std::invalid_argument("revision");
  }
  json.at("chip").get_to(facts.chip);
  facts.foreign = optional_from<bool>(json.at("foreign"));
  json.at("maker").get_to(facts.maker);
  facts.geometry = geometry_from(json.at("geometry"));
  facts.signing = signing_from(json.at("signing"));
  facts.table = table_from(json.at("table"));
  for (const auto& fault : json.at("faults")) {
    entry.faults.push_back({fault.at(0).get<std::string>(), fault.at(1).get<std::string>()});
  }
  return entry;
}

}  // namespace

std::string to_json(const Entry& entry) {
  const auto& facts = entry.facts;
  auto faults = Json::array();
  for (const auto& fault : entry.faults) {
    faults.push_back({fault.rule, fault.what});
  }
  Json json = {{"content", hex_digits(entry.content)},
               {"name", entry.name},
               {"added", entry.added},
               {"programmer", entry.choice.programmer},
               {"rawprogram", entry.choice.rawprogram},
               {"firmware", entry.choice.firmware},
               {"bytes", entry.bytes},
               {"revision", facts.revision ? facts.revision->text : ""},
               {"chip", facts.chip},
               {"foreign", optional_json(facts.foreign)},
               {"maker", facts.maker},
               {"geometry", geometry_json(facts.geometry)},
               {"signing", signing_json(facts.signing)},
               {"table", table_json(facts.table)},
               {"faults", std::move(faults)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Entry> entry_from_json(std::string_view text) {
  try {
    return entry_from(Json::parse(text));
  } catch (const std::exception&) {
    return fail(Code::package_bad)
        .what("a row of the catalogue's index can't be read")
        .hint("modemedic catalog verify");
  }
}

}  // namespace modemedic::catalog
