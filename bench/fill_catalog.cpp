#include "catalog/catalog.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

/// Fills a catalogue with many packages alike, for the benchmark of those who ask it: bench_catalog PACKAGE CATALOG
/// COUNT. Each has a digest and a release of its own, and no files: who asks the index opens none.
int main(int argc, char** argv) {
  using namespace modemedic;
  if (argc != 4) {
    return 2;
  }
  EventRecorder events;
  auto package = firmware::read_package(argv[1], {}, events);
  auto opened = catalog::Catalog::open(argv[2], events);
  auto index = catalog::Index::open(std::string(argv[2]) + "/index.sqlite");
  auto entry = package ? catalog::make_entry(*package, {}) : fail(package.error());
  if (!opened || !index || !entry) {
    std::fputs("the catalogue can't be made\n", stderr);
    return 1;
  }
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    entry->content = digest<Sha256>(as_bytes(std::to_string(i)));
    entry->facts.revision =
        firmware::parse_revision(fmt::format("EG25GGBR07A{:02}M2G_30.{:03}.30.{:03}", i % 90, i, i));
    auto place = std::filesystem::path(argv[2]) / "packages" / hex_digits(entry->content);
    std::filesystem::create_directories(place);
    std::ofstream(place / "about.json") << catalog::to_json(*entry);
    if (!index->put(*entry)) {
      return 1;
    }
  }
  return 0;
}
