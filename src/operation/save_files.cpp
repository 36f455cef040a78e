#include "operation/save_files.h"

#include "base/durable_file.h"
#include "base/shell.h"
#include "operation/efs_backup.h"
#include "operation/emit_log.h"
#include "operation/journal.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace modemedic::operation {

namespace fs = std::filesystem;

namespace {

/// After these no flash can go on either. A DIAG that keeps silent or talks nonsense is none of them: what leads into
/// fastboot is AT.
bool ends_a_flash(Code code) {
  constexpr std::array codes = {Code::interrupted, Code::modem_lost, Code::bug};
  return std::ranges::find(codes, code) != codes.end();
}

Result<bool> claim(const fs::path& path, std::optional<EfsArchive>& archive) {
  auto made = EfsArchive::create(path);
  if (!made) {
    // Code::usage: somebody else has the name.
    return made.error().code == Code::usage ? Result<bool>(false) : fail(std::move(made.error()));
  }
  archive.emplace(std::move(*made));
  return true;
}

/// Only what was read again and found whole gets the name of a copy.
Result<EfsArchiveContent> verify_and_name(const fs::path& copy, const std::stop_token& stop) {
  auto content = verify_efs_archive(partial(copy).string(), stop);
  std::error_code error;
  if (content) {
    fs::rename(partial(copy), copy, error);
  }
  if (!content || error) {
    std::error_code ignored;
    fs::remove(partial(copy), ignored);
    return content ? fail_errno(error.value(), "write " + printable(copy.string())) : fail(std::move(content.error()));
  }
  sync_folder(copy.parent_path());
  return content;
}

Result<SavedFiles> make_copy(usb::Bus& bus, const Leaving& leaving, Events& events, const std::stop_token& stop) {
  TRY(interface_for_files(leaving.modem));
  events.emit(event::Step{"save", "save what is the module's own: its files and NV items, over DIAG", 0, 0, {}});
  auto started = bus.clock().now();
  auto identity = leaving.identity != nullptr ? *leaving.identity : Identity();
  TRY(prepare(leaving.place));
  std::optional<EfsArchive> archive;
  SavedFiles saved;
  TRY_ASSIGN(saved.file, claim_copy(leaving.place, serial_text(identity.chip), ".tar",
                                    [&](const fs::path& path) { return claim(path, archive); }));
  TRY_ASSIGN(auto about, copy_efs(bus, leaving.modem, identity, std::move(*archive), leaving.place.time, events, stop));
  TRY_ASSIGN(saved.content, verify_and_name(saved.file, stop));
  saved.bytes = about.efs.bytes;
  saved.time = bus.clock().now() - started;
  return saved;
}

Failure refused(const std::string& lack, const std::string& hint) {
  return fail(Code::refused)
      .rule("efs")
      .what("what is the module's own may be destroyed, and there is no copy of it: " + lack)
      .hint(hint + "; nothing was sent that changes the modem");
}

/// What a flash that may destroy it asks of a copy, beyond being whole.
Result<void> check_enough(const SavedFiles& saved) {
  const auto& content = saved.content;
  if (content.files == 0) {
    return refused("the modem shows no file at all", "its EFS may be lost already: modemedic doctor");
  }
  if (content.troubles > 0) {
    return refused(fmt::format("{} of its files and directories are not all there", content.troubles),
                   fmt::format("see in its manifest what is missing; if that is enough for you, name it: --backup {}",
                               shell_word(saved.file.string())));
  }
  return {};
}

}  // namespace

std::string SavedFiles::told() const {
  return fmt::format("{} files and {} NV items in {}", content.files, content.items, printable(file.string(), 1000));
}

Result<std::optional<SavedFiles>> save_files(usb::Bus& bus, const Leaving& leaving, Events& events,
                                             const std::stop_token& stop) {
  auto needs_copy = leaving.may_be_lost && !leaving.copy_named;
  if (leaving.place.folder.empty()) {
    return needs_copy ? refused("none was to be made", "leave out --no-backup, or name one with --backup FILE")
                      : Result<std::optional<SavedFiles>>(std::nullopt);
  }
  auto saved = make_copy(bus, leaving, events, stop);
  if (!saved && ends_a_flash(saved.error().code)) {
    return fail(std::move(saved.error()));
  }
  if (!saved && needs_copy) {
    return refused(saved.error().what,
                   "without a verified copy made in this run, or one that is named with "
                   "--backup FILE, this is not done");
  }
  if (!saved) {
    warn(events, fmt::format("what is the module's own could not be saved: {}. This flash {}", saved.error().what,
                             leaving.may_be_lost ? "goes on with the copy that --backup names"
                                                 : "leaves it alone and goes on without the copy"));
    return std::nullopt;
  }
  if (needs_copy) {
    TRY(check_enough(*saved));
  }
  emit_info(events,
            fmt::format("saved: {}. Nothing here writes that back; a service tool may make use of it", saved->told()));
  if (saved->content.troubles > 0) {
    warn(events, fmt::format("{} of its files and directories are not all there; the manifest of the copy tells which",
                             saved->content.troubles));
  }
  return saved;
}

}  // namespace modemedic::operation
