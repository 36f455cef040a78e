#include "catalog/catalog.h"

#include "base/durable_file.h"
#include "catalog/content.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX's, not C++'s

namespace modemedic::catalog {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_about = 256_KiB;
constexpr std::size_t digest_digits = 64;
constexpr std::string_view unfinished = ".new-";

Failure failed(const std::error_code& error, const std::string& what, const fs::path& path) {
  return fail_errno(error.value(), what + " " + printable(path.string()));
}

Result<void> make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? failed(error, "make", path) : Result<void>{};
}

/// Copies that a dead modemedic left, a day after: nobody works on them any more.
void sweep(const fs::path& packages) {
  std::error_code error;
  std::vector<fs::path> old;
  for (fs::directory_iterator entry(packages, error), end; !error && entry != end; entry.increment(error)) {
    auto made = entry->last_write_time(error);
    auto is_old = !error && fs::file_time_type::clock::now() - made > std::chrono::hours(24);
    if (is_old && entry->path().filename().native().starts_with(unfinished)) {
      old.push_back(entry->path());
    }
  }
  for (const auto& path : old) {
    fs::remove_all(path, error);
  }
}

/// A folder for a copy in the making; gone with this, unless it has been given its place.
class Draft {
public:
  static Result<Draft> make(const fs::path& packages) {
    auto name = (packages / (std::string(unfinished) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) {
      return fail_errno(errno, "make a folder in " + printable(packages.string()));
    }
    return Draft(name);
  }

  Draft(Draft&& other) noexcept : path_(std::exchange(other.path_, {})) {}

  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  Draft& operator=(Draft&&) = delete;

  ~Draft() {
    if (!path_.empty()) {
      std::error_code ignored;
      fs::remove_all(path_, ignored);
    }
  }

  const fs::path& path() const { return path_; }

  /// @return false when another has that place already
  Result<bool> move_to(const fs::path& place) {
    std::error_code error;
    fs::rename(path_, place, error);
    if (!error) {
      path_.clear();
      sync_folder(place.parent_path());
      return true;
    }
    std::error_code ignored;
    return fs::exists(place, ignored) ? Result<bool>(false) : failed(error, "make", place);
  }

private:
  explicit Draft(fs::path path) : path_(std::move(path)) {}

  fs::path path_;
};

Result<Entry> read_about(const fs::path& package) {
  TRY_ASSIGN(auto text, read_beginning(package / "about.json", longest_about));
  TRY_ASSIGN(auto entry, entry_from_json(text));
  if (hex_digits(entry.content) != package.filename().string()) {
    return fail(Code::io).what("it is about another package");
  }
  return entry;
}

/// Every package that lies there goes into an index that is empty.
Result<void> fill(Index& index, const fs::path& packages, Events& events) {
  std::error_code error;
  for (fs::directory_iterator place(packages, error), end; !error && place != end; place.increment(error)) {
    if (place->path().filename().native().size() != digest_digits) {
      continue;
    }
    auto entry = read_about(place->path());
    if (!entry) {
      warn(events,
           fmt::format("{} is left alone: its about.json can't be read; to have it back, modemedic catalog add {}",
                       printable(place->path().string()), printable((place->path() / "package").string())));
      continue;
    }
    TRY(index.put(*entry));
  }
  return {};
}

/// An index whose rows can all be read.
Result<Index> open_whole(const fs::path& file) {
  TRY_ASSIGN(auto index, Index::open(file));
  TRY(index.entries());
  return index;
}

Result<void> put_aside(const fs::path& file, Events& events) {
  auto aside = file;
  aside += ".unreadable";
  std::error_code error;
  fs::rename(file, aside, error);
  if (error) {
    return failed(error, "put aside", file);
  }
  warn(events, fmt::format("the catalogue's index could not be read; it is kept as {} and made anew",
                           printable(aside.string())));
  return {};
}

Result<Index> open_index(const fs::path& folder, Events& events) {
  auto file = folder / "index.sqlite";
  auto index = open_whole(file);
  if (!index && index.error().code == Code::io) {
    TRY(put_aside(file, events));
    index = open_whole(file);
  }
  if (!index) {
    return index;
  }
  TRY_ASSIGN(auto filled, index->is_filled());
  if (!filled) {
    TRY(fill(*index, folder / "packages", events));
    TRY(index->set_filled());
  }
  return index;
}

}  // namespace

Result<Catalog> Catalog::open(const fs::path& folder, Events& events) {
  TRY(make_folder(folder / "packages"));
  TRY_ASSIGN(auto index, open_index(folder, events));
  return Catalog(folder, std::move(index));
}

fs::path Catalog::place(const Entry& entry) const {
  return folder_ / "packages" / hex_digits(entry.content) / "package";
}

Result<Added> Catalog::add(const firmware::Package& package, const firmware::PackageChoice& choice,
                           const std::string& name, const std::string& time, Events& events,
                           const std::stop_token& stop) {
  auto packages = folder_ / "packages";
  sweep(packages);
  TRY_ASSIGN(auto draft, Draft::make(packages));
  TRY(make_folder(draft.path() / "package"));
  TRY_ASSIGN(auto content, copy_content(package, draft.path() / "package", events, stop));
  TRY_ASSIGN(auto entry, make_entry(package, content));
  entry.name = name;
  entry.added = time;
  entry.choice = choice;
  entry.choice.firmware.clear();  // only the chosen one was copied
  TRY(replace_file(draft.path() / "about.json", to_json(entry)));
  TRY_ASSIGN(auto is_new, draft.move_to(packages / hex_digits(content)));
  if (!is_new) {
    auto there = read_about(packages / hex_digits(content));
    entry = there ? std::move(*there) : std::move(entry);
  }
  TRY(index_.put(entry));
  return Added{std::move(entry), is_new};
}

Result<firmware::Package> Catalog::read(const Entry& entry, Events& events, const std::stop_token& stop) const {
  TRY_ASSIGN(auto package, firmware::read_package(place(entry).string(), entry.choice, events, stop));
  TRY_ASSIGN(auto content, content_digest(package, events, stop));
  if (content != entry.content) {
    return fail(Code::package_bad)
        .what(fmt::format("package {} of the catalogue is not what was added any more", entry.id()))
        .hint(fmt::format("modemedic catalog remove {}, and add it again from where it came", entry.id()));
  }
  return package;
}

Result<void> Catalog::remove(const Entry& entry) {
  TRY(index_.remove(entry.content));
  std::error_code error;
  auto path = place(entry).parent_path();
  fs::remove_all(path, error);
  return error ? failed(error, "delete", path) : Result<void>{};
}

Result<Entry> find_entry(const std::vector<Entry>& entries, std::string_view digits) {
  constexpr std::size_t least = 4;
  std::vector<const Entry*> found;
  for (const auto& entry : entries) {
    if (digits.size() >= least && hex_digits(entry.content).starts_with(digits)) {
      found.push_back(&entry);
    }
  }
  if (found.size() == 1) {
    return *found.front();
  }
  return fail(Code::usage)
      .what(fmt::format("{} package of the catalogue has the id {}", found.empty() ? "no" : "more than one",
                        printable(digits, 80)))
      .hint("modemedic catalog list shows them; at least four digits");
}

}  // namespace modemedic::catalog
