#include "firmware/package_identity.h"

#include "firmware/safe_path.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace modemedic::firmware {

namespace {

/// What one place says of the revision, and where that is.
struct Witness {
  std::string where;
  std::vector<Revision> revisions;
};

void warn(Package& package, std::string text) {
  package.findings.push_back({Finding::Level::warning, "revision", std::move(text)});
}

/// The names found in the image of a partition. Where a name stands with and without its sub-version, the longer
/// counts.
Witness image_witness(const Package& package, const std::vector<FileFacts>& facts, std::string_view partition) {
  auto image = std::find_if(package.images.begin(), package.images.end(),
                            [&](const Image& candidate) { return fold_case(candidate.partition) == partition; });
  Witness witness;
  if (image == package.images.end()) {
    return witness;
  }
  witness.where = package.file(*image).path;
  for (const auto& text : facts[image->file].revisions) {
    if (auto revision = parse_revision(text)) {
      witness.revisions.push_back(std::move(*revision));
    }
  }
  std::erase_if(witness.revisions, [&](const Revision& one) {
    return one.sub_version.empty() &&
           std::any_of(witness.revisions.begin(), witness.revisions.end(), [&](const Revision& other) {
             return !other.sub_version.empty() && other.short_text() == one.text;
           });
  });
  return witness;
}

std::set<std::string> short_names(const std::vector<Revision>& revisions) {
  std::set<std::string> names;
  for (const auto& revision : revisions) {
    names.insert(revision.short_text());
  }
  return names;
}

/// What the images say together; nothing when they are silent or contradict each other.
std::optional<Revision> from_images(Package& package, const Witness& modem, const Witness& system) {
  auto modem_names = short_names(modem.revisions);
  std::vector<Revision> agreeing;
  for (const auto& revision : system.revisions) {
    if (modem_names.empty() || modem_names.contains(revision.short_text())) {
      agreeing.push_back(revision);
    }
  }
  if (agreeing.size() == 1) {
    package.revision_evidence =
        modem_names.empty() ? system.where : fmt::format("{} and {}", system.where, modem.where);
    return agreeing.front();
  }
  if (system.revisions.empty() && modem_names.size() == 1) {
    package.revision_evidence = modem.where;
    return modem.revisions.front();
  }
  if (!modem.revisions.empty() || !system.revisions.empty()) {
    auto list = [](const Witness& witness) {
      return witness.revisions.empty() ? std::string("nothing") : witness.revisions.front().text;
    };
    warn(package, fmt::format("the images do not agree on one revision: {} names {}{}, {} names {}{}",
                              printable(modem.where), list(modem), modem.revisions.size() > 1 ? " and others" : "",
                              printable(system.where), list(system), system.revisions.size() > 1 ? " and others" : ""));
  }
  return std::nullopt;
}

/// The revision in the names of the package's folders and of what the person named, the nearest first.
std::optional<Revision> from_names(Package& package, std::string& evidence) {
  std::vector<std::pair<std::string, std::string>> names;
  for (std::string_view folder = package.root; !folder.empty(); folder = folder_of(folder)) {
    folder.remove_suffix(folder.ends_with('/') ? 1 : 0);
    names.emplace_back(last_part(folder), "the name of the folder in it");
  }
  auto archive = std::string(last_part(package.inside));
  if (!archive.empty()) {
    names.emplace_back(archive, "the name of the archive in it");
  }
  std::error_code problem;
  auto whole = std::filesystem::canonical(package.path, problem);
  auto kind = std::filesystem::is_directory(package.path, problem) ? "the folder's name" : "the archive's name";
  names.emplace_back(std::filesystem::path(package.path).filename().string(), kind);
  names.emplace_back(problem ? std::string{} : whole.filename().string(), kind);

  std::optional<Revision> best;
  for (const auto& [name, where] : names) {
    auto revision = find_revision(name);
    if (!revision) {
      continue;
    }
    if (best && best->short_text() != revision->short_text()) {
      warn(package, fmt::format("the names around the package speak of {} and of {}", best->text, revision->text));
      return std::nullopt;
    }
    if (!best || (best->sub_version.empty() && !revision->sub_version.empty())) {
      best = std::move(revision);
      evidence = where;
    }
  }
  return best;
}

}  // namespace

void set_revision(Package& package, const std::vector<FileFacts>& facts) {
  auto modem = image_witness(package, facts, "modem");
  auto system = image_witness(package, facts, "system");
  auto findings_before = package.findings.size();
  package.revision = from_images(package, modem, system);
  if (package.findings.size() > findings_before) {
    return;
  }
  std::string evidence;
  auto named = from_names(package, evidence);
  if (!package.revision) {
    package.revision = std::move(named);
    package.revision_evidence = std::move(evidence);
    return;
  }
  if (!named) {
    return;
  }
  if (named->short_text() != package.revision->short_text()) {
    warn(package, fmt::format("{} says {}, but the images say {}", evidence, named->text, package.revision->text));
  } else if (package.revision->sub_version.empty() && !named->sub_version.empty()) {
    package.revision_evidence += " and " + evidence;
    package.revision = std::move(named);
  }
}

}  // namespace modemedic::firmware
