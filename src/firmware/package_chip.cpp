#include "firmware/chip_family.h"
#include "firmware/package_identity.h"
#include "firmware/safe_path.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::firmware {

namespace {

struct Witness {
  std::string chip;
  std::string who;
};

std::vector<Witness> ask_all(const Package& package, const Contents& contents) {
  std::vector<Witness> witnesses;
  auto add = [&](std::string chip, std::string who) {
    if (!chip.empty()) {
      witnesses.push_back({std::move(chip), std::move(who)});
    }
  };
  const auto& programmer = package.files[package.programmer];
  if (package.kind == PackageKind::streaming) {
    add("9x15", "its loader, " + std::string(last_part(programmer.path)));
  } else {
    if (programmer.signing && programmer.signing->hardware_id) {
      add(family_of_hardware(*programmer.signing->hardware_id), "the programmer's certificate");
    }
    add(family_of_programmer(programmer.path), "the programmer's name");
  }
  add(family_of_chipid(contents.chipid), fmt::format("contents.xml ({})", contents.chipid));
  std::set<std::string> images;
  for (const auto& image : package.images) {
    images.insert(family_of_image(package.file(image).path));
  }
  images.erase("");
  for (const auto& chip : images) {
    add(chip, "the images' names");
  }
  return witnesses;
}

}  // namespace

void set_chip(Package& package, const Contents& contents) {
  auto witnesses = ask_all(package, contents);
  std::set<std::string> chips;
  std::vector<std::string> said;
  std::vector<std::string> who;
  for (const auto& witness : witnesses) {
    chips.insert(witness.chip);
    said.push_back(fmt::format("{} says {}", witness.who, printable(witness.chip)));
    who.push_back(witness.who);
  }
  if (chips.size() > 1) {
    package.findings.push_back(
        {Finding::Level::error, "chip",
         fmt::format("the package contradicts itself about its chip: {}", fmt::join(said, ", "))});
    return;
  }
  if (!witnesses.empty()) {
    package.chip = witnesses.front().chip;
    package.chip_evidence = fmt::format("{}", fmt::join(who, ", "));
  }
}

void set_maker(Package& package, const std::vector<FileFacts>& facts) {
  std::set<std::string> others;
  std::string where;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (!facts[i].makers.empty() && where.empty()) {
      where = package.files[i].path;
    }
    others.insert(facts[i].makers.begin(), facts[i].makers.end());
  }
  // Every revision name of our grammar is Quectel's; one that stands in the names around the package proves nothing.
  bool is_quectel = std::ranges::any_of(facts, [](const FileFacts& f) { return !f.revisions.empty(); });
  if (others.empty()) {
    package.maker = is_quectel ? Maker{Maker::State::quectel, "Quectel", package.revision_evidence} : Maker{};
    return;
  }
  auto names = fmt::format("{}", fmt::join(others, ", "));
  if (is_quectel) {
    package.findings.push_back(
        {Finding::Level::warning, "maker",
         fmt::format("{} holds marks of {}, though there are Quectel revision names in the images", printable(where),
                     names)});
    return;
  }
  package.maker = {Maker::State::other, names, where};
  package.findings.push_back({Finding::Level::error, "maker",
                              fmt::format("this is a package of {} (read from {}): it looks like a Quectel one, and "
                                          "would leave a Quectel modem dead",
                                          names, printable(where))});
}

}  // namespace modemedic::firmware
