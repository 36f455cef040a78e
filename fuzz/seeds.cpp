// fuzz_seeds FOLDER: writes inputs of our own making for each target to begin with, FOLDER/TARGET/NAME.

#include "catalog/entry.h"
#include "firmware/certificate_chain.h"
#include "firmware/intel_hex.h"
#include "firmware/mbn.h"
#include "firmware/tiny_package.h"
#include "knowledge/embedded_data.h"
#include "operation/journal.h"
#include "operation/modem_record.h"
#include "rehearsal/memory_journals.h"
#include "support/tool.h"
#include "virtual/generator.h"
#include "virtual/persona.h"
#include "virtual/timers.h"

#include <cstdio>
#include <filesystem>

using namespace modemedic;

namespace {

namespace fs = std::filesystem;

fs::path root;

void seed(const std::string& target, const std::string& name, ByteView bytes) {
  fs::create_directories(root / target);
  test::write_file((root / target / name).string(), bytes);
}

void seed(const std::string& target, const std::string& name, std::string_view text) {
  seed(target, name, as_bytes(text));
}

/// For a target whose first byte says what the rest is.
void seed(const std::string& target, const std::string& name, char which, std::string_view text) {
  seed(target, name, which + std::string(text));
}

ByteView beginning(ByteView bytes, std::size_t most) {
  return bytes.first(std::min(bytes.size(), most));
}

/// Each steering file goes to the target that reads its kind, each image to that of its headers.
void seed_file(const std::string& who, const std::string& path, ByteView bytes) {
  auto ends = [&](const char* end) { return path.ends_with(end); };
  auto has = [&](const char* part) { return path.find(part) != std::string::npos; };
  if (has("rawprogram")) {
    seed("rawprogram", who, bytes);
  } else if (has("patch_")) {
    seed("patch", who, bytes);
  } else if (ends("partition_nand.xml")) {
    seed("partition_nand", who, bytes);
  } else if (ends("contents.xml")) {
    seed("contents_xml", who, bytes);
  } else if (ends("md5.txt")) {
    seed("md5_list", who, bytes);
  } else if (ends("partition.mbn")) {
    seed("partition_mbn", who, bytes);
  } else if (has("partition_complete")) {
    seed("mibib", who, beginning(bytes, 16384));
  } else if (ends(".hex")) {
    seed("intel_hex", who, beginning(bytes, 2000));
  } else if ((ends(".mbn") || ends(".img")) && bytes.size() < 300'000) {
    seed("program", who + "-" + fs::path(path).filename().string(), beginning(bytes, 32768));
    if (auto chain = firmware::find_certificate_chain(bytes); !chain.empty()) {
      seed("certificates", who, beginning(chain, 8192));
    }
  } else if (ends(".ubi")) {
    // The target makes blocks of 16 KiB out of 1 KiB each.
    Buffer heads{std::byte{7}};
    for (std::size_t at = 0; at < bytes.size() && heads.size() < 12'000; at += 128_KiB) {
      auto head = beginning(bytes.subspan(at), 1024);
      heads.insert(heads.end(), head.begin(), head.end());
    }
    seed("ubi", who + "-" + fs::path(path).filename().string(), heads);
  }
  seed("safe_path", fs::path(path).filename().string(), path);
}

void seed_packages() {
  for (const auto* id : {"eg25-g", "eg25-g-p4k", "ec20"}) {
    auto persona = twin::find_persona(id).value();
    twin::GeneratorOptions options{.scale = twin::Scale::small};
    options.signed_by = "Example OEM";
    auto revision = firmware::parse_revision(persona.revision).value();
    seed("revision", id, persona.revision);
    auto files = twin::generate_package(persona, revision, options).value();
    for (const auto& file : files) {
      seed_file(id, file.path, file.bytes());
    }
  }
  test::TinyPackage tiny;
  for (const auto& [path, bytes] : tiny.make()) {
    seed_file("tiny", path, bytes);
  }
  // Small images: whole packages in an archive of some kilobytes.
  tiny.files["update/NON-HLOS.ubi"] = test::text_bytes("not whole");
  tiny.files["update/mdm9607-sysfs.ubi"] = test::text_bytes("not whole");
  tiny.files["update/mdm9607-recovery.ubi"] = test::text_bytes("not whole");
  tiny.files["update/usrdata.ubi"] = test::text_bytes("not whole");
  tiny.files["update/mdm9607-boot.img"] = test::text_bytes("ANDROID!");
  tiny.files["update/tz.mbn"] = tiny.files["update/ENPRG9x07.mbn"];
  tiny.files["update/sbl1.mbn"] = firmware::make_sbl(test::noise(500, 1), 2048);
  test::Files few{{"update/md5.txt", test::text_bytes("FILE:START\r\n")}, {"update/a/b.xml", test::noise(200, 1)}};
  for (const auto* ending : {".zip", ".7z", ".tar", ".tar.gz", ".tar.xz"}) {
    test::TemporaryDirectory folder;
    auto name = folder / ("package" + std::string(ending));
    test::write_archive(tiny.make(), name);
    seed("package", std::string("tiny") + ending, test::read_file(name));
    auto small = folder / ("few" + std::string(ending));
    test::write_archive(few, small);
    seed("archive", std::string("few") + ending, test::read_file(small));
    auto outer = folder / "outer.zip";
    test::write_archive(test::Files{{"inner" + std::string(ending), test::read_file(name)}}, outer);
    seed("package", "nested-" + std::string(ending).substr(1), test::read_file(outer));
  }
}

void seed_records() {
  rehearsal::MemoryJournals journals;
  twin::SimulatedClock clock;
  EventRecorder events;
  operation::Journal journal(
      &journals, {.command = "flash", .time = "2026-11-21T09:30:00Z", .port = "1-1", .package = "/a.zip", .plan = "ab"},
      clock, events);
  protocol::ChipIdentity chip;
  chip.serial = 0x49CBD7EF;
  journal.chip(chip);
  plan::Step step;
  step.name = "SBL";
  journal.begun(step);
  step.kind = plan::Step::Kind::program;
  journal.done(step);
  seed("journal", "cut", journals.files.begin()->second);
  journal.verdict({});
  seed("journal", "whole", journals.files.begin()->second);

  operation::ModemRecord record;
  record.imei = "860123456789012";
  record.chip_serial = 0x49CBD7EF;
  record.model = "EG25";
  record.revision = "EG25GGBR07A08M2G_30.006.30.006";
  record.ran = "2026-11-21T09:30:00Z";
  record.add(operation::StateSeen{"2026-11-21T09:30:00Z", "2026-11-21T09:30:00Z", "usb", "1-1", "running", false});
  record.add(operation::JobDone{"2026-11-21T09:30:00Z", "flash", "ok", "EG25"});
  seed("modem_record", "one", operation::record_text(record));
}

void seed_tables() {
  const std::map<std::string, char> kinds{
      {"rules.toml", 0}, {"models.toml", 1}, {"states.toml", 3}, {"chips.toml", 4}, {"at-commands.toml", 5}};
  for (const auto& file : knowledge::embedded_data()) {
    if (file.path == "symptoms.toml") {
      seed("symptoms", "rows", file.content.substr(0, file.content.find("\n\n", 2500)));
      continue;
    }
    auto kind = kinds.find(std::string(file.path));
    auto which = kind != kinds.end() ? kind->second : char{7};
    auto name = fs::path(file.path).filename().string();
    // The first rows of a table show its form.
    seed("tables", name, which,
         file.content.substr(0, which == 7 ? std::string_view::npos : file.content.find("\n\n", 2500)));
  }
  seed("tables", "fault", 6, "nak@erase");
}

void seed_texts() {
  seed("kernel_log", "lines",
       "6,2,7199000000,-;usb 1-1: new high-speed USB device number 4 using xhci_hcd\n"
       "3,6,7199100000,-;usb 1-1.4: device descriptor read/64, error -71\n"
       "3,7,7199200000,-;usb usb1-port1: unable to enumerate USB device\n SUBSYSTEM=usb\n");
  seed("firehose_reader", "greeting",
       "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<log value=\"Supported &lt;Functions&gt;: "
       "program\"/>\n</data>"
       "<?xml version=\"1.0\"?><data><response value=\"ACK\" rawmode=\"true\" /></data>");
  seed("firehose_reader", "storage",
       "SECTOR_SIZE_IN_BYTES=2048\nPAGES_IN_BLOCK=64\nNUM_PARTITION_SECTORS=131072\nTOTAL_BAD_BLOCK=1\nBAD_BLOCK=5\n"
       "FLASH_NAME=MT29F2G08\n");
  seed(
      "firehose_reader", "json",
      "INFO: {\"storage_info\": {\"total_blocks\":2048, \"block_size\":64, \"page_size\":2048, \"num_physical\":1}}\n");
  seed("intel_hex", "small", firmware::make_intel_hex({0x41700000, 0x41700000, Buffer(40, std::byte{0x5A})}));
  seed("partition_mbn", "two",
       *from_hex("9A1B7DAABC487D1F0400000002000000303A53424C00000000000000000000000A00000000000000FF0100FE"
                 "303A73797374656D0000000000000000FFFFFFFF80000000FF0100FF"));
  seed("catalogue", "key", 0, "untrusted comment: a key\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n");
  seed("catalogue", "signature", 1,
       "untrusted comment: signature from minisign secret key\n"
       "RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n"
       "trusted comment: timestamp:1633700835\tfile:test\tprehashed\n"
       "wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==\n");
  catalog::Entry entry;
  entry.name = "EG25GGBR07A08M2G_30.006.30.006.zip";
  entry.facts.table = firmware::PartitionTable{{"SBL", {{0}, {640}}}};
  entry.faults = {{"method", "why"}};
  seed("catalogue", "entry", 2, catalog::to_json(entry));
  for (const auto* text :
       {"EC25EFAR06A06M4G_20.200.20.200", "EG25GGBR07A08M2G_OCPU_01.001.01.001", "EC20CEFAGR06A09M4G"}) {
    seed("revision", text, text);
  }
}

/// A talk in which the other side does all as it should is a row of zeros.
void seed_talks() {
  for (const auto* target : {"sahara_host", "firehose_host", "dload_host", "streaming_host", "fastboot_host", "at",
                             "diag", "efs2", "edl_device", "download_device", "fastboot_device", "usbip_server",
                             "usbip_client", "hdlc", "shaped_package", "flash", "yaffs2"}) {
    for (std::size_t size : {1U, 60U, 600U}) {
      seed(target, "zeros-" + std::to_string(size), Buffer(size));
    }
    seed(target, "one", Buffer(60, std::byte{1}));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "fuzz_seeds FOLDER\n");
    return 2;
  }
  root = argv[1];
  seed_packages();
  seed_records();
  seed_tables();
  seed_texts();
  seed_talks();
  return 0;
}
