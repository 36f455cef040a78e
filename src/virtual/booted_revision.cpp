#include "virtual/booted_revision.h"

#include "firmware/revision.h"

#include <set>

namespace modemedic::twin {

namespace {

std::string line_after(std::string_view head, std::string_view key) {
  constexpr std::size_t longest = 96;
  auto at = head.find(key);
  if (at == std::string_view::npos) {
    return {};
  }
  auto value = head.substr(at + key.size(), longest);
  return std::string(value.substr(0, value.find_first_of(std::string_view("\n\r\0", 3))));
}

/// The application's part of "20.200.20.201": "20.201".
std::string last_two_fields(const std::string& sub_version) {
  auto dot = sub_version.rfind('.');
  if (dot == std::string::npos || dot == 0) {
    return {};
  }
  auto before = sub_version.rfind('.', dot - 1);
  return before == std::string::npos ? std::string() : sub_version.substr(before + 1);
}

/// The names without their sub-versions, each once.
std::set<std::string> short_names_of(const std::vector<std::string>& names) {
  std::set<std::string> found;
  for (const auto& text : names) {
    if (auto name = firmware::parse_revision(text)) {
      found.insert(name->short_text());
    }
  }
  return found;
}

}  // namespace

VersionLines read_version_lines(std::string_view head) {
  return {line_after(head, "OEM_IMAGE_VERSION_STRING="), line_after(head, "MODEM_VERSION=")};
}

BootedRevision booted_revision(const VersionLines& modem, const VersionLines& system) {
  BootedRevision revision;
  revision.cgmr = modem.oem;
  auto full = firmware::parse_revision(system.oem);
  auto application = full ? last_two_fields(full->sub_version) : std::string();
  if (!modem.oem.empty() && !modem.modem.empty() && !application.empty()) {
    revision.qgmr = modem.oem + "_" + modem.modem + "." + application;
  } else if (modem.modem.empty() && system.oem == modem.oem) {
    revision.qgmr = modem.oem;  // made without a sub-version
  }
  return revision;
}

BootedRevision booted_revision(const std::vector<std::string>& modem, const std::vector<std::string>& system) {
  auto short_names = short_names_of(modem);
  if (short_names.empty()) {
    short_names = short_names_of(system);
  }
  if (short_names.size() != 1) {
    return {};
  }
  BootedRevision revision;
  revision.cgmr = *short_names.begin();
  std::set<std::string> full;
  for (const auto* image : {&modem, &system}) {
    for (const auto& text : *image) {
      auto name = firmware::parse_revision(text);
      if (name && !name->sub_version.empty() && name->short_text() == revision.cgmr) {
        full.insert(text);
      }
    }
  }
  revision.qgmr = full.size() == 1 ? *full.begin() : std::string();
  return revision;
}

}  // namespace modemedic::twin
