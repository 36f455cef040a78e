#include "operation/report.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "base/durable_file.h"
#include "base/version.h"
#include "knowledge/shape.h"

#include <algorithm>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::operation {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_file = 1U << 20U;  ///< bytes of one; more is cut, and said
constexpr std::size_t most_journals = 5;

std::string pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void add_if_known(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) {
    json[key] = value;
  }
}

Json to_json(const Identity& identity) {
  Json json = Json::object();
  add_if_known(json, "model", identity.model);
  add_if_known(json, "order_code", identity.order_code);
  add_if_known(json, "revision", identity.revision);
  add_if_known(json, "revision_by", identity.revision_by);
  if (!identity.revision_ready) {
    json["revision_ready"] = false;
  }
  add_if_known(json, "imei", identity.imei);
  add_if_known(json, "imei_answer", identity.imei_answer);
  add_if_known(json, "cfun", identity.cfun);
  add_if_known(json, "sim", identity.sim);
  add_if_known(json, "iccid", identity.iccid);
  add_if_known(json, "usbnet", identity.usbnet);
  add_if_known(json, "usbcfg", identity.usbcfg);
  if (identity.fused) {
    json["fused"] = *identity.fused;
  }
  if (identity.chip.serial) {
    json["chip_serial"] = fmt::format("{:08x}", *identity.chip.serial);
  }
  if (identity.chip.hwid) {
    json["hwid"] = fmt::format("{:016x}", *identity.chip.hwid);
  }
  add_if_known(json, "pk_hash", hex_digits(identity.chip.pk_hash));
  return json;
}

std::string_view speed_name(usb::Speed speed) {
  switch (speed) {
    case usb::Speed::low:
      return "low (1.5 Mb/s)";
    case usb::Speed::full:
      return "full (12 Mb/s)";
    case usb::Speed::high:
      return "high (480 Mb/s)";
    case usb::Speed::super:
      return "super (5 Gb/s and more)";
    default:
      return "unknown";
  }
}

std::string endpoint_text(const usb::EndpointInfo& endpoint) {
  constexpr std::array types = {"control", "isochronous", "bulk", "interrupt"};
  return fmt::format("{} {:#04x} {}", types[static_cast<std::size_t>(endpoint.type) % types.size()], endpoint.address,
                     endpoint.max_packet);
}

std::string fingerprint_text(const Found& modem) {
  const auto& shown = modem.device.fingerprint;
  auto text = fmt::format(
      "port {}\nids {:04x}:{:04x}, bcdDevice {:x}.{:02x}, speed {}\nmanufacturer \"{}\"\nproduct \"{}\"\nserial "
      "\"{}\"\n",
      printable(modem.device.port), shown.vid, shown.pid, shown.bcd_device >> 8U, shown.bcd_device & 0xffU,
      speed_name(shown.speed), printable(shown.manufacturer), printable(shown.product), printable(shown.serial));
  for (const auto& interface : shown.interfaces) {
    text += fmt::format("interface {}: {}:", interface.number, knowledge::class_text(interface));
    for (const auto& endpoint : interface.endpoints) {
      text += " " + endpoint_text(endpoint) + ";";
    }
    text += "\n";
  }
  return text;
}

std::string state_text(const Found& modem, const Asked& asked) {
  auto text = fmt::format("state {}: {}\nanswered by {}\n", knowledge::name(modem.sighting.state),
                          modem.sighting.because, asked.by.empty() ? "nothing" : asked.by);
  if (asked.silence) {
    text += fmt::format("silence: {} ({})\nadvice: {}\n", printable(asked.silence->what, 1000),
                        modemedic::name(asked.silence->code), printable(asked.silence->hint, 1000));
    for (auto cause = asked.silence->cause; cause; cause = cause->cause) {
      text += fmt::format("caused by: {}\n", printable(cause->what, 1000));
    }
  }
  return text;
}

/// Lines stay lines; what else a terminal would obey does not.
std::string harmless(std::string_view text) {
  std::string result;
  for (auto c : text) {
    auto control = (c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == 0x7f;
    result += control ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return result;
}

std::string safe_name(std::string_view name) {
  std::string safe;
  for (auto c : name) {
    auto allowed = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '/' ||
                   (c == '.' && !safe.empty() && safe.back() != '.' && safe.back() != '/');
    safe += allowed && !(c == '/' && safe.empty()) ? c : '_';
  }
  return safe.empty() ? "unnamed" : safe;
}

std::string readme(const std::vector<ReportFile>& files, const Mask& mask, const std::string& made) {
  auto text = fmt::format(
      "A report on a modem, made by modemedic {} at {}.\n\n{}\n\nLook through it before you send it.\n\n", version(),
      made,
      mask.masks()
          ? "IMEI, ICCID, IMSI and phone numbers are masked: what kind of modem or SIM it is and the last two "
            "digits are left.\nNames in paths are \"(user)\"."
          : "NOTHING IS MASKED: the numbers of module and SIM are in it. Send it to nobody who should not have "
            "them.");
  for (const auto& file : files) {
    text += fmt::format("{}\n    {}\n", file.name, file.what);
  }
  return text;
}

struct FreeArchive {
  void operator()(archive* out) const { archive_write_free(out); }
};

la_ssize_t append(archive* /*out*/, void* zip, const void* bytes, std::size_t size) {
  static_cast<std::string*>(zip)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

bool add(archive* out, const ReportFile& file) {
  std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), file.name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.text.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  return archive_write_header(out, entry.get()) == ARCHIVE_OK &&
         archive_write_data(out, file.text.data(), file.text.size()) == static_cast<la_ssize_t>(file.text.size());
}

Result<std::string> zip_of(const std::vector<ReportFile>& files) {
  std::string zip;
  std::unique_ptr<archive, FreeArchive> out(archive_write_new());
  auto good = out != nullptr && archive_write_set_format_zip(out.get()) == ARCHIVE_OK &&
              archive_write_set_bytes_in_last_block(out.get(), 1) == ARCHIVE_OK &&
              archive_write_open(out.get(), &zip, nullptr, &append, nullptr) == ARCHIVE_OK;
  for (const auto& file : files) {
    good = good && add(out.get(), file);
  }
  good = good && archive_write_close(out.get()) == ARCHIVE_OK;
  if (!good) {
    const auto* why = out == nullptr ? nullptr : archive_error_string(out.get());
    return fail(Code::bug).what(fmt::format("the report can't be packed: {}", why == nullptr ? "no memory" : why));
  }
  return zip;
}

ReportFile without_secrets(const ReportFile& file, const Mask& mask) {
  auto text = file.text.size() > longest_file ? file.text.substr(0, longest_file) + "\n(cut here)\n" : file.text;
  return {safe_name(mask.text(file.name)), mask.text(file.what), mask.text(harmless(text))};
}

}  // namespace

std::vector<ReportFile> report_of(const Found& modem, const Asked& asked,
                                  const std::optional<ModemRecords::Known>& known) {
  std::vector<ReportFile> files{
      {"state.txt", "which state the modem is in, why, and what did not answer", state_text(modem, asked)},
      {"identity.json", "who the modem is and how it feels, as far as it answered", pretty(to_json(asked.identity))},
      {"fingerprint.txt", "what USB shows of it", fingerprint_text(modem)}};
  if (known) {
    files.push_back({"record.json",
                     known->certain ? "what was remembered of this modem"
                                    : "what was remembered of the modem that was last seen on this port: it may be "
                                      "another one",
                     record_text(known->record)});
  }
  return files;
}

std::vector<ReportFile> report_of(const JournalStore& journals) {
  std::vector<ReportFile> files;
  auto names = journals.names();
  if (!names) {
    files.push_back({"journals.txt", "why the journals could not be read", names.error().what + "\n"});
    return files;
  }
  names->resize(std::min(names->size(), most_journals));
  for (const auto& name : *names) {
    auto text = journals.read(name, longest_file);
    files.push_back({"journal/" + name, "the journal of a job with this or another modem",
                     text ? *text : "can't be read: " + text.error().what + "\n"});
  }
  return files;
}

void hide_identity(const Identity& identity, Mask& mask) {
  mask.hide_imei(identity.imei);
  mask.hide_iccid(identity.iccid);
}

Result<void> write_report(const fs::path& path, const std::vector<ReportFile>& files, const Mask& mask,
                          const std::string& made) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) {
    return fail(Code::io).what(path.string() + " exists already").hint("name another file");
  }
  std::vector<ReportFile> packed;
  packed.reserve(files.size() + 1);
  for (const auto& file : files) {
    packed.push_back(without_secrets(file, mask));
  }
  packed.insert(packed.begin(), {"README.txt", "this list", readme(packed, mask, made)});
  TRY_ASSIGN(auto zip, zip_of(packed));
  auto written = replace_file(fs::absolute(path, error), zip);
  if (!written) {
    written.error().hint = "name a file in a folder that can be written, and see that the disk is not full";
  }
  return written;
}

}  // namespace modemedic::operation
