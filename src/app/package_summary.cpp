#include "app/package_summary.h"

#include "app/package_view.h"
#include "app/progress.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "firmware/safe_path.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::app {

using firmware::FileUse;
using firmware::Finding;
using firmware::Md5Status;
using firmware::Package;
using firmware::PackageFile;
using firmware::PackageKind;
using firmware::PackageSigning;
using firmware::PartitionFate;
using firmware::Role;

namespace {

constexpr std::size_t most_named = 8;

std::string with_evidence(const std::string& value, const std::string& evidence) {
  auto shown = value.empty() ? std::string("unknown") : printable(value);
  return evidence.empty() ? shown : fmt::format("{}  (read from {})", shown, printable(evidence, 300));
}

std::string some_of(const std::vector<std::string>& names) {
  std::vector<std::string> first(names.begin(),
                                 names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most_named)));
  auto more = names.size() > most_named ? fmt::format(" and {} more", names.size() - most_named) : std::string{};
  return fmt::format("{}{}", fmt::join(first, ", "), more);
}

template <typename Fits>
std::vector<std::string> paths_of(const Package& package, Fits fits) {
  std::vector<std::string> paths;
  for (const auto& file : package.files) {
    if (fits(file)) {
      paths.push_back(printable(file.path));
    }
  }
  return paths;
}

std::string where(const Package& package) {
  auto text = printable(package.path, 300);
  for (const auto& part : {package.inside, package.root}) {
    text += part.empty() ? "" : ", in it " + printable(part, 300);
  }
  return text;
}

std::string signing_text(const PackageSigning& signing) {
  const auto& by = signing.signing;
  switch (signing.state) {
    case PackageSigning::State::unknown:
      return "unknown: no image has a place for a signature that is known here";
    case PackageSigning::State::not_signed:
      return "no: a fused modem takes nothing of it";
    case PackageSigning::State::mixed:
      return "in part, or by several: see below";
    case PackageSigning::State::is_signed:
      break;
  }
  auto text = fmt::format("by {}, root {}", printable(by.signer, 64), printable(by.root, 64));
  if (by.oem_id) {
    text += fmt::format(", OEM {:#06x}", *by.oem_id);
  }
  if (by.hardware_id) {
    text += fmt::format(", hardware {:#018x}", *by.hardware_id);
  }
  return text + fmt::format(", key hash {}", hex_digits(by.root_hash));
}

/// md5.txt itself is vouched for by nobody, and need not be.
std::string completeness(const Package& package) {
  std::uint64_t size = 0;
  for (const auto& file : package.files) {
    size += file.size;
  }
  auto text = fmt::format("{} files, {}", package.files.size(), human_size(size));
  bool has_list = std::ranges::none_of(package.files, [](const auto& f) { return f.status == Md5Status::no_list; });
  if (!has_list) {
    return text + "; no md5.txt vouches for them";
  }
  auto unlisted = paths_of(package, [](const PackageFile& file) {
    return file.status == Md5Status::not_listed && firmware::fold_case(file.path) != "md5.txt";
  });
  return text + (unlisted.empty() ? "; md5.txt vouches for all of them"
                                  : fmt::format("; md5.txt does not vouch for {}", some_of(unlisted)));
}

std::string names_with(const std::vector<PartitionFate>& fates, Role role) {
  std::vector<std::string> names;
  for (const auto& fate : fates) {
    if (fate.kind == PartitionFate::Kind::stays && fate.role == role) {
      names.push_back(printable(fate.partition->name));
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::vector<SummaryLine> summarize(const Package& package) {
  std::vector<SummaryLine> lines;
  auto add = [&](const char* label, std::string text) { lines.push_back({label, std::move(text)}); };
  add("package", where(package));
  add("revision", with_evidence(package.revision ? package.revision->text : "", package.revision_evidence));
  add("chip", with_evidence(package.chip, package.chip_evidence));
  add("maker", with_evidence(package.maker.name, package.maker.evidence));
  if (package.kind == PackageKind::firehose) {
    add("NAND", describe(package.geometry));
  }
  add("signed", signing_text(package.signing));
  add(package.kind == PackageKind::firehose ? "programmer" : "loader",
      printable(package.files[package.programmer].path));
  add("files", completeness(package));
  auto unused = paths_of(package, [](const PackageFile& file) { return file.use == FileUse::unused; });
  if (!unused.empty()) {
    add("not needed", some_of(unused));
  }
  return lines;
}

Consequences consequences(const Package& package) {
  Consequences all;
  auto fates = firmware::partition_fates(package);
  auto calibrated = names_with(fates, Role::calibrated);
  auto rest = fmt::format("{}{}", names_with(fates, Role::kept),
                          names_with(fates, Role::plain).empty() ? "" : ", " + names_with(fates, Role::plain));
  if (!calibrated.empty()) {
    all.stays = calibrated + " (IMEI and RF calibration of the module)";
  }
  if (!rest.empty()) {
    all.stays += (all.stays.empty() ? "" : "; ") + rest;
  }
  std::vector<std::string> goes;
  for (const auto& fate : fates) {
    auto name = printable(fate.partition->name);
    if (fate.kind == PartitionFate::Kind::stays) {
      continue;
    }
    goes.push_back(name);
    if (fate.is_lost_for_ever()) {
      all.alarms.push_back(fmt::format("THIS DESTROYS {}: IMEI AND CALIBRATION OF THE MODULE ARE LOST FOR EVER", name));
    } else if (fate.kind == PartitionFate::Kind::erased) {
      all.alarms.push_back(fmt::format("THIS LEAVES {} BLANK", name));
    } else if (fate.role == Role::kept) {
      all.alarms.push_back(fmt::format("THIS OVERWRITES {}, WHICH NO NORMAL PACKAGE DOES", name));
    }
  }
  all.goes = fmt::format("{}", fmt::join(goes, ", "));
  return all;
}

std::vector<Finding> by_weight(const std::vector<Finding>& findings) {
  auto sorted = findings;
  std::ranges::stable_sort(sorted, std::ranges::greater{}, &Finding::level);
  return sorted;
}

std::string_view word(Md5Status status) {
  switch (status) {
    case Md5Status::listed:
      return "md5 ok";
    case Md5Status::not_listed:
      return "not in md5.txt";
    case Md5Status::no_list:
      return "no md5.txt";
  }
  return "";
}

std::string_view word(FileUse use) {
  switch (use) {
    case FileUse::image:
      return "programmed";
    case FileUse::programmer:
      return "programmer";
    case FileUse::steering:
      return "says what goes where";
    case FileUse::about:
      return "about the package";
    case FileUse::unused:
      return "not needed";
  }
  return "";
}

std::string_view word(Finding::Level level) {
  switch (level) {
    case Finding::Level::note:
      return "note";
    case Finding::Level::warning:
      return "warning";
    case Finding::Level::error:
      return "error";
  }
  return "";
}

std::string_view word(const PartitionFate& fate) {
  switch (fate.kind) {
    case PartitionFate::Kind::stays:
      return "stays";
    case PartitionFate::Kind::erased:
      return "erased";
    case PartitionFate::Kind::written:
      return "written";
  }
  return "";
}

std::string_view word(PackageSigning::State state) {
  switch (state) {
    case PackageSigning::State::unknown:
      return "unknown";
    case PackageSigning::State::not_signed:
      return "not signed";
    case PackageSigning::State::is_signed:
      return "signed";
    case PackageSigning::State::mixed:
      return "mixed";
  }
  return "";
}

}  // namespace modemedic::app
