#include "app/commands/commands.h"
#include "app/data_directory.h"
#include "app/open_bus.h"
#include "app/open_records.h"
#include "base/bytes.h"
#include "operation/fastboot_verbs.h"

#include <fstream>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using operation::FastbootVerb;

struct FastbootOptions {
  std::vector<std::string> words;  ///< the verb and what goes with it
  bool yes = false;
  std::vector<std::string> overrides;
};

constexpr std::uint64_t largest_image = 256_MiB;

Result<Buffer> read_image(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  auto size = file ? static_cast<std::int64_t>(file.tellg()) : -1;
  if (size < 0 || static_cast<std::uint64_t>(size) > largest_image) {
    return fail(Code::io)
        .what(printable(path, 300) + (size < 0 ? " can't be read" : " is larger than any boot loader takes"))
        .hint("nothing was sent to the modem");
  }
  Buffer bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), size);
  return file ? Result<Buffer>(std::move(bytes)) : fail(Code::io).what(printable(path, 300) + " can't be read");
}

Result<FastbootVerb> verb_of(const FastbootOptions& options) {
  using Kind = FastbootVerb::Kind;
  static const std::map<std::string, std::pair<Kind, std::size_t>> verbs{{"getvar", {Kind::getvar, 1}},
                                                                         {"flash", {Kind::flash, 2}},
                                                                         {"erase", {Kind::erase, 1}},
                                                                         {"continue", {Kind::go_on, 0}},
                                                                         {"reboot", {Kind::reboot, 0}}};
  auto found = verbs.find(options.words.front());
  if (found == verbs.end() || options.words.size() != found->second.second + 1) {
    return fail(Code::usage)
        .what("that is no fastboot command")
        .hint("getvar NAME|all, flash PARTITION FILE, erase PARTITION, continue, reboot");
  }
  FastbootVerb verb{found->second.first, options.words.size() > 1 ? options.words[1] : "", {}};
  auto writes = verb.kind == Kind::flash || verb.kind == Kind::erase;
  if (writes && !options.yes) {
    return fail(Code::usage)
        .what(fmt::format("{} {} changes the modem's flash, and fastboot guards nothing", options.words.front(),
                          printable(verb.name)))
        .hint("add --yes; modemedic flash PACKAGE does it in a proven order");
  }
  if (verb.kind == Kind::flash) {
    TRY_ASSIGN(verb.image, read_image(options.words[2]));
  }
  return verb;
}

Result<void> fastboot(const GlobalOptions& global, const FastbootOptions& options, Output& output,
                      const std::stop_token& stop) {
  TRY_ASSIGN(auto verb, verb_of(options));
  SteadyClock clock;
  TRY_ASSIGN(auto bus, open_bus(global, clock));
  auto records = open_records(global, output);
  TRY_ASSIGN(auto modem, operation::find_modem(*bus, global.modem, output, &records));
  operation::GateOptions gate;
  gate.records = &records;
  gate.overrides.insert(options.overrides.begin(), options.overrides.end());
  auto size = std::uint64_t{verb.image.size()};
  TRY_ASSIGN(auto reply, operation::run_verb(
                             *bus, modem, verb, gate, output,
                             [&](std::uint64_t done) {
                               output.emit(event::Progress{verb.name, done, size, done, size});
                             },
                             stop));
  auto infos = Json::array();
  for (const auto& line : reply.infos) {
    output.line(printable(line));
    infos.push_back(printable(line));
  }
  output.verdict_field("infos", infos);
  output.verdict_field("text", printable(reply.text));
  output.line(reply.text.empty() ? "OKAY" : printable(reply.text));
  if (verb.kind == FastbootVerb::Kind::flash) {
    output.line("  from now on every power-on ends in fastboot, until `modemedic fastboot reboot`");
  }
  return {};
}

}  // namespace

void add_fastboot(Grammar& grammar) {
  auto options = std::make_shared<FastbootOptions>();
  auto& command = grammar.command(
      "fastboot", "talk to a boot loader in fastboot: getvar, flash, erase, continue, reboot",
      "modemedic fastboot getvar all",
      [&grammar, options](Output& output, auto& stop) { return fastboot(grammar.global(), *options, output, stop); });
  command
      .add_option("VERB", options->words, "getvar NAME|all, flash PARTITION FILE, erase PARTITION, continue, reboot")
      ->required()
      ->expected(1, 3);
  command.add_flag("--yes", options->yes, "flash and erase: yes, change it");
  command.add_option("--override", options->overrides, "lift this rule, where it can be lifted (repeatable)");
}

}  // namespace modemedic::app
