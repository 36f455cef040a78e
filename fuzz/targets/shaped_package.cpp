// A package that was good, with the changes that the input tells: so the fuzzer gets behind what guards the door. What
// a plan is proven for must never touch what is the module's own.

#include "firmware/package.h"
#include "firmware/package_use.h"
#include "firmware/partition_role.h"
#include "firmware/tiny_package.h"
#include "fuzz_target.h"
#include "peer/input.h"
#include "plan/plan.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

using namespace modemedic;
using namespace modemedic::firmware;

namespace {

/// A plain .tar of the files; what has no place in its old form's header is left out.
Buffer tar(const test::Files& files) {
  Buffer all;
  for (const auto& [path, bytes] : files) {
    if (path.size() >= 100) {
      continue;
    }
    std::array<char, 512> header{};
    std::memcpy(header.data(), path.data(), path.size());
    auto put = [&](std::size_t at, const std::string& text) { std::memcpy(&header[at], text.data(), text.size()); };
    put(100, "0000644");
    put(124, fmt::format("{:011o}", bytes.size()));
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    unsigned sum = 0;
    for (auto c : header) {
      sum += static_cast<unsigned char>(c);
    }
    put(148, fmt::format("{:06o}", sum) + '\0');
    auto view = std::as_bytes(std::span(header));
    all.insert(all.end(), view.begin(), view.end());
    all.insert(all.end(), bytes.begin(), bytes.end());
    all.resize((all.size() + 511) / 512 * 512);
  }
  all.resize(all.size() + 1024);
  return all;
}

const test::TinyPackage& good() {
  static const auto package = [] {
    test::TinyPackage made;
    // The small ones will do: it is made and read hundreds of times a second.
    made.files["update/mdm9607-sysfs.ubi"] = made.files["update/mdm9607-recovery.ubi"];
    made.files["update/NON-HLOS.ubi"] = made.files["update/usrdata.ubi"];
    return made;
  }();
  return package;
}

Buffer& some_file(test::Files& files, fuzz::Input& input) {
  return std::next(files.begin(), static_cast<std::ptrdiff_t>(input.below(files.size())))->second;
}

void change(test::TinyPackage& package, fuzz::Input& input) {
  auto& files = package.files;
  auto& command = package.commands[input.below(package.commands.size())];
  switch (input.u8() % 16) {
    case 0:
    case 1: {
      auto& bytes = some_file(files, input);
      auto at = bytes.empty() ? 0 : input.u16() % bytes.size();
      auto with = input.bytes();
      std::copy_n(with.begin(), std::min(with.size(), bytes.size() - at),
                  bytes.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    }
    case 2: {
      auto& bytes = some_file(files, input);
      bytes.resize(input.near(static_cast<std::uint32_t>(bytes.size())) % 200'000);
      break;
    }
    case 3:
      if (files.size() > 1) {
        files.erase(std::next(files.begin(), static_cast<std::ptrdiff_t>(input.below(files.size()))));
      }
      break;
    case 4: {
      auto bytes = some_file(files, input);
      files[input.text()] = std::move(bytes);
      break;
    }
    case 5:
      command.start = input.near(static_cast<std::uint32_t>(command.start));
      break;
    case 6:
      command.count = input.near(static_cast<std::uint32_t>(command.count));
      break;
    case 7:
      command.text = input.text();
      break;
    case 8: {
      auto copy = command;
      package.commands.insert(
          package.commands.begin() + static_cast<std::ptrdiff_t>(input.below(package.commands.size())), copy);
      break;
    }
    case 9:
      package.commands.erase(package.commands.begin() +
                             static_cast<std::ptrdiff_t>(input.below(package.commands.size())));
      if (package.commands.empty()) {
        package.commands = good().commands;
      }
      break;
    case 10:
      command.sector_size = input.text();
      break;
    case 11:
      command.pages_per_block = input.text();
      break;
    case 12: {
      auto& partition = package.table[input.below(package.table.size())];
      partition.range.start.n = input.near(static_cast<std::uint32_t>(partition.range.start.n));
      break;
    }
    case 13: {
      auto& partition = package.table[input.below(package.table.size())];
      partition.range.count.n = input.near(static_cast<std::uint32_t>(partition.range.count.n));
      break;
    }
    case 14:
      package.list_extra.push_back(input.text());
      break;
    default:
      package.rawprogram = input.text();
      break;
  }
}

void check_plan(const Package& package) {
  auto plan = plan::make_plan(package);
  if (!plan) {
    fuzz::must(plan.error().code != Code::bug, "a package makes no bug of ours");
    return;
  }
  auto proven = plan::prove_plan(*plan, package);
  if (!proven) {
    return;
  }
  for (const auto& step : proven->plan().steps) {
    fuzz::must(step.range.end() <= package.geometry.chip_sectors(), "a step stays on the chip");
    for (const auto& partition : package.table) {
      auto apart = step.range.count.n == 0 || partition.range.count.n == 0 ||
                   step.range.end() <= partition.range.start || partition.range.end() <= step.range.start;
      fuzz::must(apart || role_of(partition.name) != Role::calibrated, "what is the module's own is not touched");
    }
  }
  fuzz::must(plan::digest_of(proven->plan(), package).size() == 64, "a plan has a digest");
}

}  // namespace

MODEMEDIC_FUZZ(shaped_package) {
  fuzz::Input input(bytes);
  auto package = good();
  for (int i = 0; i < 16 && !input.empty(); ++i) {
    change(package, input);
  }
  fuzz::PrintableEvents events;
  auto read = read_package(fuzz::file_with(tar(package.make())), {}, events);
  if (!read) {
    fuzz::must(read.error().code != Code::bug && !read.error().hint.empty(), "an error says what to do");
    fuzz::must_be_told(read.error());
    return;
  }
  for (const auto& finding : read->findings) {
    fuzz::must(printable(finding.text, 100'000) == finding.text, "a finding can be printed");
  }
  for (const auto& image : read->images) {
    fuzz::must(image.file < read->files.size(), "an image has a file");
  }
  fuzz::must(partition_fates(*read).size() == read->table.size(), "every partition has a fate");
  check_plan(*read);
}
