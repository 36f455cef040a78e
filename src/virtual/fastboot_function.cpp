#include "virtual/fastboot_function.h"

#include <algorithm>

#include <fmt/format.h>

namespace modemedic::twin {

namespace {

constexpr std::size_t longest_command = 64;

}  // namespace

FastbootFunction::FastbootFunction(Setup setup)
    : UsbFunction(setup.fingerprint),
      on_exit_(std::move(setup.on_exit)),
      variables_{{"version", "0.5"},
                 {"variant", ""},
                 {"secure", setup.fused ? "yes" : "no"},
                 {"version-baseband", ""},
                 {"version-bootloader", ""},
                 {"display-panel", ""},
                 {"off-mode-charge", "0"},
                 {"charger-screen-enabled", "0"},
                 {"max-download-size", "\t0xd000000"},
                 {"serialno", setup.fingerprint.serial},
                 {"kernel", "lk"},
                 {"product", ""}} {
  for (const auto& interface : fingerprint().interfaces) {
    if (auto pair = usb::bulk_pair(interface)) {
      port_ = std::make_unique<BytePort>(*out(pair->out.address), *in(pair->in.address), [this](ByteView bytes) {
        execute(as_text(bytes.first(std::min(bytes.size(), longest_command))));
      });
      break;
    }
  }
}

/// Commands match by prefix, the longest first: `reboot-edl` is a reboot.
void FastbootFunction::execute(std::string_view command) {
  constexpr std::string_view getvar = "getvar:";
  if (left_) {
    return;
  }
  if (command.starts_with(getvar)) {
    get_variable(command.substr(getvar.size()));
  } else if (command.starts_with("reboot-bootloader")) {
    exit(FastbootExit::bootloader);
  } else if (command.starts_with("reboot")) {
    exit(FastbootExit::reboot);
  } else if (command.starts_with("continue")) {
    exit(FastbootExit::go_on);
  } else {
    answer("FAILunknown command");
  }
}

/// An unknown variable is OKAY and empty; any prefix of "all", the empty one too, lists them.
void FastbootFunction::get_variable(std::string_view name) {
  if (std::string_view("all").starts_with(name)) {
    for (const auto& [key, value] : variables_) {
      answer(fmt::format("INFO{}:{}", key, value));
    }
    answer("OKAY");
    return;
  }
  auto found = std::find_if(variables_.begin(), variables_.end(), [name](const auto& v) { return v.first == name; });
  answer("OKAY" + (found == variables_.end() ? std::string() : found->second));
}

void FastbootFunction::exit(FastbootExit way) {
  left_ = true;
  answer("OKAY");
  on_exit_(way);
}

void FastbootFunction::answer(std::string_view text) {
  port_->send(as_bytes(text));
}

}  // namespace modemedic::twin
