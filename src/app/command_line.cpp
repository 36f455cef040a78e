#include "app/command_line.h"

#include "app/commands/commands.h"
#include "app/interrupt.h"
#include "base/clock.h"

#include <algorithm>
#include <exception>
#include <functional>

#include <CLI/CLI.hpp>

namespace modemedic::app {

namespace {

using Command = std::function<Result<void>(Output&, const std::stop_token&)>;

/// The command line's grammar, and what the person chose by it.
class Grammar {
public:
  Grammar() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "modemedic " MODEMEDIC_VERSION);
    app_.add_option("--bus", global_.bus, "usb, or usbip:HOST[:PORT]")->capture_default_str();
    app_.add_option("--modem", global_.modem, "which modem: port:1-1.4, imei:…, serial:…");
    app_.add_flag("--json", global_.output.json, "one JSON object a line; the last is the verdict");
    app_.add_flag("-v,--verbose", global_.output.verbose, "what the modem logs, and the causes of errors");
    app_.fallthrough();  // `modemedic flash X --json` works as `modemedic --json flash X`
    app_.footer(
        "Exit codes: 0 done and proven, 1 our bug, 2 usage, 3 no such modem or several, 4 refused by a rule,\n"
        "5 package bad, 6 modem lost, 7 modem said no, 8 flashed but not proven, 9 permission or held,\n"
        "10 interrupted, 11 file or disk.\n"
        "Try it without hardware: modemedic virtual serve eg25-g");
    add_modem_commands();
    add_package_commands();
    add_virtual_commands();
  }

  CLI::App& app() { return app_; }

  const GlobalOptions& global() const { return global_; }

  const Command& chosen() const { return chosen_; }

private:
  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example,
                    Command run) {
    auto* sub = parent.add_subcommand(name, what);
    sub->footer("Example:\n  " + example);
    sub->fallthrough();
    sub->callback([this, run = std::move(run)] { chosen_ = run; });
    return sub;
  }

  static void add_package(CLI::App* command, PackageOptions& package) {
    command->add_option("PACKAGE", package.path, "a folder, .zip, .7z or .tar with the firmware")->required();
    command->add_option("--programmer", package.choice.programmer, "which programmer, where the package has several");
    command->add_option("--rawprogram", package.choice.rawprogram, "which rawprogram XML, where it has several");
  }

  void add_modem_commands() {
    command(app_, "list", "every modem in sight: port, state, model, what to do next",
            "modemedic --bus usbip:127.0.0.1 list", [this](Output& out, auto&) { return list(global_, out); });
    auto* flash_command = command(app_, "flash", "put a package onto a modem and let the modem prove it",
                                  "modemedic --bus usbip:127.0.0.1 flash EG25GGBR07A08M2G_30.006.30.006.zip --yes",
                                  [this](Output& out, auto& stop) { return flash(global_, flash_, out, stop); });
    add_package(flash_command, flash_.package);
    flash_command->add_flag("--yes", flash_.yes, "don't ask before the point of no return");
    flash_command->add_option("--override", flash_.overrides, "lift this rule, where it can be lifted (repeatable)");
  }

  void add_package_commands() {
    auto* inspect_command =
        command(app_, "inspect", "what a package is, whether it is whole, what it would write and erase",
                "modemedic inspect EG25GGBR07A08M2G_30.006.30.006.zip",
                [this](Output& out, auto&) { return inspect(inspect_, out); });
    add_package(inspect_command, inspect_);
    auto* plan_command = command(app_, "plan", "the steps a flash would take, proven; nothing is sent",
                                 "modemedic plan EG25GGBR07A08M2G_30.006.30.006/ --persona eg25-g",
                                 [this](Output& out, auto&) { return show_plan(plan_, out); });
    add_package(plan_command, plan_.package);
    plan_command->add_option("--persona", plan_.persona, "check against this virtual modem's chip, too");
    auto* rehearse_command = command(app_, "rehearse", "flash the package onto a virtual twin, on simulated time",
                                     "modemedic rehearse EG25GGBR07A08M2G_30.006.30.006.zip",
                                     [this](Output& out, auto& stop) { return rehearse(rehearse_, out, stop); });
    add_package(rehearse_command, rehearse_.package);
    rehearse_command->add_option("--persona", rehearse_.persona, "the twin; default: the one the package's NAND fits");
    rehearse_command->add_option("--revision", rehearse_.revision, "what the twin runs before");
  }

  void add_virtual_commands() {
    auto* group = app_.add_subcommand("virtual", "virtual modems, and packages for them");
    group->require_subcommand(1);
    group->fallthrough();
    command(*group, "personas", "the virtual modems there are", "modemedic virtual personas",
            [](Output& out, auto&) { return virtual_personas(out); });
    auto* package = command(*group, "package", "make a firmware package of real shape (folder, .zip, .7z, .tar)",
                            "modemedic virtual package eg25-g fw.zip --revision EG25GGBR07A08M2G_30.006.30.006",
                            [this](Output& out, auto&) { return virtual_package(generate_, out); });
    package->add_option("PERSONA", generate_.persona, "see `virtual personas`")->required();
    package->add_option("OUT", generate_.out, "a folder, or NAME.zip, NAME.7z, NAME.tar")->required();
    package->add_option("--revision", generate_.revision, "default: the persona's own");
    package->add_flag("--small", generate_.small, "images of a few blocks instead of real sizes");
    package->add_flag("--qdl-form", generate_.qdl_form, "the XML with labels, as Debian's qdl takes it");
    auto* serve = command(*group, "serve", "export virtual modems over USB/IP until interrupted",
                          "modemedic virtual serve eg25-g ec25-e:edl --listen 127.0.0.1:0",
                          [this](Output& out, auto& stop) { return virtual_serve(serve_, out, stop); });
    serve->add_option("PERSONA[:MODE]", serve_.modems, "MODE: running (default), edl, download, dump, fastboot")
        ->required();
    serve->add_option("--listen", serve_.listen, "HOST:PORT; port 0 takes a free one")->capture_default_str();
    serve->add_option("--revision", serve_.revision, "firmware on the modems; default: the persona's own");
    serve->add_flag("--blank", serve_.blank, "a chip with nothing but its own EFS on it");
    serve->add_option("--state", serve_.state_dir, "keep each modem's NAND in this folder");
    serve->add_option("--fault", serve_.faults, "KIND[@AT][:N], see docs/virtual-modem.md (repeatable)");
    serve->add_flag("--vhci", serve_.vhci, "plug them into this machine's own USB too (Linux with vhci-hcd, as root)");
    serve->add_flag("--real-timing", serve_.real_timing, "NAND and boot take as long as on a real modem");
  }

  CLI::App app_{"Diagnose, flash and rescue Quectel cellular modems without bricking them; rehearse it first.",
                "modemedic"};
  GlobalOptions global_;
  PackageOptions inspect_;
  PlanOptions plan_;
  FlashCommandOptions flash_;
  RehearseOptions rehearse_;
  GenerateOptions generate_;
  ServeOptions serve_;
  Command chosen_;
};

int usage_error(const Grammar& grammar, const std::string& what, const std::vector<std::string>& arguments) {
  auto options = grammar.global().output;
  options.json = options.json || std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  SteadyClock clock;
  Output output(options, clock);
  return output.finish(fail(Code::usage).what(what).hint("modemedic --help, or modemedic COMMAND --help"));
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  Grammar grammar;
  try {
    grammar.app().parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return grammar.app().exit(wanted);
  } catch (const CLI::ParseError& error) {
    return usage_error(grammar, error.what(), std::vector<std::string>(argv, argv + argc));
  }
  Interrupt interrupt;
  SteadyClock clock;
  Output output(grammar.global().output, clock);
  try {
    return output.finish(grammar.chosen()(output, interrupt.token()));
  } catch (const std::exception& error) {  // a library's: ours fail with a Result
    return output.finish(fail(Code::bug).what(error.what()).hint("please report this, with the command you ran"));
  }
}

}  // namespace modemedic::app
