#include "app/commands/commands.h"
#include "app/package_view.h"

namespace modemedic::app {

Result<void> inspect(const PackageOptions& options, Output& output) {
  TRY_ASSIGN(auto package, firmware::read_package(options.path, options.choice, output));
  show_package(package, output);
  return {};
}

}  // namespace modemedic::app
