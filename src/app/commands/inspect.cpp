#include "app/commands/commands.h"
#include "app/package_option.h"
#include "app/package_view.h"

namespace modemedic::app {

Result<void> inspect(const PackageOptions& options, Output& output) {
  TRY_ASSIGN(auto package, read_package_option(options, output));
  show_package(package, output);
  return {};
}

}  // namespace modemedic::app
