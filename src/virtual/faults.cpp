#include "virtual/faults.h"

#include "base/bytes.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>

namespace modemedic::twin {

namespace {

enum class Takes { nothing, bytes, tag, name, block, page, seconds, number };

struct Kind {
  std::string_view name;
  Takes takes;
};

constexpr std::array kinds = {
    Kind{"cut", Takes::bytes},
    Kind{"vanish", Takes::bytes},
    Kind{"nak", Takes::tag},
    Kind{"bad-block", Takes::block},
    Kind{"erase-fails", Takes::block},
    Kind{"page-fails", Takes::page},
    Kind{"page-dead", Takes::page},
    Kind{"page-lost", Takes::page},
    Kind{"grows-bad", Takes::block},
    Kind{"retry", Takes::tag},
    Kind{"stall", Takes::bytes},
    Kind{"slow-erase", Takes::seconds},
    Kind{"unanswered", Takes::tag},
    Kind{"tells-digests", Takes::nothing},
    Kind{"wrong-digest", Takes::nothing},
    Kind{"ignores-skip-write", Takes::nothing},
    Kind{"sahara-out-of-range", Takes::nothing},
    Kind{"sahara-4gib", Takes::nothing},
    Kind{"lost-hello", Takes::nothing},
    Kind{"log-flood", Takes::nothing},
    Kind{"half-document", Takes::nothing},
    Kind{"silent", Takes::nothing},
    Kind{"babble", Takes::tag},
    Kind{"never-returns", Takes::nothing},
    Kind{"wrong-revision", Takes::nothing},
    Kind{"loader-refused", Takes::nothing},
    Kind{"loader-dead", Takes::nothing},
    Kind{"wrong-address", Takes::bytes},
    Kind{"sahara-dead", Takes::nothing},
    Kind{"loops", Takes::seconds},
    Kind{"full-speed", Takes::nothing},
    Kind{"blank", Takes::name},
    Kind{"torn", Takes::name},
    Kind{"force-fastboot", Takes::nothing},
    Kind{"no-imei", Takes::nothing},
    Kind{"no-calibration", Takes::nothing},
    Kind{"foreign-efs", Takes::nothing},
    Kind{"composition", Takes::name},
    Kind{"at-silent", Takes::nothing},
    Kind{"diag-silent", Takes::nothing},
    Kind{"at-noise", Takes::nothing},
    Kind{"at-error", Takes::name},
    Kind{"diag-flood", Takes::nothing},
    Kind{"not-ready", Takes::seconds},
    Kind{"cfun", Takes::number},
    Kind{"no-sim", Takes::nothing},
    Kind{"sim-pin", Takes::nothing},
    Kind{"sim-fails", Takes::nothing},
};

std::string spelling(const Kind& kind) {
  switch (kind.takes) {
    case Takes::nothing:
      return std::string(kind.name);
    case Takes::bytes:
      return fmt::format("{}@BYTES", kind.name);
    case Takes::tag:
      return fmt::format("{}@TAG", kind.name);
    case Takes::name:
      return fmt::format("{}@NAME", kind.name);
    case Takes::block:
      return fmt::format("{}:BLOCK", kind.name);
    case Takes::page:
      return fmt::format("{}:PAGE", kind.name);
    case Takes::seconds:
      return fmt::format("{}:SECONDS", kind.name);
    case Takes::number:
      return fmt::format("{}:NUMBER", kind.name);
  }
  return {};
}

Failure refuse(std::string_view spec, std::string_view why) {
  std::string list;
  for (const auto& kind : kinds) {
    list += (list.empty() ? "" : ", ") + spelling(kind);
  }
  return fail(Code::usage).what(fmt::format("'{}' is no fault: {}", printable(spec), why)).hint("faults are " + list);
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

bool is_tag(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

Result<Fault> parse_fault(std::string_view spec) {
  auto name_end = std::min(spec.find_first_of("@:"), spec.size());
  auto name = spec.substr(0, name_end);
  const auto* kind = std::ranges::find(kinds, name, &Kind::name);
  if (kind == kinds.end()) {
    return refuse(spec, "no such kind");
  }
  auto sign = name_end < spec.size() ? spec[name_end] : '\0';
  auto rest = spec.substr(std::min(name_end + 1, spec.size()));

  Fault fault;
  fault.kind = name;
  switch (kind->takes) {
    case Takes::nothing:
      if (sign != '\0') {
        return refuse(spec, "it takes nothing behind its name");
      }
      return fault;
    case Takes::bytes:
      fault.at = sign == '@' ? number(rest) : std::nullopt;
      if (!fault.at) {
        return refuse(spec, "it needs @ and a number of bytes");
      }
      return fault;
    case Takes::tag:
    case Takes::name:
      if (sign != '@' || !is_tag(rest)) {
        return refuse(spec, kind->takes == Takes::tag ? "it needs @ and the name of a command, such as erase"
                                                      : "it needs @ and a name in small letters");
      }
      fault.where = rest;
      return fault;
    case Takes::block:
    case Takes::page:
    case Takes::seconds:
    case Takes::number: {
      auto argument = sign == ':' ? number(rest) : std::nullopt;
      if (!argument) {
        return refuse(spec, "it needs : and a number");
      }
      fault.argument = *argument;
      return fault;
    }
  }
  return refuse(spec, "no such kind");
}

const Fault* Faults::find(std::string_view kind) const {
  auto found = std::ranges::find(faults_, kind, &Fault::kind);
  return found == faults_.end() ? nullptr : &*found;
}

bool Faults::strikes(std::string_view kind, std::string_view where) {
  auto found =
      std::ranges::find_if(faults_, [&](const Fault& fault) { return fault.kind == kind && fault.where == where; });
  if (found == faults_.end()) {
    return false;
  }
  faults_.erase(found);
  return true;
}

}  // namespace modemedic::twin
