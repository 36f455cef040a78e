#include "catalog/catalog.h"

#include "base/durable_file.h"
#include "catalog/content.h"

#include <algorithm>
#include <chrono>
#include <set>
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

/// Packages that lie there, by the names of their folders.
Result<std::set<std::string>> packages_in(const fs::path& packages) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator place(packages, error), end; !error && place != end; place.increment(error)) {
    auto name = place->path().filename().string();
    if (name.size() == digest_digits) {
      names.insert(std::move(name));
    }
  }
  return error ? failed(error, "list", packages) : Result<std::set<std::string>>(std::move(names));
}

/// Makes the index tell of what lies there: all of it when the index is new, else what a modemedic had not yet written
/// down, or had not yet deleted, when it was killed. The index is read first: another modemedic that adds a package
/// makes its folder before its row, and one that removes it takes the folder first.
Result<void> reconcile(Index& index, const fs::path& packages, Events& events) {
  TRY_ASSIGN(auto indexed, index.contents());
  TRY_ASSIGN(auto there, packages_in(packages));
  for (const auto& content : indexed) {
    if (there.erase(content) == 0) {
      TRY(index.remove(content));
    }
  }
  for (const auto& content : there) {
    auto place = packages / content;
    auto entry = read_about(place);
    if (!entry) {
      warn(events,
           fmt::format("{} is left alone: its about.json can't be read; to have it back, modemedic catalog add {}",
                       printable(place.string()), printable((place / "package").string())));
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

/// Whether a package lies there as it was added.
bool is_whole(const fs::path& place, const firmware::PackageChoice& choice, const Sha256& content, Events& events,
              const std::stop_token& stop) {
  auto package = firmware::read_package((place / "package").string(), choice, events, stop);
  auto found = package ? content_digest(*package, events, stop) : fail(std::move(package.error()));
  return found && *found == content && read_about(place);
}

/// Takes what lies there away in one step: whoever looks sees all of it, or nothing.
Result<void> discard(const fs::path& packages, const fs::path& place) {
  TRY_ASSIGN(auto bin, Draft::make(packages));
  std::error_code error;
  fs::rename(place, bin.path() / "old", error);
  if (error && error != std::errc::no_such_file_or_directory) {
    return failed(error, "delete", place);
  }
  return {};
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
  if (!index && index.error().code == Code::package_bad) {
    TRY(put_aside(file, events));
    index = open_whole(file);
  }
  if (!index) {
    return index;
  }
  TRY(reconcile(*index, folder / "packages", events));
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
  auto place = packages / hex_digits(content);
  TRY_ASSIGN(auto is_new, draft.move_to(place));
  if (!is_new && !is_whole(place, entry.choice, content, events, stop)) {
    warn(events, fmt::format("the copy of {} was damaged; this one takes its place", entry.id()));
    TRY(discard(packages, place));
    TRY_ASSIGN(is_new, draft.move_to(place));
  }
  if (!is_new) {
    TRY_ASSIGN(entry, read_about(place));
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
  TRY(discard(folder_ / "packages", place(entry).parent_path()));
  return index_.remove(hex_digits(entry.content));
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
