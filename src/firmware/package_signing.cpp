#include "firmware/package_identity.h"
#include "firmware/safe_path.h"

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::firmware {

namespace {

/// The files that a boot ROM or boot loader may ask a signature of: the programmer first, then what is programmed.
std::vector<const PackageFile*> judged_files(const Package& package) {
  std::vector<const PackageFile*> files;
  std::set<std::size_t> seen;
  auto add = [&](std::size_t index) {
    if (package.files[index].signing && seen.insert(index).second) {
      files.push_back(&package.files[index]);
    }
  };
  add(package.programmer);
  for (const auto& image : package.images) {
    add(image.file);
  }
  return files;
}

void warn(Package& package, std::string text) {
  package.findings.push_back({Finding::Level::warning, "signing", std::move(text)});
}

std::string names_of(const std::vector<const PackageFile*>& files) {
  std::vector<std::string> names;
  names.reserve(files.size());
  for (const auto* file : files) {
    names.push_back(printable(file->path));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void set_signing(Package& package) {
  std::vector<const PackageFile*> is_signed;
  std::vector<const PackageFile*> not_signed;
  std::vector<const PackageFile*> odd;
  std::set<Sha256> roots;
  for (const auto* file : judged_files(package)) {
    switch (file->signing->state) {
      case Signing::State::is_signed:
        is_signed.push_back(file);
        roots.insert(file->signing->root_hash);
        break;
      case Signing::State::not_signed:
        not_signed.push_back(file);
        break;
      case Signing::State::not_understood:
        odd.push_back(file);
        break;
    }
  }
  using State = PackageSigning::State;
  auto& state = package.signing.state;
  if (!odd.empty()) {
    warn(package, "what stands in the place of the certificates is none: " + names_of(odd));
    state = State::mixed;
  } else if (is_signed.empty()) {
    state = not_signed.empty() ? State::unknown : State::not_signed;
  } else if (!not_signed.empty()) {
    warn(package, fmt::format("{} are signed, {} are not", names_of(is_signed), names_of(not_signed)));
    state = State::mixed;
  } else if (roots.size() > 1) {
    warn(package, fmt::format("the images are signed by {} different authorities", roots.size()));
    state = State::mixed;
  } else {
    state = State::is_signed;
  }
  if (!is_signed.empty()) {
    package.signing.signing = *is_signed.front()->signing;
  }
}

}  // namespace modemedic::firmware
