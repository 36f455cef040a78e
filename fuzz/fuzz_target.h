#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/events.h"

#include <string>
#include <string_view>
#include <vector>

/// A fuzz target is a file here: a function that takes a stranger's bytes, gives them to one reader, and holds the
/// reader to what it promises. libFuzzer runs them (./dev fuzz); every normal build replays what was kept of their
/// inputs (fuzz/corpus) as tests.
namespace modemedic::fuzz {

struct Target {
  std::string_view name;
  void (*run)(ByteView bytes);
};

/// Those that are linked into this program.
std::vector<Target>& targets();
/// The one of that name, or nothing.
const Target* find_target(std::string_view name);

struct Registration {
  Registration(std::string_view name, void (*run)(ByteView)) { targets().push_back({name, run}); }
};

/// A promise that the reader broke: says which and aborts, so that the fuzzer keeps the input.
void must(bool holds, const char* promise);

/// What every error promises a person: it says what happened, and can be printed.
void must_be_told(const Error& error);

/// Drops what it is told, once it is seen that a person could read it.
class PrintableEvents final : public Events {
public:
  void emit(const Event& event) override;
};

/// A file with these bytes that readers can be given by name; the same file is written anew each time.
std::string file_with(ByteView bytes);

}  // namespace modemedic::fuzz

/// Defines the target `name` with the body that follows, which sees `bytes`.
#define MODEMEDIC_FUZZ(name)                                                            \
  static void fuzz_##name(::modemedic::ByteView bytes);                                 \
  static const ::modemedic::fuzz::Registration registration_##name(#name, fuzz_##name); \
  static void fuzz_##name([[maybe_unused]] ::modemedic::ByteView bytes)
