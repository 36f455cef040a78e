#include "operation/efs_walk.h"

#include "operation/feed_machine.h"
#include "protocol/diag_host.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
using protocol::DiagHost;
namespace efs2 = protocol::efs2;

namespace {

constexpr Duration answer_patience = 2s;
/// Of one question, on a port that never keeps silent.
constexpr Duration longest_talk = 10s;
/// For questions whose answer says what it is for.
constexpr unsigned most_tries = 3;

/// One DIAG port, question by question.
class Asker {
public:
  Asker(usb::Pipe& pipe, const Clock& clock, Duration time, const std::stop_token& stop)
      : pipe_(pipe), clock_(clock), deadline_(Deadline::in(clock, time)), stop_(stop) {}

  /// @return the frame; nothing when the modem refuses the question
  Result<std::optional<Buffer>> ask(std::string what, Buffer request, const DiagHost::IsAnswer& is_answer,
                                    unsigned tries = 1) {
    if (stop_.stop_requested()) {
      return fail(Code::interrupted).what("stopped by the person");
    }
    if (deadline_.passed(clock_)) {
      return fail(Code::device_protocol)
          .what("the modem takes far too long for its file system")
          .hint("power-cycle it and try again");
    }
    auto refused = [&](ByteView frame) { return efs2::refuses(frame, request); };
    DiagHost host({std::move(what), request, [&](ByteView frame) { return is_answer(frame) || refused(frame); },
                   answer_patience, tries});
    TRY(walk_machine(pipe_, clock_, host, Deadline::in(clock_, longest_talk)));
    if (refused(host.answer())) {
      return std::optional<Buffer>();
    }
    return std::optional(host.answer());
  }

  /// A question of the EFS2 subsystem; `parse` tells its answer from others.
  template <class Parse>
  auto ask_efs(const std::string& what, std::uint16_t command, const Buffer& request, Parse parse, unsigned tries = 1)
      -> Result<decltype(parse(ByteView()))> {
    auto is_answer = [&](ByteView frame) {
      auto answer = efs2::answer_to(command, frame);
      return answer && parse(*answer);
    };
    TRY_ASSIGN(frame_, ask(what, request, is_answer, tries));
    return frame_ ? parse(*efs2::answer_to(command, *frame_)) : std::nullopt;
  }

private:
  usb::Pipe& pipe_;
  const Clock& clock_;
  Deadline deadline_;
  const std::stop_token& stop_;
  std::optional<Buffer> frame_;  ///< the last answer: what was parsed may look into it
};

Failure refused(const std::string& what) {
  return fail(Code::device_refused)
      .what("the modem refuses " + what + " over DIAG")
      .hint("its firmware does not show its file system here; modemedic backup reads the chip itself, in EDL");
}

/// A name that can be an entry of a directory.
bool is_name(const std::string& name) {
  return name != "." && name != ".." && name.find('/') == std::string::npos;
}

class EfsWalk {
public:
  EfsWalk(usb::Pipe& pipe, const Clock& clock, const EfsBounds& bounds, const TakeEntry& take,
          const std::stop_token& stop)
      : asker_(pipe, clock, bounds.time, stop), bounds_(bounds), take_(take) {}

  Result<EfsSummary> walk() {
    TRY_ASSIGN(auto hello, asker_.ask_efs("HELLO of its file system", efs2::hello, efs2::hello_request(),
                                          efs2::parse_hello, most_tries));
    if (!hello) {
      return refused("its file system");
    }
    summary_.version = hello->version;
    summary_.features = hello->features;
    TRY_ASSIGN(auto statfs, asker_.ask_efs("STATFS", efs2::statfs, efs2::statfs_request("/"), efs2::parse_statfs));
    if (statfs) {
      summary_.statfs = std::move(*statfs);
    }
    directories_.push_back({"/", 0});
    seen_.insert("/");
    while (!directories_.empty()) {
      auto directory = std::move(directories_.back());
      directories_.pop_back();
      TRY(list(directory));
    }
    return summary_;
  }

private:
  struct Directory {
    std::string path;
    std::size_t depth = 0;
  };

  Result<std::optional<std::uint32_t>> open_directory(const std::string& path) {
    TRY_ASSIGN(auto opened,
               asker_.ask_efs("open " + path, efs2::opendir, efs2::opendir_request(path), efs2::parse_directory));
    if (!opened || opened->error != 0 || opened->directory == 0) {
      return std::optional<std::uint32_t>();
    }
    return std::optional(opened->directory);
  }

  /// A short answer to number 13 is that of CLOSEDIR: this modem counts as the public descriptions do.
  Result<void> find_readdir(std::uint32_t& directory) {
    if (summary_.readdir != 0) {
      return {};
    }
    auto either = [](ByteView answer) {
      return answer.size() >= sizeof(std::uint32_t) ? std::optional(answer.size()) : std::nullopt;
    };
    TRY_ASSIGN(auto size,
               asker_.ask_efs("list /", efs2::readdir, efs2::readdir_request(efs2::readdir, directory, 1), either));
    constexpr std::size_t shortest_entry = 9 * sizeof(std::uint32_t);
    summary_.readdir = size && *size >= shortest_entry ? efs2::readdir : efs2::readdir_older;
    if (size && summary_.readdir == efs2::readdir_older) {
      TRY_ASSIGN(auto again, open_directory("/"));  // it has just been closed
      directory = again.value_or(0);
    }
    return {};
  }

  Result<void> list(const Directory& at) {
    TRY_ASSIGN(auto opened, open_directory(at.path));
    if (!opened) {
      if (at.path == "/") {
        return refused("its root directory");
      }
      return told({.path = at.path, .kind = efs2::Kind::directory, .trouble = "it can't be listed"});
    }
    auto directory = *opened;
    TRY(find_readdir(directory));
    for (std::int32_t number = 1;; ++number) {
      auto parse = [&](ByteView answer) -> std::optional<efs2::Entry> {
        auto entry = efs2::parse_entry(answer);
        return entry && entry->directory == directory && entry->number == number ? entry : std::nullopt;
      };
      TRY_ASSIGN(auto entry,
                 asker_.ask_efs("list " + at.path, summary_.readdir,
                                efs2::readdir_request(summary_.readdir, directory, number), parse, most_tries));
      if (!entry || entry->error != 0) {
        TRY(told({.path = at.path, .kind = efs2::Kind::directory, .trouble = "its list breaks off"}));
        break;
      }
      if (entry->name.empty()) {
        break;
      }
      TRY(take(*entry, at));
    }
    return close_directory(directory);
  }

  /// Only where the number of CLOSEDIR is known: by the other count it would be RENAME.
  Result<void> close_directory(std::uint32_t directory) {
    if (summary_.readdir == efs2::readdir_older) {
      TRY(asker_.ask_efs("close", efs2::readdir, efs2::closedir_request(directory), efs2::parse_error));
    }
    return {};
  }

  Result<void> take(const efs2::Entry& listed, const Directory& in) {
    if (++listed_ > bounds_.entries) {
      return too_much("more entries than any file system of a modem");
    }
    if (!is_name(listed.name)) {
      return {};
    }
    EfsEntry entry{.path = (in.path == "/" ? "" : in.path) + "/" + listed.name,
                   .kind = static_cast<efs2::Kind>(listed.kind),
                   .mode = listed.mode,
                   .size = listed.size,
                   .changed = listed.changed};
    if (!seen_.insert(entry.path).second) {
      return {};
    }
    if (entry.path.size() > efs2::longest_path) {
      entry.path.resize(efs2::longest_path);
      entry.trouble = "its path is longer than any";
    } else if (entry.kind == efs2::Kind::directory && in.depth + 1 > bounds_.depth) {
      entry.trouble = "directories in one another without end";
    } else if (entry.kind == efs2::Kind::directory) {
      directories_.push_back({entry.path, in.depth + 1});
    } else if (entry.kind == efs2::Kind::link) {
      TRY_ASSIGN(auto target, asker_.ask_efs("link " + entry.path, efs2::readlink, efs2::readlink_request(entry.path),
                                             parse_any_link));
      entry.target = target ? *target : "";
      entry.trouble = entry.target.empty() ? "where it leads to is not told" : "";
    } else if (entry.kind == efs2::Kind::file) {
      TRY(read(entry));
    } else {
      entry.trouble = fmt::format("of a kind that is not known: {}", listed.kind);
      entry.kind = efs2::Kind::file;
    }
    return told(entry);
  }

  /// An empty target for a link that leads nowhere.
  static std::optional<std::string> parse_any_link(ByteView answer) {
    auto error = efs2::parse_error(answer);
    return error ? std::optional(efs2::parse_link(answer).value_or("")) : std::nullopt;
  }

  Result<void> read(EfsEntry& entry) {
    TRY_ASSIGN(auto opened,
               asker_.ask_efs("open " + entry.path, efs2::open, efs2::open_request(entry.path), efs2::parse_opened));
    if (!opened || opened->file < 0 || opened->error != 0) {
      entry.trouble = fmt::format("it can't be opened ({})", opened ? opened->error : -1);
      return {};
    }
    TRY(read_open(entry, opened->file));
    TRY(asker_.ask_efs("close " + entry.path, efs2::close, efs2::close_request(opened->file), efs2::parse_error));
    return {};
  }

  /// Up to its end, whatever its size is said to be.
  Result<void> read_open(EfsEntry& entry, std::int32_t file) {
    for (;;) {
      auto offset = static_cast<std::uint32_t>(entry.content.size());
      auto parse = [&](ByteView answer) -> std::optional<efs2::Data> {
        auto data = efs2::parse_data(answer);
        return data && data->file == file && data->offset == offset ? data : std::nullopt;
      };
      TRY_ASSIGN(auto data,
                 asker_.ask_efs("read " + entry.path, efs2::read, efs2::read_request(file, offset), parse, most_tries));
      if (!data || data->error != 0 || data->count < 0) {
        entry.trouble = fmt::format("it can't be read from byte {} on ({})", offset, data ? data->error : -1);
        return {};
      }
      if (data->count == 0) {
        break;
      }
      summary_.bytes += data->bytes.size();
      entry.content.insert(entry.content.end(), data->bytes.begin(), data->bytes.end());
      if (summary_.bytes > bounds_.bytes) {
        return too_much("more bytes than any file system of a modem");
      }
      if (entry.content.size() > bounds_.file) {
        entry.trouble = "it has no end: what is here is its beginning";
        return {};
      }
    }
    if (entry.size < 0 || static_cast<std::uint64_t>(entry.size) != entry.content.size()) {
      entry.trouble = fmt::format("its directory says {} bytes, it has {}", entry.size, entry.content.size());
    }
    return {};
  }

  Result<void> told(const EfsEntry& entry) {
    ++summary_.entries;
    summary_.troubles += entry.trouble.empty() ? 0U : 1U;
    return take_(entry);
  }

  static Failure too_much(const char* what) {
    return fail(Code::device_protocol)
        .what(std::string("the modem tells of ") + what)
        .hint("its EFS may be broken; modemedic backup reads the chip itself, in EDL");
  }

  Asker asker_;
  const EfsBounds& bounds_;
  const TakeEntry& take_;
  EfsSummary summary_;
  std::vector<Directory> directories_;  ///< to be listed
  std::set<std::string> seen_;
  std::uint64_t listed_ = 0;
};

}  // namespace

Result<EfsSummary> walk_efs(usb::Pipe& pipe, const Clock& clock, const EfsBounds& bounds, const TakeEntry& take,
                            const std::stop_token& stop) {
  return EfsWalk(pipe, clock, bounds, take, stop).walk();
}

Result<NvSummary> read_nv_items(usb::Pipe& pipe, const Clock& clock, std::uint16_t last, const TakeItem& take,
                                const std::stop_token& stop) {
  Asker asker(pipe, clock, EfsBounds().time, stop);
  NvSummary summary;
  for (std::uint32_t number = 0; number <= last; ++number) {
    auto item = static_cast<std::uint16_t>(number);
    auto is_answer = [item](ByteView frame) {
      auto told = efs2::parse_nv_item(frame);
      return told && told->item == item;
    };
    TRY_ASSIGN(auto frame,
               asker.ask(fmt::format("NV item {}", item), efs2::nv_read_request(item), is_answer, most_tries));
    if (!frame) {
      if (number == 0) {
        return refused("its NV items");
      }
      ++summary.not_allowed;
      continue;
    }
    auto told = *efs2::parse_nv_item(*frame);
    if (told.status == efs2::NvItem::done) {
      ++summary.read;
      TRY(take(item, told.bytes));
    } else {
      ++(told.status == efs2::NvItem::inactive      ? summary.inactive
         : told.status == efs2::NvItem::not_allowed ? summary.not_allowed
                                                    : summary.other);
    }
  }
  return summary;
}

}  // namespace modemedic::operation
