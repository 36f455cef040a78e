#include "app/output.h"

#include "app/terminal.h"
#include "base/bytes.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace modemedic::app {

namespace {

template <typename... T>
struct Overloaded : T... {
  using T::operator()...;
};

template <typename... T>
Overloaded(T...) -> Overloaded<T...>;

std::string_view level_name(event::Log::Level level) {
  switch (level) {
    case event::Log::Level::debug:
      return "debug";
    case event::Log::Level::info:
      return "info";
    case event::Log::Level::warning:
      return "warning";
  }
  return "info";
}

Json to_json(const Event& event) {
  return std::visit(
      Overloaded{
          [](const event::Modem& e) {
            return Json{{"event", "modem"}, {"port", e.port}, {"state", e.state}, {"detail", e.detail}};
          },
          [](const event::Step& e) {
            return Json{{"event", "step"}, {"id", e.id}, {"what", e.what}, {"number", e.number}, {"of", e.of}};
          },
          [](const event::Progress& e) {
            return Json{{"event", "progress"}, {"what", e.what},         {"done", e.done},
                        {"size", e.size},      {"all_done", e.all_done}, {"all_size", e.all_size}};
          },
          [](const event::Rule& e) {
            return Json{{"event", "rule"},      {"id", e.id},
                        {"answer", e.answer},   {"what", e.what},
                        {"lifted", e.lifted},   {"because", e.because},
                        {"allowed", e.allowed}, {"evidence", e.evidence},
                        {"source", e.source},   {"undecided", e.undecided}};
          },
          [](const event::Log& e) {
            return Json{{"event", "log"}, {"level", level_name(e.level)}, {"text", e.text}};
          },
      },
      event);
}

Json to_json(const Error& error) {
  Json fields{{"code", name(error.code)}, {"what", error.what}, {"during", error.during}, {"hint", error.hint}};
  if (!error.rule.empty()) {
    fields["rule"] = error.rule;
  }
  if (!error.device.empty()) {
    fields["device"] = error.device;
  }
  return fields;
}

}  // namespace

Output::Output(OutputOptions options, const Clock& clock)
    : options_(options), progress_(clock), verdict_(std::make_unique<Json>(Json::object())) {}

Output::~Output() = default;

void Output::emit(const Event& event) {
  if (const auto* step = std::get_if<event::Step>(&event)) {
    std::scoped_lock lock(mutex_);
    abort_leaves_ = step->abort_leaves;
  }
  if (options_.json) {
    const auto* log = std::get_if<event::Log>(&event);
    if (log == nullptr || log->level != event::Log::Level::debug || options_.verbose) {
      print_json(to_json(event));
    }
    return;
  }
  std::visit(Overloaded{
                 [&](const event::Modem& e) {
                   progress_.note(fmt::format("port {}: {} ({})", e.port, e.state, printable(e.detail)));
                 },
                 [&](const event::Step& e) {
                   progress_.note(e.number == 0 ? e.what : fmt::format("[{:2}/{}] {}", e.number, e.of, e.what));
                 },
                 [&](const event::Progress& e) { progress_.show(e); },
                 [&](const event::Rule& e) {
                   if (e.answer != "later" || options_.verbose) {
                     progress_.note(fmt::format("  rule {}: {}{}: {}", e.id, e.answer, e.lifted ? ", lifted" : "",
                                                printable(e.what, 400)));
                   }
                 },
                 [&](const event::Log& e) {
                   if (e.level != event::Log::Level::debug || options_.verbose) {
                     auto mark = e.level == event::Log::Level::warning ? "warning: " : "";
                     progress_.note(fmt::format("  {}{}", mark, printable(e.text, 400)));
                   }
                 },
             },
             event);
}

void Output::line(const std::string& text) {
  if (!options_.json) {
    progress_.clear();
    put(wrap(text, terminal_width(STDOUT_FILENO)) + "\n");
  }
}

void Output::put(const std::string& text) {
  auto written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  // A script reads along, and what is lost on a full disk must be noticed.
  if ((!written || std::fflush(stdout) != 0) && stdout_error_ == 0) {
    stdout_error_ = errno;
  }
}

/// A stranger's bytes (file names, device texts) may be no UTF-8: they are replaced, never thrown at.
void Output::print_json(const Json& object) {
  put(object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

bool Output::read_to_its_end() const {
  return stdout_error_ == EPIPE;
}

void Output::object(const std::string& kind, const Json& fields) {
  if (options_.json) {
    Json object{{"event", kind}};
    object.update(fields);
    print_json(object);
  }
}

void Output::verdict_field(const std::string& key, const Json& value) {
  (*verdict_)[key] = value;
}

void Output::print_error(const Error& error) {
  progress_.clear();
  std::fflush(stdout);
  auto where = error.during.empty() ? "" : printable(error.during, 300) + ": ";
  auto rule = error.rule.empty() ? "" : fmt::format(" (rule {})", error.rule);
  auto text = fmt::format("modemedic: {}{}{}\n", where, printable(error.what, 2000), rule);
  if (!error.device.empty()) {
    text += fmt::format("  modem: {}\n", printable(error.device));
  }
  if (!error.hint.empty()) {
    text += fmt::format("  what to do: {}\n", printable(error.hint, 2000));
  }
  for (auto cause = error.cause; options_.verbose && cause; cause = cause->cause) {
    text += fmt::format("  caused by: {}{}{}\n", printable(cause->during), cause->during.empty() ? "" : ": ",
                        printable(cause->what, 1000));
  }
  say(text);
}

std::string Output::abort_leaves() const {
  std::scoped_lock lock(mutex_);
  return abort_leaves_;
}

int Output::finish(const Result<void>& result) {
  progress_.clear();
  auto exit = result ? good_exit_ : exit_code(result.error().code);
  if (options_.json) {
    Json verdict{{"event", "verdict"}, {"result", result ? "ok" : exit == 4 ? "refused" : "failed"}, {"exit", exit}};
    verdict.update(*verdict_);
    if (!result) {
      verdict["error"] = to_json(result.error());
    }
    print_json(verdict);
  } else if (!result) {
    print_error(result.error());
  }
  if (stdout_error_ != 0 && !read_to_its_end()) {
    print_error(fail_errno(
        stdout_error_, result ? "the work is done, but its result could not be written to stdout" : "write to stdout"));
    return exit == 0 ? exit_code(Code::io) : exit;
  }
  return exit;
}

}  // namespace modemedic::app
