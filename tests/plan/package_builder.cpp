#include "plan/package_builder.h"

#include <algorithm>

namespace modemedic::plan {

PackageBuilder::PackageBuilder(Geometry geometry, firmware::PartitionTable table) {
  package_.geometry = geometry;
  package_.chip = "9x07";
  package_.table = std::move(table);
}

SectorRange PackageBuilder::range_of(const std::string& partition) const {
  return std::find_if(package_.table.begin(), package_.table.end(), [&](const auto& p) { return p.name == partition; })
      ->range;
}

std::size_t PackageBuilder::file(const std::string& name, std::uint64_t size) {
  auto& files = package_.files;
  auto known = std::find_if(files.begin(), files.end(), [&](const auto& f) { return f.path == name; });
  if (known == files.end()) {
    firmware::PackageFile made;
    made.path = name;
    made.size = size;
    made.entry = files.size();
    files.push_back(std::move(made));
    return files.size() - 1;
  }
  return static_cast<std::size_t>(known - files.begin());
}

PackageBuilder& PackageBuilder::erase(const std::string& partition) {
  return erase(range_of(partition));
}

PackageBuilder& PackageBuilder::erase(SectorRange range, std::vector<std::pair<std::string, std::string>> extra) {
  firmware::RawCommand command;
  command.kind = firmware::RawCommand::Kind::erase;
  command.range = range;
  command.page_size = package_.geometry.page_size;
  command.pages_per_block = package_.geometry.pages_per_block;
  command.attributes = {{"PAGES_PER_BLOCK", std::to_string(command.pages_per_block)},
                        {"SECTOR_SIZE_IN_BYTES", std::to_string(command.page_size)},
                        {"num_partition_sectors", std::to_string(range.count.n)},
                        {"physical_partition_number", "0"},
                        {"start_sector", std::to_string(range.start.n)}};
  command.attributes.insert(command.attributes.end(), extra.begin(), extra.end());
  package_.commands.push_back(std::move(command));
  return *this;
}

PackageBuilder& PackageBuilder::program(const std::string& partition, const std::string& name, std::uint64_t size) {
  auto range = range_of(partition);
  erase(range);
  auto& command = package_.commands.back();
  command.kind = firmware::RawCommand::Kind::program;
  command.filename = name;
  command.attributes.emplace_back("filename", name);
  package_.images.push_back({file(name, size), partition, range, package_.commands.size() - 1});
  return *this;
}

PackageBuilder eg25_in_trap_order() {
  firmware::PartitionTable table{
      {"SBL", {{0}, {640}}},         {"MIBIB", {{640}, {640}}},          {"EFS2", {{1280}, {8704}}},
      {"sys_rev", {{9984}, {2560}}}, {"RAWDATA", {{12544}, {640}}},      {"TZ", {{13184}, {768}}},
      {"RPM", {{13952}, {576}}},     {"cust_info", {{14528}, {1024}}},   {"aboot", {{15552}, {768}}},
      {"boot", {{16320}, {3968}}},   {"recovery", {{20288}, {3968}}},    {"modem", {{24256}, {27392}}},
      {"misc", {{51648}, {320}}},    {"recoveryfs", {{51968}, {10368}}}, {"usr_data", {{62336}, {30720}}},
      {"sec", {{93056}, {256}}},     {"system", {{93312}, {37760}}},
  };
  PackageBuilder builder({2048, 64, 2048}, table);
  builder.program("SBL", "update/sbl1.mbn", 223176)
      .program("MIBIB", "update/firehose/partition_complete_p2K_b128K.mbn", 8192)
      .program("TZ", "update/tz.mbn", 526844);
  for (const auto* name : {"RPM", "aboot", "boot", "recovery", "modem", "recoveryfs", "usr_data", "system"}) {
    builder.erase(name);
  }
  builder.program("aboot", "update/appsboot.mbn", 477916)
      .program("boot", "update/mdm9607-perf-boot.img", 6'000'000)
      .program("recovery", "update/mdm9607-perf-boot.img", 6'000'000)
      .program("modem", "update/NON-HLOS.ubi", 42'000'000)
      .program("recoveryfs", "update/mdm9607-recovery.ubi", 9'000'000)
      .program("usr_data", "update/usrdata.ubi", 2097152)
      .program("system", "update/mdm9607-perf-sysfs.ubi", 28'000'000)
      .erase("TZ")
      .erase("MIBIB")
      .erase("SBL")
      .program("RPM", "update/rpm.mbn", 160904);
  return builder;
}

Plan document_order(const firmware::Package& package) {
  auto step = [](Step::Kind kind, std::string what) {
    Step made;
    made.kind = kind;
    made.what = std::move(what);
    return made;
  };
  Plan plan{{}, package.geometry};
  plan.steps = {step(Step::Kind::switch_to_edl, "switch to EDL"), step(Step::Kind::upload, "upload"),
                step(Step::Kind::configure, "configure"), step(Step::Kind::ask_chip, "ask")};
  for (std::size_t i = 0; i < package.commands.size(); ++i) {
    const auto& command = package.commands[i];
    if (command.kind == firmware::RawCommand::Kind::erase) {
      auto made = step(Step::Kind::erase, "erase sectors from " + std::to_string(command.range.start.n));
      made.range = command.range;
      made.command = i;
      made.no_return = true;
      plan.steps.push_back(made);
      continue;
    }
    auto image =
        std::find_if(package.images.begin(), package.images.end(), [&](const auto& m) { return m.command == i; });
    auto made = step(Step::Kind::program, "program " + image->partition);
    made.name = image->partition;
    made.range = {image->range.start, package.geometry.sectors_for(package.file(*image).size)};
    made.image = static_cast<std::size_t>(image - package.images.begin());
    made.no_return = true;
    plan.steps.push_back(made);
  }
  for (auto kind : {Step::Kind::reset, Step::Kind::prove}) {
    plan.steps.push_back(step(kind, "end"));
    plan.steps.back().no_return = true;
  }
  return plan;
}

}  // namespace modemedic::plan
