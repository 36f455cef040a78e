#include "catalog/catalog.h"

#include "app/commands/commands.h"
#include "app/open_catalog.h"
#include "app/open_records.h"
#include "app/origin.h"
#include "app/package_json.h"
#include "app/package_option.h"
#include "app/package_view.h"
#include "app/patient.h"
#include "base/bytes.h"
#include "catalog/choose.h"

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::app {

namespace {

using catalog::Catalog;
using catalog::Entry;
using catalog::Judged;

std::string revision_of(const Entry& entry) {
  return entry.facts.revision ? printable(entry.facts.revision->text) : "unknown";
}

std::string cells_of(const Entry& entry) {
  return entry.facts.geometry ? knowledge::cells_name(*entry.facts.geometry) : "-";
}

Json entry_json(const Entry& entry, const Catalog& catalog) {
  return {{"id", entry.id()},
          {"content", hex_digits(entry.content)},
          {"revision", entry.facts.revision ? entry.facts.revision->text : ""},
          {"chip", entry.facts.chip},
          {"geometry", entry.facts.geometry ? knowledge::cells_name(*entry.facts.geometry) : ""},
          {"bytes", entry.bytes},
          {"name", entry.name},
          {"added", entry.added},
          {"where", catalog.place(entry).string()}};
}

struct AddOptions {
  std::vector<std::string> paths;
  firmware::PackageChoice choice;
};

Result<void> add_one(Catalog& catalog, const std::string& path, const firmware::PackageChoice& choice, Output& output,
                     const std::stop_token& stop) {
  TRY_ASSIGN(auto package, firmware::read_package(path, choice, output, stop));
  auto name = printable(std::filesystem::path(path).filename().string(), 200);
  TRY_ASSIGN(auto added, catalog.add(package, choice, name, utc_now(), output, stop));
  auto object = entry_json(added.entry, catalog);
  object["new"] = added.is_new;
  output.object("package", object);
  output.line(fmt::format("{}  {} {}{}", added.entry.id(), revision_of(added.entry), cells_of(added.entry),
                          added.is_new ? "" : " (was there already)"));
  return {};
}

/// All that can be added are; the first that could not is the verdict.
Result<void> add(const GlobalOptions& global, const AddOptions& options, Output& output, const std::stop_token& stop) {
  TRY_ASSIGN(auto catalog, open_catalog(global, output));
  Result<void> verdict;
  for (const auto& path : options.paths) {
    auto added = add_one(catalog, path, options.choice, output, stop);
    if (!added && added.error().code == Code::interrupted) {
      return added;
    }
    if (!added && options.paths.size() > 1) {
      warn(output, fmt::format("{} was not added: {}", printable(path, 300), added.error().what));
    }
    if (!added && verdict) {
      verdict = fail(std::move(added.error()));
    }
  }
  return verdict;
}

Result<void> list(const GlobalOptions& global, Output& output) {
  TRY_ASSIGN(auto catalog, open_catalog(global, output));
  TRY_ASSIGN(auto entries, catalog.entries());
  auto genuine = read_genuine(global, output);
  if (entries.empty()) {
    output.line("the catalogue is empty: modemedic catalog add PACKAGE");
    return {};
  }
  output.line(fmt::format("{:<12}  {:<38} {:<6} {:<10} {:>8}  {}", "ID", "REVISION", "CHIP", "NAND", "SIZE",
                          genuine.has_lists() ? "ORIGIN" : "ADDED AS"));
  for (const auto& entry : entries) {
    const auto* voucher = genuine.find(entry.content);
    auto object = entry_json(entry, catalog);
    if (genuine.has_lists()) {
      object["origin"] = origin_json(voucher);
    }
    output.object("package", object);
    output.line(fmt::format("{:<12}  {:<38} {:<6} {:<10} {:>8}  {}", entry.id(), revision_of(entry),
                            printable(entry.facts.chip), cells_of(entry), human_size(entry.bytes),
                            genuine.has_lists() ? describe_origin(voucher) : entry.name));
  }
  return {};
}

/// The rule that speaks most gravely, in a few words.
std::string gravest(const Judged& judged) {
  const auto& spoken = judged.judgement.spoken;
  return spoken.empty() ? "" : fmt::format("{}: {}", spoken.front().rule->id, printable(spoken.front().what, 200));
}

Result<void> find(const GlobalOptions& global, const PatientOptions& options, Output& output) {
  TRY_ASSIGN(auto catalog, open_catalog(global, output));
  TRY_ASSIGN(auto entries, catalog.entries());
  TRY_ASSIGN(auto patient, look_at_patient(global, options, output));
  const auto& rules = knowledge::rules();
  TRY(rules);
  std::size_t allowed = 0;
  for (const auto& judged : catalog::judge_entries(entries, patient.facts, patient.faults, *rules)) {
    auto answer = name(judged.judgement.verdict());
    allowed += static_cast<std::size_t>(judged.allowed());
    auto object = entry_json(*judged.entry, catalog);
    object["answer"] = answer;
    object["rules"] = Json::array();
    for (const auto& spoken : judged.judgement.spoken) {
      object["rules"].push_back({{"rule", spoken.rule->id}, {"answer", name(spoken.answer)}, {"what", spoken.what}});
    }
    output.object("package", object);
    output.line(fmt::format("{:<8} {:<12}  {:<38} {}", answer, judged.entry->id(), revision_of(*judged.entry),
                            judged.allowed() ? "" : gravest(judged)));
  }
  output.line(fmt::format("\n{} of {} packages may go on this modem", allowed, entries.size()));
  output.verdict_field("allowed", allowed);
  return {};
}

/// @param wanted  ids; empty: all
Result<std::vector<Entry>> choose(const Catalog& catalog, const std::vector<std::string>& wanted) {
  TRY_ASSIGN(auto entries, catalog.entries());
  if (wanted.empty()) {
    return entries;
  }
  std::vector<Entry> chosen;
  for (const auto& digits : wanted) {
    TRY_ASSIGN(auto entry, catalog::find_entry(entries, digits));
    chosen.push_back(std::move(entry));
  }
  return chosen;
}

Result<void> verify(const GlobalOptions& global, const std::vector<std::string>& ids, Output& output,
                    const std::stop_token& stop) {
  TRY_ASSIGN(auto catalog, open_catalog(global, output));
  TRY_ASSIGN(auto entries, choose(catalog, ids));
  Result<void> verdict;
  for (const auto& entry : entries) {
    auto read = catalog.read(entry, output, stop);
    if (!read && read.error().code == Code::interrupted) {
      return fail(std::move(read.error()));
    }
    auto object = entry_json(entry, catalog);
    object["whole"] = read.has_value();
    output.object("package", object);
    output.line(fmt::format("{:<8} {}  {}", read ? "whole" : "DAMAGED", entry.id(),
                            read ? revision_of(entry) : read.error().what));
    if (!read && verdict) {
      verdict = fail(std::move(read.error()));
    }
  }
  return verdict;
}

Result<void> remove(const GlobalOptions& global, const std::vector<std::string>& ids, Output& output) {
  TRY_ASSIGN(auto catalog, open_catalog(global, output));
  TRY_ASSIGN(auto entries, choose(catalog, ids));
  for (const auto& entry : entries) {
    TRY(catalog.remove(entry));
    output.line(fmt::format("removed  {}  {}", entry.id(), revision_of(entry)));
  }
  return {};
}

Result<void> trust(const GlobalOptions& global, const std::string& file, Output& output) {
  TRY_ASSIGN(auto folder, catalog_folder(global));
  TRY_ASSIGN(auto key, catalog::trust_key(folder, file));
  output.object("key", {{"id", catalog::describe(key.id)}, {"comment", key.comment}});
  output.line(fmt::format("lists signed with the key {} are believed from now on ({})", catalog::describe(key.id),
                          printable(key.comment, 200)));
  return {};
}

struct GenuineOptions {
  std::string list;
  bool older = false;
};

Result<void> genuine(const GlobalOptions& global, const GenuineOptions& options, Output& output) {
  TRY_ASSIGN(auto folder, catalog_folder(global));
  TRY_ASSIGN(auto taken,
             catalog::take_list(folder, options.list, options.older ? catalog::Taking::any : catalog::Taking::newer));
  output.object(
      "list",
      {{"packages", taken.packages}, {"signer", taken.signer}, {"said", taken.said}, {"replaced", taken.replaced}});
  output.line(fmt::format("{} packages are genuine by the word of {}: {}", taken.packages, taken.signer, taken.said));
  if (!taken.replaced.empty()) {
    output.line("it takes the place of: " + taken.replaced);
  }
  return {};
}

}  // namespace

void add_catalog(Grammar& grammar) {
  auto& group = grammar.group("catalog", "the firmware packages you have, and which may go on which modem");
  auto added = std::make_shared<AddOptions>();
  auto& add_command = grammar.command(
      group, "add", "keep a copy of packages", "modemedic catalog add EG25GGBR07A08M2G_30.006.30.006.zip",
      [&grammar, added](Output& output, auto& stop) { return add(grammar.global(), *added, output, stop); });
  add_command.add_option("PACKAGE", added->paths, "folders, .zip, .7z or .tar with firmware")->required();
  add_package_choice(add_command, added->choice);

  grammar.command(group, "list", "what is in it", "modemedic catalog list",
                  [&grammar](Output& output, auto&) { return list(grammar.global(), output); });

  auto patient = std::make_shared<PatientOptions>();
  auto& find_command =
      grammar.command(group, "find", "which of them may this modem take, and what is against the others",
                      "modemedic catalog find --revision EG25GGBR07A07M2G_30.004.30.004 --geometry p2K_b128K",
                      [&grammar, patient](Output& output, auto&) { return find(grammar.global(), *patient, output); });
  add_patient_options(find_command, *patient);

  auto verified = std::make_shared<std::vector<std::string>>();
  auto& verify_command = grammar.command(
      group, "verify", "read them again: are they still what was added?", "modemedic catalog verify",
      [&grammar, verified](Output& output, auto& stop) { return verify(grammar.global(), *verified, output, stop); });
  verify_command.add_option("ID", *verified, "the first digits of a package's digest; none: all");

  auto removed = std::make_shared<std::vector<std::string>>();
  auto& remove_command = grammar.command(
      group, "remove", "forget packages and delete their copies", "modemedic catalog remove 3f9c12ab",
      [&grammar, removed](Output& output, auto&) { return remove(grammar.global(), *removed, output); });
  remove_command.add_option("ID", *removed, "the first digits of a package's digest")->required();

  auto key = std::make_shared<std::string>();
  auto& trust_command = grammar.command(
      group, "trust", "believe the lists that are signed with a key", "modemedic catalog trust vendor.pub",
      [&grammar, key](Output& output, auto&) { return trust(grammar.global(), *key, output); });
  trust_command.add_option("KEY", *key, "a minisign public key")->required();

  auto signed_list = std::make_shared<GenuineOptions>();
  auto& genuine_command = grammar.command(
      group, "genuine", "take a signed list of packages that are genuine", "modemedic catalog genuine vendor.txt",
      [&grammar, signed_list](Output& output, auto&) { return genuine(grammar.global(), *signed_list, output); });
  genuine_command.add_option("LIST", signed_list->list, "digests and names; its signature is LIST.minisig")->required();
  genuine_command.add_flag("--older", signed_list->older, "also one that is older than the kept one of its name");
}

}  // namespace modemedic::app
