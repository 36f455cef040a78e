#include "app/grammar.h"

#include "base/version.h"

#include <utility>

#include <CLI/CLI.hpp>

namespace modemedic::app {

Grammar::Grammar(CLI::App& app) : app_(app) {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", "modemedic " + std::string(version()));
  app_.add_option("--bus", global_.bus, "usb, or usbip:HOST[:PORT]")->capture_default_str();
  app_.add_option("--modem", global_.modem, "which modem: port:1-1.4, imei:…, serial:…");
  app_.add_option("--tty", global_.tty, "the modem with this port, and AT through it: /dev/ttyUSB2");
  app_.add_option("--data", global_.data,
                  "where modemedic keeps what it learned of modems (default: your state folder)");
  app_.add_flag("--json", global_.output.json, "one JSON object a line; the last is the verdict");
  app_.add_flag("-v,--verbose", global_.output.verbose, "what the modem logs, and the causes of errors");
  app_.fallthrough();  // `modemedic flash X --json` works as `modemedic --json flash X`
  app_.footer(
      "A modem that does not work: modemedic doctor says what is wrong and what to do.\n"
      "Try it without hardware:    modemedic virtual serve eg25-g\n"
      "\n"
      "Exit codes: 0 done and proven, 1 our bug, 2 usage, 3 no such modem or several,\n"
      "4 refused by a rule, 5 package bad, 6 modem lost, 7 modem said no,\n"
      "8 flashed but not proven, 9 permission or held, 10 interrupted, 11 file or disk;\n"
      "doctor: 20 something to do, 21 cannot tell.");
}

CLI::App& Grammar::command(const std::string& name, const std::string& what, const std::string& example, Run run) {
  return command(app_, name, what, example, std::move(run));
}

CLI::App& Grammar::command(CLI::App& group, const std::string& name, const std::string& what,
                           const std::string& example, Run run) {
  auto* command = group.add_subcommand(name, what);
  command->footer("Example:\n  " + example +
                  "\n\nWith every command: --bus, --modem, --tty, --data, --json, -v (modemedic --help)");
  command->fallthrough();
  command->callback([this, run = std::move(run)] { chosen_ = run; });
  return *command;
}

CLI::App& Grammar::group(const std::string& name, const std::string& what) {
  auto* group = app_.add_subcommand(name, what);
  group->require_subcommand(1);
  group->fallthrough();
  group->footer("modemedic " + name + " COMMAND --help tells more of each.");
  return *group;
}

}  // namespace modemedic::app
