#include "app/open_catalog.h"

#include "app/data_directory.h"

namespace modemedic::app {

Result<std::filesystem::path> catalog_folder(const GlobalOptions& global) {
  auto data = data_directory(global.data);
  if (data.empty()) {
    return fail(Code::usage).what("there is no folder for the catalogue").hint("say where: --data DIR");
  }
  return data / "catalog";
}

Result<catalog::Catalog> open_catalog(const GlobalOptions& global, Events& events) {
  TRY_ASSIGN(auto folder, catalog_folder(global));
  return catalog::Catalog::open(folder, events);
}

catalog::Genuine read_genuine(const GlobalOptions& global, Events& events) {
  auto folder = catalog_folder(global);
  return folder ? catalog::Genuine::read(*folder, events) : catalog::Genuine();
}

}  // namespace modemedic::app
