#include "app/verify_option.h"

#include <map>
#include <string>

#include <CLI/CLI.hpp>

namespace modemedic::app {

void add_verify_option(CLI::App& command, operation::Verify& verify) {
  const std::map<std::string, operation::Verify> ways = {{"boot", operation::Verify::boot},
                                                         {"read", operation::Verify::read}};
  command
      .add_option("--verify", verify,
                  "boot: the modem proves it after its reset; read: every image is read back and compared, too")
      ->transform(CLI::CheckedTransformer(ways).description(""))
      ->option_text("boot|read");
}

}  // namespace modemedic::app
