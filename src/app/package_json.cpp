#include "app/package_json.h"

#include "app/package_summary.h"
#include "base/digest.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

using firmware::Package;
using firmware::PackageKind;
using firmware::Signing;

namespace {

template <typename Number>
Json hex_number(const std::optional<Number>& number, int digits) {
  return number ? Json(fmt::format("0x{:0{}x}", *number, digits)) : Json();
}

Json certificate_json(const Signing& signing) {
  return {{"signer", signing.signer},
          {"root", signing.root},
          {"root_hash", hex_digits(signing.root_hash)},
          {"oem_id", hex_number(signing.oem_id, 4)},
          {"model_id", hex_number(signing.model_id, 4)},
          {"hardware_id", hex_number(signing.hardware_id, 16)},
          {"software_id", hex_number(signing.software_id, 16)}};
}

Json files_json(const Package& package) {
  Json files = Json::array();
  for (const auto& file : package.files) {
    Json row{{"path", file.path},
             {"size", file.size},
             {"md5", hex_digits(file.md5)},
             {"status", word(file.status)},
             {"use", word(file.use)}};
    if (file.signing) {
      row["signed"] = file.signing->state == Signing::State::is_signed;
    }
    files.push_back(std::move(row));
  }
  return files;
}

/// Of a package without a table, the images by the names of their partitions.
Json partitions_json(const Package& package) {
  Json partitions = Json::array();
  for (const auto& fate : firmware::partition_fates(package)) {
    Json row{{"name", fate.partition->name},
             {"fate", word(fate)},
             {"start", fate.partition->range.start.n},
             {"count", fate.partition->range.count.n}};
    if (fate.image != nullptr) {
      row["image"] = fate.image->path;
      row["image_size"] = fate.image->size;
    }
    if (fate.is_lost_for_ever()) {
      row["lost_for_ever"] = true;
    }
    partitions.push_back(std::move(row));
  }
  if (package.kind == PackageKind::streaming) {
    for (const auto& image : package.images) {
      const auto& file = package.file(image);
      partitions.push_back({{"name", image.partition},
                            {"fate", "written"},
                            {"image", file.path},
                            {"image_size", file.size},
                            {"reason", image.reason}});
    }
  }
  return partitions;
}

Json signing_json(const Package& package) {
  Json signing{{"state", word(package.signing.state)}};
  if (package.signing.signing.state == Signing::State::is_signed) {
    signing.update(certificate_json(package.signing.signing));
  }
  return signing;
}

}  // namespace

Json package_json(const Package& package) {
  Json findings = Json::array();
  for (const auto& finding : package.findings) {
    findings.push_back({{"level", word(finding.level)}, {"id", finding.id}, {"text", finding.text}});
  }
  return {{"path", package.path},
          {"inside", package.inside},
          {"root", package.root},
          {"kind", package.kind == PackageKind::firehose ? "firehose" : "streaming"},
          {"chip", package.chip},
          {"chip_evidence", package.chip_evidence},
          {"maker", package.maker.name},
          {"revision", package.revision ? package.revision->text : ""},
          {"revision_evidence", package.revision_evidence},
          {"page_size", package.geometry.page_size},
          {"block_size", package.geometry.block_size()},
          {"blocks", package.geometry.blocks},
          {"programmer", package.files[package.programmer].path},
          {"rawprogram", package.rawprogram ? package.files[*package.rawprogram].path : ""},
          {"signing", signing_json(package)},
          {"files", files_json(package)},
          {"partitions", partitions_json(package)},
          {"findings", findings}};
}

}  // namespace modemedic::app
